using Callwatch.Dashboard.SpanView;
using Callwatch.Spans;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard;

public sealed class SpanViewTests
{
    [Fact]
    public void What_was_sent_along_again_ends_with_the_last_finished_answer()
    {
        Assert.Equal((1, 2), Earlier("system", "user", "assistant", "user"));
        Assert.Equal((0, 0), Earlier("user"));
        Assert.Equal((1, 0), Earlier("system"));
        Assert.Equal((0, 0), Earlier());
    }

    [Fact]
    public void Tool_calls_and_results_belong_to_the_turn_under_way()
    {
        ChatMessage[] messages = [Says("user"), Says("assistant"), Says("user"), new("assistant", [new MessagePart("tool_call")]), Says("tool")];
        Assert.Equal((0, 2), ChatHistory.Earlier(messages));
    }

    [Fact]
    public void A_conversation_that_ends_with_an_answer_has_nothing_folded() =>
        Assert.Equal((0, 0), Earlier("user", "assistant"));

    [Theory]
    [InlineData("""{"a": "b", "c": -1.5e3, "d": [true, null]}""", "j-k j-s j-k j-n j-k j-n j-n")]
    [InlineData("""{"a\"b": "c""", "j-k j-s")]
    [InlineData("\"", "j-s")]
    [InlineData("", "")]
    public void Json_is_colored_also_when_it_is_cut(string json, string kinds)
    {
        Assert.Equal(kinds, string.Join(' ', JsonText.Pieces(json).Where(piece => piece.Kind is not null).Select(piece => piece.Kind)));
        Assert.Equal(json, string.Concat(JsonText.Pieces(json).Select(piece => piece.Text)));
    }

    [Fact]
    public void Any_text_can_be_colored_and_stays_whole()
    {
        var random = new Random(5);
        const string alphabet = "{}[]\":,\\ab1-. \n\u202E<";
        for (var round = 0; round < 2000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => alphabet[random.Next(alphabet.Length)]));
            Assert.Equal(text, string.Concat(JsonText.Pieces(text).Select(piece => piece.Text)));
        }
    }

    [Theory]
    [InlineData("in.0.0", "hello")]
    [InlineData("in.0.1", null)]
    [InlineData("in.9.9", null)]
    [InlineData("in.-1.0", null)]
    [InlineData("in", null)]
    [InlineData("attr.a.b", "c")]
    [InlineData("attr.none", null)]
    [InlineData("../../etc/passwd", null)]
    [InlineData("", null)]
    public void A_text_is_found_by_its_address_or_not_at_all(string at, string? text)
    {
        var details = new Callwatch.Query.SpanDetails(
            new Span { TenantId = 1, AppId = 1, TraceId = default, SpanId = default, Name = "", DisplayName = "", Kind = SpanKind.Chat, Start = default, End = default, Outcome = Outcome.Success },
            new SpanContent { State = ContentState.Present, Attributes = new() { ["a.b"] = "c" }, InputMessages = [new ChatMessage("user", [new MessagePart("text") { Text = "hello" }])] });
        Assert.Equal(text, SpanTexts.Find(details, at));
    }

    [Fact]
    public void An_open_span_is_written_as_both_ids()
    {
        Assert.True(OpenSpan.TryParse("0af7651916cd43dd8448eb211c80319c.00f067aa0ba902b7", out var trace, out var span));
        Assert.Equal(("0af7651916cd43dd8448eb211c80319c", "00f067aa0ba902b7"), (trace.ToString(), span.ToString()));
        foreach (var wrong in new[] { null, "", ".", "0af7.1", "0af7651916cd43dd8448eb211c80319c", "0af7651916cd43dd8448eb211c80319c.x" })
            Assert.False(OpenSpan.TryParse(wrong, out _, out _));
    }

    [Fact]
    public void Of_thousands_of_messages_the_first_and_the_last_are_shown_and_how_many_lie_between()
    {
        Assert.Equal(Enumerable.Range(3, 60).Select(place => (place, 0)), ChatHistory.Shown(3, 63));
        var shown = ChatHistory.Shown(3, 2_003).ToList();
        Assert.Equal([.. Enumerable.Range(3, 10), .. Enumerable.Range(1_953, 50)], shown.Select(one => one.Place));
        Assert.Equal((1_953, 1_940), Assert.Single(shown, one => one.Left > 0));
        Assert.Empty(ChatHistory.Shown(5, 5));
    }

    private static (int, int) Earlier(params string[] roles) => ChatHistory.Earlier([.. roles.Select(Says)]);

    private static ChatMessage Says(string role) => new(role, [new MessagePart("text") { Text = role }]);
}
