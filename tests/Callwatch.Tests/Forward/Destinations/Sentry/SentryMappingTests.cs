using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Sentry;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Sentry;

/// <summary>What is made of traces for Sentry.</summary>
public sealed class SentryMappingTests
{
    private static readonly JsonSerializerOptions Indented = new(PlainJson.Options) { WriteIndented = true };

    public static TheoryData<string> Names => [.. Scenarios.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_scenario_becomes_the_events_and_transactions_that_sentry_documents(string name)
    {
        var text = new StringBuilder();
        Anchor? anchor = null;
        foreach (var trace in Scenarios.Get(name).Revisions())
        {
            anchor = anchor?.TraceId == trace.Revision.TraceId ? anchor : AnchorOf(trace);
            foreach (var item in SentryMapping.Items(trace, anchor, Options))
            {
                text.Append(item.Route).Append(' ').Append(item.Id).Append(" of revision ").Append(trace.Revision.Revision).Append(", spans ").AppendJoin(' ', item.SpanIds).Append('\n');
                text.Append(JsonNode.Parse(item.Payload.Span)!.ToJsonString(Indented)).Append('\n');
            }
        }

        Golden.Matches($"Callwatch.Tests/Forward/Destinations/Sentry/golden/{name}.txt", text.ToString());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Without_pii_nothing_of_users_prompts_and_answers_goes_along(string name)
    {
        foreach (var trace in Scenarios.Get(name).Revisions())
        {
            foreach (var item in SentryMapping.Items(trace, AnchorOf(trace), Options with { SendPii = false }))
            {
                var text = Encoding.UTF8.GetString(item.Payload.Span);
                Assert.DoesNotContain(Scenarios.User, text, StringComparison.Ordinal);
                foreach (var word in (string[])["capital of France", "Paris.", "sunny", "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.call"]) Assert.DoesNotContain(word, text, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Errors_only_sends_errors_only_and_a_trace_without_one_sends_nothing()
    {
        var failed = Scenarios.Get("workflow").Revisions()[0];
        var only = Assert.Single(SentryMapping.Items(failed, AnchorOf(failed), Options with { ErrorsOnly = true }));
        Assert.Equal(SentryMapping.Event, only.Route);
        var fine = Scenarios.Get("llm-message").Revisions()[0];
        Assert.Empty(SentryMapping.Items(fine, AnchorOf(fine), Options with { ErrorsOnly = true }));
    }

    [Fact]
    public void A_run_that_fails_at_one_node_is_one_event_with_the_failures_above_it_around_it()
    {
        var trace = Scenarios.Get("workflow").Revisions()[0];
        var item = Assert.Single(SentryMapping.Items(trace, AnchorOf(trace), Options with { ErrorsOnly = true }));
        var values = JsonNode.Parse(item.Payload.Span)!["exception"]!["values"]!.AsArray();
        Assert.Equal(["SmtpError", "NodeFailed"], values.Select(value => (string?)value!["type"]));
        Assert.Equal([1, 0], values.Select(value => (int?)value!["mechanism"]!["exception_id"]));
        Assert.Equal("Mailer.Send()", (string?)values[0]!["stacktrace"]!["frames"]![0]!["function"]);
    }

    [Fact]
    public void A_share_of_the_traces_is_drawn_once_for_all_and_errors_go_whatever_it_says()
    {
        var trace = Scenarios.Get("workflow").Revisions()[0];
        var draw = SentryText.Draw(trace.Revision.TraceId);
        Assert.InRange(draw, 0, 1);
        Assert.Equal(2, SentryMapping.Items(trace, AnchorOf(trace), Options with { TracesSampleRate = Math.BitIncrement(draw) }).Count);
        Assert.Equal(SentryMapping.Event, Assert.Single(SentryMapping.Items(trace, AnchorOf(trace), Options with { TracesSampleRate = draw })).Route);
        Assert.Empty(SentryMapping.Items(Scenarios.Get("llm-message").Revisions()[0], AnchorOf(trace), Options with { TracesSampleRate = 0 }));
        var draws = Enumerable.Range(0, 10_000).Select(number => SentryText.Draw(new TraceId(0x0af7651916cd43dd, (ulong)number))).ToList();
        Assert.InRange(draws.Average(), 0.48, 0.52);
    }

    [Fact]
    public void More_spans_than_a_transaction_takes_go_into_several_that_share_the_trace()
    {
        var one = Scenarios.Get("llm-message").Revisions()[0];
        var (root, call) = (one.Spans[0], one.Spans[1]);
        var many = one with { Spans = [root, .. Enumerable.Range(1, 2_500).Select(number => call with { Span = call.Span with { SpanId = new SpanId((ulong)number + 1_000) } })] };
        var items = SentryMapping.Items(many, AnchorOf(one), Options);
        Assert.Equal([1_001, 1_001, 499], items.Select(item => item.SpanIds.Count));
        Assert.Equal(2_501, items.SelectMany(item => item.SpanIds).Distinct().Count());
        Assert.Equal(3, items.Select(item => item.Id).Distinct().Count());
        Assert.All(items, item => Assert.InRange(item.Payload.Length, 1, 1 << 20));
    }

    [Fact]
    public void Spans_that_are_each_others_parents_and_a_stack_of_anything_harm_nobody()
    {
        var trace = Scenarios.Get("error").Revisions()[0];
        var span = trace.Spans[0];
        SpanToSend Failed(ulong id, ulong parent) => span with { Span = span.Span with { SpanId = new SpanId(id), ParentSpanId = new SpanId(parent) } };
        Assert.Equal(2, SentryMapping.Items(trace with { Spans = [Failed(1, 2), Failed(2, 1)] }, AnchorOf(trace), Options with { ErrorsOnly = true }).Count);
        foreach (var stack in (string[])["", "\n\n", "at ", "  at (:1:2)", new string('(', 5_000), "at " + new string('x', 50_000), "File \"a.py\", line 99999999999999, in f"])
            Assert.InRange(SentryFrames.Of(stack)?.Count ?? 0, 0, 1);
    }

    [Theory]
    [InlineData("System.Exception: no\n   at Shop.Mailer.Send(String to) in /src/Mailer.cs:line 12\n   at Shop.Program.Main()", "Shop.Program.Main()|", "Shop.Mailer.Send(String to)|12")]
    [InlineData("Error: no\n    at send (/src/mailer.js:12:5)\n    at async main (/src/main.js:3:1)", "async main|3", "send|12")]
    [InlineData("Traceback (most recent call last):\n  File \"/src/main.py\", line 3, in main\n    send()\n  File \"/src/mailer.py\", line 12, in send\n    raise", "main|3", "send|12")]
    [InlineData("com.shop.Error: no\n\tat com.shop.Mailer.send(Mailer.java:12)\n\tat com.shop.Main.main(Main.java:3)", "com.shop.Main.main|3", "com.shop.Mailer.send|12")]
    public void Frames_are_read_caller_first(string stack, string first, string last)
    {
        var frames = SentryFrames.Of(stack)!.Select(frame => $"{(string?)frame!["function"]}|{(int?)frame["lineno"]}").ToList();
        Assert.Equal([first, last], frames);
    }

    internal static SentryOptions Options { get; } = new() { Dsn = SentryDsn.Parse("https://key@o1.ingest.us.sentry.io/42").Dsn!, ErrorsOnly = false, SendPii = true, Version = "1.0.0" };

    private static Anchor AnchorOf(TraceToSend trace)
    {
        using var folder = new TempFolder();
        using var db = new ForwardDb(folder.At("forward.db"));
        return new Anchors(db, new ManualTime()).Freeze(1, [trace])[trace.Revision.TraceId];
    }
}
