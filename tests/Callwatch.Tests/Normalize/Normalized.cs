using Callwatch.Normalize;
using Callwatch.Normalize.Pricing;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;
using Callwatch.Testing;

namespace Callwatch.Tests.Normalize;

/// <summary>What becomes of a span built by hand.</summary>
internal static class Normalized
{
    private static readonly SpanNormalizer Normalizer = new(new PriceBooks());

    public static readonly SpanOrigin Origin = new(1, 7, A.Noon.Plus(TimeSpan.FromMinutes(1)));

    public static Span Of(SpanBuilder span, params LogBuilder[] logs) => Of(A.Traces(span), logs);

    public static Span Of(ResourceBuilder resource, SpanBuilder span) => Of(resource.Holding(span).Traces());

    public static Span Of(byte[] payload, params LogBuilder[] logs)
    {
        foreach (var span in OtlpSpan.In(payload)) return Normalizer.Normalize(span, Origin, Joined(logs));
        throw new InvalidOperationException("no span");
    }

    /// <summary>A span with these attributes.</summary>
    public static Span With(params (string Key, object? Value)[] attributes) => Of(A.Span().With(attributes));

    /// <summary>The call of a chat span with these attributes.</summary>
    public static LlmCall Chat(params (string Key, object? Value)[] attributes) => Of(A.Span("chat").With("gen_ai.operation.name", "chat").With(attributes)).Call!;

    public static SpanContent Content(SpanBuilder span, params LogBuilder[] logs) => Content(A.Traces(span), logs);

    /// <summary>The bodies of a payload's first span.</summary>
    public static SpanContent Content(byte[] payload, params LogBuilder[] logs)
    {
        foreach (var one in OtlpSpan.In(payload)) return Normalizer.Content(one, Joined(logs));
        throw new InvalidOperationException("no span");
    }

    /// <summary>The bodies of a chat span with these attributes.</summary>
    public static SpanContent ChatContent(params (string Key, object? Value)[] attributes) => Content(A.Span("chat").With("gen_ai.operation.name", "chat").With(attributes));

    private static List<JoinedLog> Joined(LogBuilder[] logs)
    {
        var joined = new List<JoinedLog>();
        if (logs.Length == 0) return joined;
        var payload = A.Logs(logs);
        foreach (var log in OtlpLog.In(payload)) joined.Add(new JoinedLog(payload, log.Offset));
        return joined;
    }
}
