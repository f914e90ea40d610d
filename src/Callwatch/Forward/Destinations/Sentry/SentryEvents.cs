using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Sentry;

/// <summary>
/// Failed spans as error events (Sentry "event payloads"): one for each failure where it began. Spans above that failed with it are the outer
/// exceptions of the same event, so that a run that fails at one node is one issue.
/// </summary>
internal static class SentryEvents
{
    private const int DeepestChain = 10;

    /// <summary>For each failure the span where it began, then those above it that failed too.</summary>
    public static IEnumerable<IReadOnlyList<SpanToSend>> Failures(IReadOnlyList<SpanToSend> spans)
    {
        var failed = spans.Where(span => span.Span is { Outcome: Outcome.Error, MergedInto: null }).GroupBy(span => span.Span.SpanId).ToDictionary(group => group.Key, group => group.Last());
        var above = failed.Values.Select(span => span.Span.ParentSpanId).ToHashSet();
        foreach (var span in spans)
        {
            if (!failed.TryGetValue(span.Span.SpanId, out var own) || !ReferenceEquals(own, span)) continue;

            // Two that are each other's parents began nowhere: each is its own.
            if (above.Contains(span.Span.SpanId) && !IsInCircle(span, failed)) continue;
            var chain = new List<SpanToSend> { span };
            while (chain.Count < DeepestChain && failed.TryGetValue(chain[^1].Span.ParentSpanId, out var next) && !chain.Contains(next)) chain.Add(next);
            yield return chain;
        }
    }

    /// <summary>The same whichever revision brings the span: Sentry discards what it has seen.</summary>
    public static string Id(SpanToSend span) => PlatformIds.Version4($"sentry/event/{span.Span.TraceId}/{span.Span.SpanId}").ToString("N");

    public static JsonObject Of(IReadOnlyList<SpanToSend> chain, Anchor anchor, SentryOptions options)
    {
        var span = chain[0];
        var json = SentryMapping.Common(Id(span), span, anchor, options);
        json["timestamp"] = SentryText.Seconds(span.Span.End);
        json["level"] = "error";
        json["logger"] = "callwatch";
        json["transaction"] = SentryText.Cut(anchor.Name, 200);
        json["fingerprint"] = new JsonArray("{{ default }}", SentryOps.NodeType(span) ?? span.Span.Kind.Word(), span.Span.Call?.Provider ?? "none");
        json["contexts"] = new JsonObject { ["trace"] = SentryMapping.Trace(span), ["callwatch"] = Callwatch(span, anchor, options) };
        json["exception"] = new JsonObject { ["values"] = new JsonArray([.. chain.Select((each, i) => Exception(each.Span, i, chain.Count))]) };
        return json;
    }

    // The innermost first; the outermost has the number 0.
    private static JsonObject Exception(Span span, int index, int count)
    {
        var mechanism = new JsonObject { ["type"] = index == count - 1 ? "generic" : "chained", ["handled"] = true };
        if (count > 1) mechanism["exception_id"] = count - 1 - index;
        if (index < count - 1)
        {
            mechanism["parent_id"] = count - 2 - index;
            mechanism["source"] = "InnerException";
        }

        var json = new JsonObject
        {
            ["type"] = SentryText.Cut(span.Error?.Type is { } type and not "_OTHER" ? type : "Error", 200),
            ["value"] = SentryText.Cut(span.Error?.Message ?? span.Error?.Type ?? span.DisplayName + " failed", SentryText.MostOfMessage),
            ["mechanism"] = mechanism,
        };
        if (SentryFrames.Of(span.Error?.Stack) is { } frames) json["stacktrace"] = new JsonObject { ["frames"] = frames };
        return json;
    }

    private static JsonObject Callwatch(SpanToSend span, Anchor anchor, SentryOptions options)
    {
        var context = new JsonObject { ["app"] = span.App, ["span"] = span.Span.DisplayName, ["run"] = anchor.Name };
        if (span.Span.Error is { } error) context["error_group"] = error.Group;
        if (span.Span.HttpStatus is { } status) context["http_status"] = status;
        if ((span.Span.SessionId ?? anchor.SessionId) is { } session) context["conversation_id"] = session;
        if (span.Span.Call is { } call)
        {
            if (call.Provider is not null) context["provider"] = call.Provider;
            if (call.Model is not null) context["model"] = call.Model;
        }

        if (!options.SendPii) return context;
        foreach (var (key, value) in anchor.Metadata) context["metadata." + key] = SentryText.Cut(value, 1_000);
        if (span.Span.InputPreview is { } input) context["input"] = input;
        return context;
    }

    private static bool IsInCircle(SpanToSend span, Dictionary<SpanId, SpanToSend> failed)
    {
        var seen = new HashSet<SpanId>();
        for (var at = span; seen.Add(at.Span.SpanId);)
        {
            if (!failed.TryGetValue(at.Span.ParentSpanId, out var next)) return false;
            if (next.Span.SpanId == span.Span.SpanId) return true;
            at = next;
        }

        return false;
    }
}
