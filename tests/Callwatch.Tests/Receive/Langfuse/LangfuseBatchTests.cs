using System.Text;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Langfuse;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Receive.Langfuse;

public sealed class LangfuseBatchTests
{
    private static readonly Timestamp Now = A.Noon.Plus(TimeSpan.FromHours(1));

    private static readonly byte[] Good = Encoding.UTF8.GetBytes("""
        {"batch":[
          {"id":"e1","type":"trace-create","timestamp":"2026-09-17T12:00:02Z","body":{"id":"t-1","name":"message","userId":"anna","sessionId":"c-1","tags":["message"],"metadata":{"a":1,"b":"x"},"input":{"q":1}}},
          {"id":"e2","type":"generation-create","timestamp":"2026-09-17T12:00:02Z","body":{"id":"g-1","traceId":"t-1","name":"llm","startTime":"2026-09-17T12:00:00Z","endTime":"2026-09-17T12:00:01.5Z","model":"gpt-4o","usage":{"input":3,"output":2,"total":5,"unit":"TOKENS","totalCost":0.1},"level":"DEFAULT"}},
          {"id":"e3","type":"span-create","timestamp":"2026-09-17T12:00:02Z","body":{"id":"s-1","traceId":"t-1","parentObservationId":"g-1","name":"tool","startTime":"2026-09-17T12:00:00Z"}},
          {"id":"e4","type":"span-update","timestamp":"2026-09-17T12:00:03Z","body":{"id":"s-1","traceId":"t-1","endTime":"2026-09-17T12:00:03Z","output":[1,2],"level":"ERROR","statusMessage":"no"}},
          {"id":"e5","type":"score-create","timestamp":"2026-09-17T12:00:03Z","body":{"id":"x","traceId":"t-1","name":"user","value":1}},
          {"id":"e6","type":"sdk-log","timestamp":"2026-09-17T12:00:03Z","body":{"log":1}}
        ],"metadata":{"sdk_name":"python"}}
        """);

    [Fact]
    public void A_batch_becomes_a_root_and_a_span_for_each_observation()
    {
        var batch = New(new LangfuseMemory());
        var spans = Spans(batch, Good);
        Assert.All(batch.Answers, answer => Assert.Equal(201, answer.Status));
        Assert.Equal(["e1", "e2", "e3", "e4", "e5", "e6"], batch.Answers.Select(answer => answer.Id));
        Assert.Equal(["message", "llm", "tool"], spans.Select(span => span.Name));
        Assert.Equal([A.Noon, A.Noon, A.Noon], spans.Select(span => span.Start));
        // The trace is as long as what is in it; its one time lies after its beginning, as with programs that tell of it when it is over.
        Assert.Equal([3_000, 1_500, 3_000], spans.Select(span => span.Milliseconds));
        Assert.Equal([true, false, false], spans.Select(span => span.IsRoot));
        Assert.Equal("user", Assert.Single(batch.Scores).Name);
    }

    [Fact]
    public void An_update_in_a_later_request_is_put_together_with_what_was_created()
    {
        var memory = new LangfuseMemory();
        var first = New(memory);
        var begun = Spans(first, Events("""{"id":"e1","type":"generation-create","timestamp":"2026-09-17T12:00:00Z","body":{"id":"g-1","traceId":"t-1","name":"llm","model":"gpt-4o","startTime":"2026-09-17T12:00:00Z"}}"""));
        Assert.Equal([("llm", 0)], begun.Select(span => (span.Name, span.Milliseconds)));
        first.Remember();

        var second = New(memory);
        var ended = Spans(second, Events("""{"id":"e2","type":"generation-update","timestamp":"2026-09-17T12:00:02Z","body":{"id":"g-1","endTime":"2026-09-17T12:00:02Z","output":"ho"}}"""));
        Assert.Equal([("llm", 2_000, begun[0].Id)], ended.Select(span => (span.Name, span.Milliseconds, span.Id)));
        second.Remember();

        // It has ended, so that nothing is kept of it.
        var third = New(memory);
        Assert.Empty(Spans(third, Events("""{"id":"e3","type":"generation-update","timestamp":"2026-09-17T12:00:02Z","body":{"id":"g-1","output":"hm"}}""")));
        Assert.Equal((404, 1), (Assert.Single(third.Answers).Status, third.RefusedItems));
    }

    [Fact]
    public void Observations_that_come_alone_make_the_root_as_long_as_they_are()
    {
        var memory = new LangfuseMemory();
        var first = New(memory);
        Spans(first, Events("""{"id":"e1","type":"trace-create","timestamp":"2026-09-17T12:00:09Z","body":{"id":"t-1","name":"message"}}"""));
        first.Remember();
        var spans = Spans(New(memory), Events("""{"id":"e2","type":"span-create","timestamp":"2026-09-17T12:00:09Z","body":{"id":"s-1","traceId":"t-1","name":"moderation","startTime":"2026-09-17T12:00:01Z","endTime":"2026-09-17T12:00:02Z"}}"""));
        Assert.Equal([("message", 1_000), ("moderation", 1_000)], spans.Select(span => (span.Name, span.Milliseconds)));
    }

    [Theory]
    [InlineData("""{"type":"span-create","body":{}}""", "id")]
    [InlineData("""{"id":"e","type":"nonsense","body":{}}""", "type")]
    [InlineData("""{"id":"e","type":"span-create"}""", "body")]
    [InlineData("""{"id":"e","type":"trace-create","body":{"name":"x"}}""", "body.id")]
    [InlineData("""{"id":"e","type":"span-create","body":{"id":"s","traceId":"t","startTime":"2026-09-17T12:00:00"}}""", "body.startTime")]
    [InlineData("""{"id":"e","type":"score-create","body":{"name":"x"}}""", "score")]
    [InlineData("""{"id":"e","type":"trace-create","body":{"id":"t","name":"\ud800"}}""", "Unicode")]
    public void What_is_wrong_with_an_event_is_said_of_that_event_alone(string json, string word)
    {
        var batch = New(new LangfuseMemory());
        var spans = Spans(batch, Events(json, """{"id":"good","type":"span-create","body":{"id":"s-2","traceId":"t-2","name":"fine"}}"""));
        Assert.Equal("fine", Assert.Single(spans).Name);
        Assert.Equal([400, 201], batch.Answers.Select(answer => answer.Status));
        Assert.Contains(word, batch.Answers[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_told_with_the_key_of_one_app_is_not_known_to_another()
    {
        var memory = new LangfuseMemory();
        var first = New(memory, app: 1);
        Spans(first, Events("""{"id":"e1","type":"trace-create","body":{"id":"t-1","name":"message","input":"a secret question"}}""", """{"id":"e2","type":"generation-create","body":{"id":"g-1","traceId":"t-1","name":"llm","input":"a secret question","startTime":"2026-09-17T12:00:00Z"}}"""));
        first.Remember();

        var other = New(memory, app: 2);
        using var buffer = new PayloadBuffer(budget: null, maxBytes: 1 << 20);
        Assert.Null(other.Write(Events("""{"id":"e3","type":"trace-create","body":{"id":"t-1","userId":"x"}}""", """{"id":"e4","type":"generation-update","body":{"id":"g-1","output":"hm"}}"""), buffer));
        Assert.Equal([201, 404], other.Answers.Select(answer => answer.Status));
        Assert.DoesNotContain("secret", Encoding.UTF8.GetString(buffer.Written), StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_of_more_events_than_can_be_answered_for_is_refused_whole()
    {
        var batch = New(new LangfuseMemory());
        using var buffer = new PayloadBuffer(budget: null, maxBytes: 1 << 20);
        Assert.Contains("20000 events", batch.Write(Encoding.UTF8.GetBytes("{\"batch\":[" + string.Join(',', Enumerable.Repeat('0', LangfuseBatch.MostEvents + 1)) + "]}"), buffer), StringComparison.Ordinal);
        Assert.Empty(batch.Answers);
        Assert.Equal("The body is no JSON.", batch.Write("""{"batch":[],"\ud800aaaaa":1}"""u8, buffer));
    }

    [Fact]
    public void A_batch_whose_tree_would_be_many_times_its_text_is_refused_whole()
    {
        var batch = New(new LangfuseMemory());
        using var buffer = new PayloadBuffer(budget: null, maxBytes: 1 << 20);
        var dense = """{"batch":[{"id":"e","type":"trace-create","body":{"id":"t","metadata":[""" + string.Concat(Enumerable.Repeat("1,", LangfuseBatch.MostTokens)) + "1]}}]}";
        Assert.Contains("1000000 names", batch.Write(Encoding.UTF8.GetBytes(dense), buffer), StringComparison.Ordinal);
        Assert.Empty(batch.Answers);
    }

    [Fact]
    public Task Harmed_batches_never_throw_and_what_is_written_is_whole() => Fuzz.ReadAsync(37, 3_000, [Good], bytes =>
    {
        var batch = New(new LangfuseMemory());
        using var buffer = new PayloadBuffer(budget: null, maxBytes: 1 << 24);
        if (batch.Write(bytes, buffer) is not null) return;
        foreach (var span in OtlpSpan.In(buffer.Written))
            if (span.TraceId.IsNone || span.SpanId.IsNone || span.StartUnixNanoseconds == 0) throw new InvalidOperationException("A span without an identity or a time.");
        batch.Remember();
    });

    [Fact]
    public void What_is_remembered_is_bounded()
    {
        var memory = new LangfuseMemory();
        for (var i = 0; i < 20_100; i++)
        {
            var batch = New(memory);
            Spans(batch, Events($$$"""{"id":"e{{{i}}}","type":"span-create","timestamp":"2026-09-17T12:00:00Z","body":{"id":"s-{{{i}}}","traceId":"t-{{{i % 7}}}","startTime":"2026-09-17T12:00:00Z"}}"""));
            batch.Remember();
        }

        Assert.Equal([404, 201], ((int[])[0, 20_099]).Select(i =>
        {
            var update = New(memory);
            Spans(update, Events($$$"""{"id":"u","type":"span-update","timestamp":"2026-09-17T12:00:00Z","body":{"id":"s-{{{i}}}","endTime":"2026-09-17T12:00:02Z"}}"""));
            return Assert.Single(update.Answers).Status;
        }));
    }

    private static LangfuseBatch New(LangfuseMemory memory, int? app = null) => new(1, app, Now, memory, mostNesting: 64);

    private static byte[] Events(params string[] events) => Encoding.UTF8.GetBytes("{\"batch\":[" + string.Join(',', events) + "]}");

    private static List<(string Name, Timestamp Start, int Milliseconds, bool IsRoot, SpanId Id)> Spans(LangfuseBatch batch, byte[] body)
    {
        using var buffer = new PayloadBuffer(budget: null, maxBytes: 1 << 20);
        Assert.Null(batch.Write(body, buffer));
        var spans = new List<(string, Timestamp, int, bool, SpanId)>();
        foreach (var span in OtlpSpan.In(buffer.Written))
        {
            spans.Add((Encoding.UTF8.GetString(span.Name), new Timestamp((long)span.StartUnixNanoseconds), (int)((span.EndUnixNanoseconds - span.StartUnixNanoseconds) / 1_000_000),
                span.ParentSpanId.IsNone, span.SpanId));
        }

        return spans;
    }
}
