using Callwatch.Spans;
using Callwatch.Store.Rows;
using Callwatch.Store.Writing;

namespace Callwatch.Tests.Store;

/// <summary>
/// Spans as hard to store as they come: traces in parts, agents, calls seen twice by nested libraries, repeats with other contents and
/// ends (also on another day), spans around midnight, several tenants with the same trace ids, log records before and after their span.
/// </summary>
internal sealed class RandomTraffic(int seed)
{
    private readonly Random random = new(seed);
    private readonly List<ArrivedSpan> spans = [];
    private readonly List<ArrivedLog> logs = [];
    private long number;

    public static readonly Timestamp Midnight = Timestamp.From(new DateTimeOffset(2026, 9, 18, 0, 0, 0, TimeSpan.Zero));

    public (IReadOnlyList<ArrivedSpan> Spans, IReadOnlyList<ArrivedLog> Logs) Make(int traces)
    {
        for (var trace = 0; trace < traces; trace++) AddTrace(new TraceId(7, (ulong)random.Next(1, (traces * 2 / 3) + 2)), tenant: random.Next(4) == 0 ? 2 : 1);
        for (var repeat = spans.Count / 5; repeat > 0; repeat--) Repeat(spans[random.Next(spans.Count)].Span);
        return (spans, logs);
    }

    private void AddTrace(TraceId trace, int tenant)
    {
        var start = Midnight.Plus(TimeSpan.FromSeconds(random.Next(-400, 400)));
        var ids = new List<SpanId>();
        for (var count = random.Next(1, 9); count > 0; count--)
        {
            var id = new SpanId((ulong)random.Next(1, 40));
            var parent = ids.Count > 0 && random.Next(5) > 0 ? ids[random.Next(ids.Count)] : random.Next(3) == 0 ? new SpanId((ulong)random.Next(40, 45)) : default;
            Add(SomeSpan(trace, tenant, id, parent, start));
            ids.Add(id);
            if (random.Next(10) == 0) AddLog(trace, tenant, id);
        }
    }

    private void Repeat(Span span)
    {
        Add(random.Next(3) switch
        {
            0 => span,
            1 => SomeSpan(span.TraceId, span.TenantId, span.SpanId, span.ParentSpanId, span.Start),
            _ => span with { End = span.End.Plus(TimeSpan.FromSeconds(random.Next(-300, 300))) },
        });
    }

    private void Add(Span span)
    {
        number += random.Next(2);
        spans.Add(new ArrivedSpan(span, new SpanVersion(number + 1, spans.Count * 10), 100 + random.Next(50), span.End.Plus(TimeSpan.FromSeconds(1))));
    }

    private void AddLog(TraceId trace, int tenant, SpanId span)
    {
        number++;
        var time = Midnight.Plus(TimeSpan.FromSeconds(random.Next(-400, 400)));
        logs.Add(new ArrivedLog(tenant, trace, span, new LogPlace(time, new SpanVersion(number + 1, 5)), time));
    }

    private Span SomeSpan(TraceId trace, int tenant, SpanId id, SpanId parent, Timestamp around)
    {
        var kind = Pick(SpanKind.Chat, SpanKind.Chat, SpanKind.Chat, SpanKind.Embedding, SpanKind.Agent, SpanKind.Chain, SpanKind.Tool, SpanKind.Http, SpanKind.Other, SpanKind.Message, SpanKind.Workflow);
        var start = around.Plus(TimeSpan.FromMilliseconds(random.Next(0, 2_000)));
        var took = (long)(Math.Exp(random.NextDouble() * 9) * 1_000_000);
        var outcome = random.Next(6) switch { 0 => Outcome.Error, 1 => Outcome.Cancelled, _ => Outcome.Success };
        return new Span
        {
            TenantId = tenant,
            AppId = random.Next(1, 3),
            TraceId = trace,
            SpanId = id,
            ParentSpanId = parent == id ? default : parent,
            Name = Pick("chat", "POST", "answer"),
            DisplayName = Pick("chat", "POST", "answer"),
            Kind = kind,
            Start = start,
            End = new Timestamp(start.UnixNanoseconds + took),
            DurationNanoseconds = random.Next(20) == 0 ? null : took,
            Outcome = outcome,
            Error = outcome == Outcome.Error ? new SpanError { Type = Pick("429", "TimeoutError"), Group = Pick("rate_limit", "timeout"), Message = Pick("slow down, 12 left", "slow down, 7 left", "gone") } : null,
            HttpStatus = kind == SpanKind.Http || random.Next(4) == 0 ? Pick(200, 429, 500) : null,
            Environment = random.Next(3) == 0 ? "prod" : "default",
            Release = random.Next(4) == 0 ? Pick("1.0", "1.1") : null,
            UserId = random.Next(4) == 0 ? Pick("anna", "bo") : null,
            SessionId = random.Next(4) == 0 ? Pick("s1", "s2", "s3") : null,
            Tags = random.Next(5) == 0 ? [Pick("a", "b"), "c"] : [],
            Metadata = random.Next(5) == 0 ? new Dictionary<string, string> { ["plan"] = Pick("pro", "free") } : Span.EmptyMetadata,
            Scores = random.Next(6) == 0 ? [new Score(Pick("user", "thumbs", "accuracy"), Pick(1.0, 0, -1), null, Pick("feedback", "evaluation"))] : [],
            InputPreview = random.Next(2) == 0 ? "你好 \"" + random.Next(5) : null,
            Content = id.Value % 2 == 0 ? ContentState.Present : ContentState.NotCaptured,
            ModelRequest = kind == SpanKind.Http && id.Value % 2 == 0 ? "openai" : null,
            Call = kind.IsCall() || (kind == SpanKind.Agent && random.Next(2) == 0) ? SomeCall(took) : null,
        };
    }

    private LlmCall SomeCall(long took)
    {
        var counted = random.Next(4) > 0;
        var (input, output) = ((decimal)random.Next(1, 2_000), (decimal)random.Next(0, 400));
        var priced = counted && random.Next(4) > 0;
        return new LlmCall
        {
            Source = CallSource.Recorded,
            Operation = random.Next(3) == 0 ? "support" : null,
            Provider = random.Next(6) == 0 ? null : Pick("openai", "anthropic"),
            RequestModel = random.Next(6) == 0 ? null : Pick("gpt-4o", "claude"),
            ResponseModel = random.Next(2) == 0 ? Pick("gpt-4o", "gpt-4o-2024") : null,
            ResponseId = random.Next(2) == 0 ? "r" + random.Next(3) : null,
            Streaming = random.Next(3) switch { 0 => true, 1 => false, _ => null },
            TtftNanoseconds = random.Next(3) == 0 ? took / 3 : null,
            Usage = counted ? new TokenUsage { Input = (long)input, Output = (long)output, CacheRead = random.Next(3) == 0 ? 1 : null, CacheWrite = random.Next(5) == 0 ? 2 : null, Reasoning = random.Next(5) == 0 ? 3 : null } : TokenUsage.Unknown,
            Cost = priced
                ? new CallCost
                {
                    InputUsd = input * 0.0000025m,
                    CacheReadUsd = 0.00001m,
                    CacheWriteUsd = 0.00002m,
                    OutputUsd = output * 0.00001m,
                    ReasoningUsd = 0.00003m,
                    OtherUsd = 0.00004m,
                    TotalUsd = (input * 0.0000025m) + (output * 0.00001m) + 0.0001m,
                    Source = "computed",
                    PriceId = "p",
                    PriceBook = "1",
                }
                : CallCost.Unknown("no_price"),
            FinishReasons = random.Next(2) == 0 ? ["stop"] : [],
            Temperature = random.Next(3) == 0 ? 0.7 : null,
            PromptName = random.Next(5) == 0 ? "greet" : null,
            PromptVersion = random.Next(5) == 0 ? Pick("1", "2") : null,
        };
    }

    private T Pick<T>(params T[] from) => from[random.Next(from.Length)];
}
