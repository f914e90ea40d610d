using Callwatch.Journal;
using Callwatch.Spans;
using Callwatch.Testing;

namespace Callwatch.Tests.Store.Reindexing;

/// <summary>
/// Requests over three days as hard to store as they come: traces in parts and over midnight, children before parents, calls seen twice by
/// nested libraries, repeats, revisions (also with an end on another day), log records before and after their span, two tenants.
/// </summary>
internal sealed class OtlpTraffic(int seed)
{
    private readonly Random random = new(seed);

    public static readonly DateOnly Day = new(2026, 9, 17);

    public static Timestamp Midnight { get; } = Timestamp.From(new DateTimeOffset(2026, 9, 17, 0, 0, 0, TimeSpan.Zero));

    public IReadOnlyList<JournalEntry> Make(int traces)
    {
        var entries = new List<JournalEntry>();
        for (var trace = 0; trace < traces; trace++) AddTrace((ulong)random.Next(1, (traces * 2 / 3) + 2), entries);
        for (var repeat = entries.Count / 8; repeat > 0; repeat--) entries.Add(entries[random.Next(entries.Count)]);
        var shuffled = entries.ToArray();
        random.Shuffle(shuffled);
        return shuffled;
    }

    private void AddTrace(ulong trace, List<JournalEntry> entries)
    {
        // Half of them around one of the two midnights between the three days.
        var start = Midnight.Plus(random.Next(2) == 0
            ? TimeSpan.FromSeconds((86_400 * random.Next(2)) + random.Next(-30, 30))
            : TimeSpan.FromSeconds(random.Next(-86_400, 172_800)));
        var ids = new List<ulong>();
        var spans = new List<SpanBuilder>();
        var latest = start;
        for (var count = random.Next(1, 8); count > 0; count--)
        {
            var id = (ulong)random.Next(1, 30);
            var parent = ids.Count > 0 && random.Next(5) > 0 ? ids[random.Next(ids.Count)] : 0;
            var from = start.Plus(TimeSpan.FromMilliseconds(random.Next(0, 20_000)));
            var to = from.Plus(TimeSpan.FromMilliseconds(random.Next(1, 30_000)));
            spans.Add(SomeSpan(trace, id, parent == id ? 0 : parent, from, to));
            ids.Add(id);
            if (to > latest) latest = to;
            if (random.Next(6) == 0) entries.Add(Entry(Signal.Logs, A.Logs(A.Log("gen_ai.user.message").For(trace, id).Body(new Dictionary<string, object?> { ["content"] = Pick("Hello", "你好") })), 1, to));
            if (random.Next(3) > 0) continue;
            entries.Add(Request(spans, latest));
            spans = [];
        }

        if (spans.Count > 0) entries.Add(Request(spans, latest));
    }

    private JournalEntry Request(List<SpanBuilder> spans, Timestamp latest) => Entry(
        Signal.Traces, A.Resource(Pick("shop", "desk"), random.Next(3) == 0 ? [("deployment.environment.name", "prod")] : []).Holding([.. spans]).Traces(), spans.Count, latest);

    private JournalEntry Entry(Signal signal, byte[] payload, int items, Timestamp end) => new()
    {
        Signal = signal,
        TenantId = random.Next(5) == 0 ? 2 : 1,
        AppId = random.Next(1, 3),
        KeyId = 0,
        ReceivedAt = end.Plus(TimeSpan.FromSeconds(random.Next(10) == 0 ? 40_000 : 2)),
        ItemCount = items,
        Payload = payload,
    };

    private SpanBuilder SomeSpan(ulong trace, ulong id, ulong parent, Timestamp from, Timestamp to)
    {
        var span = A.Span(Pick("chat gpt-4o", "POST", "answer")).Trace(trace).Id(id, parent).Between(from, to);
        if (random.Next(3) == 0) span.With("user.id", Pick("anna", "bo")).With("session.id", Pick("s1", "s2", "s3"));
        if (random.Next(6) == 0) span.With("langfuse.trace.tags", new object[] { "a", Pick("b", "c") });
        switch (random.Next(6))
        {
            case 0: return span.With("http.request.method", "POST").With("http.response.status_code", Pick(200, 429, 500)).Kind(3);
            case 1: return span.With("gen_ai.operation.name", "invoke_agent").With("gen_ai.usage.input_tokens", random.Next(1, 500)).With("gen_ai.usage.output_tokens", random.Next(1, 50));
            case 2: return span;
        }

        span.With("gen_ai.operation.name", Pick("chat", "chat", "embeddings")).With("gen_ai.provider.name", Pick("openai", "anthropic", "acme"))
            .With("gen_ai.request.model", Pick("gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5")).Kind(3);
        if (random.Next(2) == 0) span.With("gen_ai.response.id", "r" + random.Next(4)).With("gen_ai.response.model", Pick("gpt-4o-2024-08-06", "gpt-4o"));
        if (random.Next(4) > 0) span.With("gen_ai.usage.input_tokens", random.Next(1, 4_000)).With("gen_ai.usage.output_tokens", random.Next(0, 600));
        if (random.Next(8) == 0) span.With("gen_ai.usage.cost", random.Next(1, 900) / 1_000_000d);
        if (random.Next(5) == 0) span.Status(2, Pick("slow down, 12 left", "gone")).With("error.type", Pick("429", "TimeoutError"));
        else if (random.Next(3) == 0) span.With("gen_ai.response.finish_reasons", new object[] { Pick("stop", "length") });
        return span;
    }

    private T Pick<T>(params T[] from) => from[random.Next(from.Length)];
}
