using System.Text.Json.Nodes;
using Callwatch.Costs.LostCaching;
using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Costs;

public sealed class LostCachingTests
{
    private static readonly StreamKey Stream = new(1, "answer", "openai", "gpt-4o");
    private int next;

    [Fact]
    public void A_session_whose_cache_fell_though_its_prompt_grew_is_found_with_what_was_lost()
    {
        var found = Assert.Single(TurnPairs.Find([Turn("s", 0, 2_000, 0), Turn("s", 1, 3_000, 1_920), Turn("s", 2, 4_000, 2_944), Turn("s", 3, 5_000, 0)], A.Noon));
        Assert.Equal(3, found.Pairs);
        var lost = Assert.Single(found.Lost);
        Assert.Equal((4_000L, 5_000L, 2_944L), (lost.Before.Input, lost.After.Input, lost.LostTokens));
        Assert.Equal(At(2).Plus(TimeSpan.FromSeconds(20)), found.LastGood);
    }

    [Fact]
    public void Sessions_that_began_after_the_change_are_found_by_what_was_usual_before()
    {
        var turns = Enumerable.Range(0, 4).SelectMany(i => new[] { Turn("old" + i, i * 3, 2_000, 0), Turn("old" + i, (i * 3) + 1, 4_000, 1_920) })
            .Concat(Enumerable.Range(0, 3).SelectMany(i => new[] { Turn("new" + i, 100 + (i * 3), 2_000, 0), Turn("new" + i, 101 + (i * 3), 4_000, 0) }));
        var found = Assert.Single(TurnPairs.Find(turns, At(90)));
        Assert.Equal((3L, 3, 0.96), (found.Pairs, found.Lost.Count, Math.Round(found.Usual!.Value, 2)));
        Assert.All(found.Lost, pair => Assert.Equal(1_920, pair.LostTokens));
    }

    [Fact]
    public void Nothing_is_lost_where_prompts_are_short_shrink_run_side_by_side_lie_far_apart_or_were_never_cached()
    {
        var turns = new[]
        {
            Turn("short", 0, 900, 800), Turn("short", 1, 1_000, 0),
            Turn("shrinks", 0, 9_000, 8_000), Turn("shrinks", 1, 4_000, 0),
            Turn("side", 0, 5_000, 4_000) with { End = At(3) }, Turn("side", 1, 6_000, 0),
            Turn("far", 0, 5_000, 4_000), Turn("far", 90, 6_000, 0),
            Turn("never", 0, 5_000, 0), Turn("never", 1, 6_000, 0),
        };
        Assert.All(TurnPairs.Find(turns, A.Noon), stream => Assert.Empty(stream.Lost));
    }

    [Fact]
    public void Turns_further_apart_than_caches_last_count_only_where_the_cache_mostly_lasts_longer()
    {
        IEnumerable<Turn> Session(string name, int at, int gap, long cached) => [Turn(name, at, 4_000, 3_000), Turn(name, at + gap, 5_000, cached)];
        var expired = Enumerable.Range(0, 6).SelectMany(i => Session("e" + i, i * 60, 20, 0));
        Assert.All(TurnPairs.Find(expired, A.Noon), stream => Assert.Empty(stream.Lost));
        var bought = Enumerable.Range(0, 6).SelectMany(i => Session("b" + i, i * 60, 20, i == 5 ? 0 : 3_900));
        Assert.Single(Assert.Single(TurnPairs.Find(bought, A.Noon)).Lost);
    }

    [Fact]
    public void A_cache_that_helps_now_and_then_by_chance_was_never_usual()
    {
        var chance = Enumerable.Range(0, 30).SelectMany(i => new[] { Turn("c" + i, i * 3, 4_000, 0), Turn("c" + i, (i * 3) + 1, 5_000, i % 3 == 1 ? 3_900 : 0) });
        var stream = Assert.Single(TurnPairs.Find(chance, A.Noon));
        Assert.Null(stream.Usual);
        Assert.Empty(stream.Lost);
    }

    [Fact]
    public void The_order_in_which_turns_are_read_does_not_matter()
    {
        var random = new Random(3);
        var turns = Enumerable.Range(0, 200).Select(i => Turn("s" + random.Next(20), i, random.Next(500, 9_000), random.Next(0, 6_000))).ToList();
        var first = TurnPairs.Find(turns, A.Noon);
        random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(turns));
        var second = TurnPairs.Find(turns, A.Noon);
        Assert.Equal(first.SelectMany(stream => stream.Lost), second.SelectMany(stream => stream.Lost));
    }

    [Fact]
    public void The_first_message_that_differs_is_named_with_its_place()
    {
        var cause = Between(
            Content(("system", "You help. It is 2026-09-17T10:00:01Z. Be brief."), ("user", "Hi")),
            Content(("system", "You help. It is 2026-09-17T10:02:44Z. Be brief."), ("user", "Hi"), ("assistant", "Hello"), ("user", "More")));
        var message = Assert.IsType<CacheBreak.Message>(cause);
        Assert.Equal((1, "system", "text", 32), (message.Place, message.Role, message.Part, message.Character));
        Assert.Contains("0:01Z", message.Before, StringComparison.Ordinal);
        Assert.Contains("2:44Z", message.After, StringComparison.Ordinal);
    }

    [Fact]
    public void Changed_tools_dropped_messages_and_nothing_at_all_are_told_apart()
    {
        var (before, longer) = (Content(("system", "s"), ("user", "a")), Content(("system", "s"), ("user", "a"), ("assistant", "b"), ("user", "c")));
        Assert.Equal("search", Assert.IsType<CacheBreak.Tools>(Between(before with { Tools = [Tool("search", 1)] }, longer with { Tools = [Tool("search", 2)] })).Name);
        Assert.Equal(2, Assert.IsType<CacheBreak.Dropped>(Between(Content(("system", "s"), ("user", "a"), ("user", "b")), Content(("system", "s"), ("user", "b"), ("user", "c")))).Place);
        Assert.False(Assert.IsType<CacheBreak.NothingChanged>(Between(before, longer)).Late);
        Assert.True(Assert.IsType<CacheBreak.NothingChanged>(FirstDifference.Between(before, longer, TimeSpan.FromMinutes(20))).Late);
        Assert.IsType<CacheBreak.NotResent>(Between(Content(("user", "a")), Content(("user", "z"))));
        Assert.IsType<CacheBreak.NotContinued>(Between(Content(("system", "s"), ("user", "a")), Content(("system", "s"), ("user", "z"))));
    }

    [Theory]
    [InlineData(ContentState.NotCaptured)]
    [InlineData(ContentState.Expired)]
    public void What_cannot_be_read_is_said_to_be_unknown(ContentState state)
    {
        var content = Content(("user", "a"));
        var gone = new SpanContent { State = state, Attributes = [] };
        Assert.Equal(new CacheBreak.Unknown(state, ContentState.Present), Between(gone, content));
        Assert.Equal(new CacheBreak.Unknown(ContentState.Present, state), Between(content, gone));
    }

    [Fact]
    public void Masked_prompts_that_look_alike_are_unknown_and_those_that_differ_where_they_can_be_seen_are_not()
    {
        var masked = Content(("system", "for ***"), ("user", "a")) with { State = ContentState.Masked };
        Assert.IsType<CacheBreak.Unknown>(Between(masked, Content(("system", "for ***"), ("user", "a"), ("user", "b")) with { State = ContentState.Masked }));
        Assert.IsType<CacheBreak.Message>(Between(masked, Content(("system", "to ***"), ("user", "a"), ("user", "b")) with { State = ContentState.Masked }));
    }

    [Fact]
    public void Texts_are_never_cut_within_a_character()
    {
        var random = new Random(11);
        for (var round = 0; round < 500; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 200)).Select(_ => random.Next(3) switch { 0 => "😀", 1 => "退", _ => "a" }));
            var other = text[..(random.Next(text.Length) is var at && at > 0 && char.IsLowSurrogate(text[at]) ? at - 1 : at)] + "😁" + text;
            if (Between(Content(("system", text)), Content(("system", other), ("user", "x"))) is not CacheBreak.Message message) continue;
            Assert.DoesNotContain('\uFFFD', System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(message.Before + message.After)));
        }
    }

    private Turn Turn(string session, int minute, long input, long cached) =>
        new(Stream, session, At(minute), At(minute).Plus(TimeSpan.FromSeconds(20)), input, cached, 0, ("p", ++next));

    private static Timestamp At(int minute) => A.Noon.Plus(TimeSpan.FromMinutes(minute));

    private static CacheBreak Between(SpanContent before, SpanContent after) => FirstDifference.Between(before, after, TimeSpan.FromSeconds(30));

    private static SpanContent Content(params (string Role, string Text)[] messages) => new()
    {
        State = ContentState.Present,
        Attributes = [],
        InputMessages = [.. messages.Select(message => new ChatMessage(message.Role, [new MessagePart("text") { Text = message.Text }]))],
    };

    private static JsonObject Tool(string name, int version) => new() { ["type"] = "function", ["function"] = new JsonObject { ["name"] = name, ["version"] = version } };
}
