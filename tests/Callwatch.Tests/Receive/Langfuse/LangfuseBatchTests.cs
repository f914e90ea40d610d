using System.Text;
using Callwatch.Receive;
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
        var begun = Spans(first, Events(Trace, """{"id":"e1","type":"generation-create","timestamp":"2026-09-17T12:00:00Z","body":{"id":"g-1","traceId":"t-1","name":"llm","model":"gpt-4o","startTime":"2026-09-17T12:00:00Z"}}"""));
        Assert.Equal([("ask", 0), ("llm", 0)], begun.Select(span => (span.Name, span.Milliseconds)));
        first.LetGo(isOnDisk: true);

        var second = New(memory);
        var ended = Spans(second, Events("""{"id":"e2","type":"generation-update","timestamp":"2026-09-17T12:00:02Z","body":{"id":"g-1","endTime":"2026-09-17T12:00:02Z","output":"ho"}}"""));
        Assert.Equal([("ask", 2_000, begun[0].Id), ("llm", 2_000, begun[1].Id)], ended.Select(span => (span.Name, span.Milliseconds, span.Id)));
        second.LetGo(isOnDisk: true);

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
        first.LetGo(isOnDisk: true);
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
        first.LetGo(isOnDisk: true);

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
        batch.LetGo(isOnDisk: true);
    });

    [Fact]
    public void What_is_remembered_is_bounded()
    {
        var memory = new LangfuseMemory();
        for (var i = 0; i < 20_100; i++)
        {
            var batch = New(memory);
            Spans(batch, Events($$$"""{"id":"e{{{i}}}","type":"span-create","timestamp":"2026-09-17T12:00:00Z","body":{"id":"s-{{{i}}}","traceId":"t-{{{i % 7}}}","startTime":"2026-09-17T12:00:00Z"}}"""));
            batch.LetGo(isOnDisk: true);
        }

        Assert.Equal([404, 201], ((int[])[0, 20_099]).Select(i =>
        {
            var update = New(memory);
            Spans(update, Events($$$"""{"id":"u","type":"span-update","timestamp":"2026-09-17T12:00:00Z","body":{"id":"s-{{{i}}}","endTime":"2026-09-17T12:00:02Z"}}"""));
            return Assert.Single(update.Answers).Status;
        }));
    }

    [Fact]
    public void An_observation_that_overtakes_its_trace_is_written_anew_with_what_the_trace_says()
    {
        var memory = new LangfuseMemory();
        var first = New(memory);
        var alone = Written(first, Events(Generation));
        Assert.DoesNotContain("anna", alone, StringComparison.Ordinal);
        first.LetGo(isOnDisk: true);

        var second = New(memory);
        var both = Spans(second, Events(Trace));
        Assert.Equal(["ask", "llm"], both.Select(span => span.Name));
        Assert.Equal("e0", Assert.Single(second.Answers).Id);
        second.LetGo(isOnDisk: true);

        // Once is enough; and a trace that only gets its answer says nothing new of them.
        Assert.Equal("ask", Assert.Single(Spans(New(memory), Events(Trace))).Name);
        Assert.Equal("ask", Assert.Single(Spans(New(memory), Events("""{"id":"e9","type":"trace-create","timestamp":"2026-09-17T12:00:02Z","body":{"id":"t-1","output":"yes"}}"""))).Name);
    }

    [Fact]
    public void What_is_still_open_is_written_anew_when_its_trace_is_given_a_user()
    {
        var memory = new LangfuseMemory();
        var first = New(memory);
        Spans(first, Events("""{"id":"e1","type":"trace-create","body":{"id":"t-1","name":"ask"}}""", """{"id":"e2","type":"span-create","body":{"id":"s-1","traceId":"t-1","name":"step","startTime":"2026-09-17T12:00:00Z"}}"""));
        first.LetGo(isOnDisk: true);
        var second = New(memory);
        Assert.Equal(["ask", "step"], Spans(second, Events("""{"id":"e3","type":"trace-create","body":{"id":"t-1","userId":"anna"}}""")).Select(span => span.Name));
    }

    [Fact]
    public void Requests_that_cross_each_other_leave_the_whole_of_what_they_told()
    {
        var memory = new LangfuseMemory();
        var (observation, trace, update) = (New(memory), New(memory), New(memory));

        // All three are on their way at once; nobody knows in which order they come to lie in the journal.
        Written(observation, Events(Generation));
        Written(trace, Events(Trace));
        var last = Written(update, Events("""{"id":"e5","type":"trace-create","timestamp":"2026-09-17T12:00:02Z","body":{"id":"t-1","output":"it does"}}"""));
        Assert.Contains("anna", last, StringComparison.Ordinal);
        Assert.False(update.IsOvertaken());
        update.LetGo(isOnDisk: true);

        Assert.True(trace.IsOvertaken());
        Assert.Contains("it does", Anew(trace), StringComparison.Ordinal);
        Assert.False(trace.IsOvertaken());
        trace.LetGo(isOnDisk: true);

        Assert.True(observation.IsOvertaken());
        var again = Anew(observation);
        Assert.Contains("anna", again, StringComparison.Ordinal);
        Assert.Contains("gpt-4o", again, StringComparison.Ordinal);
        Assert.False(observation.IsOvertaken());
        observation.LetGo(isOnDisk: true);

        // Nothing is left to be remembered of what has ended and knows its trace.
        var late = New(memory);
        Spans(late, Events("""{"id":"e6","type":"generation-update","body":{"id":"g-1","output":"hm"}}"""));
        Assert.Equal(404, Assert.Single(late.Answers).Status);
    }

    [Fact]
    public void An_observation_waits_for_its_trace_also_where_only_the_answer_of_that_has_come()
    {
        var memory = new LangfuseMemory();
        foreach (var first in (string[])["""{"id":"e5","type":"trace-create","body":{"id":"t-1","output":"it does"}}""", Generation])
        {
            var batch = New(memory);
            Written(batch, Events(first));
            batch.LetGo(isOnDisk: true);
        }

        Assert.Equal(["ask", "llm"], Spans(New(memory), Events(Trace)).Select(span => span.Name));
    }

    [Fact]
    public void What_was_refused_at_first_is_written_with_the_next_request()
    {
        var memory = new LangfuseMemory();
        var first = New(memory);
        Written(first, Events(Generation));
        first.LetGo(isOnDisk: true);
        var refused = New(memory);
        Written(refused, Events(Trace));
        refused.LetGo(isOnDisk: false);

        var again = New(memory);
        Assert.Equal(["ask", "llm"], Spans(again, Events(Trace)).Select(span => span.Name));
    }

    [Fact]
    public void A_judgement_of_a_span_of_OpenTelemetry_is_one_of_that_span()
    {
        var batch = New(new LangfuseMemory());
        Spans(batch, Events("""{"id":"e1","type":"score-create","body":{"traceId":"0192f0c1a2b37c4d8e5f60718293a4b5","observationId":"1a2b3c4d5e6f7081","name":"user","value":true}}"""));
        var told = Assert.Single(batch.Scores).ToEvent(1, Now, null, null);
        Assert.Equal(("0192f0c1a2b37c4d8e5f60718293a4b5", "1a2b3c4d5e6f7081", 1, "e1"), (told.Trace.ToString(), told.Span.ToString(), (int)told.Value!, told.Id));
    }

    [Theory]
    [InlineData("""{"traceId":"t","value":1}""", "name")]
    [InlineData("""{"name":"x","value":1}""", "traceId")]
    [InlineData("""{"name":"x","value":1,"sessionId":"s"}""", "traceId of one of its traces")]
    [InlineData("""{"name":"x","traceId":"t"}""", "value")]
    [InlineData("""{"name":"x","traceId":"t","value":{}}""", "value")]
    public void What_is_wrong_with_a_score_is_said(string body, string word)
    {
        using var json = System.Text.Json.JsonDocument.Parse(body);
        Assert.Contains(word, LangfuseScore.Read(json.RootElement, "id").Wrong, StringComparison.Ordinal);
    }

    private const string Trace = """{"id":"e0","type":"trace-create","timestamp":"2026-09-17T12:00:02Z","body":{"id":"t-1","name":"ask","userId":"anna"}}""";

    private const string Generation = """{"id":"e4","type":"generation-create","timestamp":"2026-09-17T12:00:02Z","body":{"id":"g-1","traceId":"t-1","name":"llm","model":"gpt-4o","startTime":"2026-09-17T12:00:00Z","endTime":"2026-09-17T12:00:01Z"}}""";

    private static string Written(LangfuseBatch batch, byte[] body) => Encoding.UTF8.GetString(Bytes(batch, body));

    private static string Anew(LangfuseBatch batch) => Encoding.UTF8.GetString(Bytes(batch.Anew, []));

    private static byte[] Bytes(IForeignBody batch, byte[] body)
    {
        using var buffer = new PayloadBuffer(budget: null, maxBytes: 1 << 20);
        Assert.Null(batch.Write(body, buffer));
        return buffer.Written.ToArray();
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
