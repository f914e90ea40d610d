using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Sentry;

/// <summary>Runs as transactions (Sentry "transaction payloads"): nothing sent can be changed, so what comes late is a transaction of its own with the same trace id.</summary>
internal static class SentryTransactions
{
    /// <summary>The spans of each transaction, the one that it is named for first.</summary>
    public static IEnumerable<IReadOnlyList<SpanToSend>> Parts(IReadOnlyList<SpanToSend> spans)
    {
        var ids = spans.Select(span => span.Span.SpanId).ToHashSet();
        var part = new List<SpanToSend>();
        foreach (var span in spans)
        {
            // Parents stand before their children, so a new root ends what belongs to the one before.
            if (part.Count > SentryMapping.MostSpans || (part.Count > 0 && !ids.Contains(span.Span.ParentSpanId)))
            {
                yield return part;
                part = [];
            }

            part.Add(span);
        }

        if (part.Count > 0) yield return part;
    }

    public static string Id(TraceToSend trace, SpanToSend first) =>
        PlatformIds.Version4($"sentry/transaction/{trace.Revision.TraceId}/{trace.Revision.Revision}/{first.Span.SpanId}").ToString("N");

    public static JsonObject Of(TraceToSend trace, IReadOnlyList<SpanToSend> part, Anchor anchor, SentryOptions options)
    {
        var root = part[0];
        var json = SentryMapping.Common(Id(trace, root), root, anchor, options);
        json["type"] = "transaction";
        json["transaction"] = SentryText.Cut(root.Span.DisplayName, 200);
        json["transaction_info"] = new JsonObject { ["source"] = "custom" };
        json["start_timestamp"] = SentryText.Seconds(root.Span.Start);
        json["timestamp"] = SentryText.Seconds(End(root.Span));
        var context = SentryMapping.Trace(root);
        context["origin"] = "manual";
        context["data"] = SentryData.Of(root, anchor, options);
        json["contexts"] = new JsonObject { ["trace"] = context };
        json["spans"] = new JsonArray([.. part.Skip(1).Select(span => Span(span, anchor, options))]);
        return json;
    }

    private static JsonObject Span(SpanToSend span, Anchor anchor, SentryOptions options)
    {
        var json = SentryMapping.Trace(span);
        json["description"] = SentryText.Cut(SentryOps.Describe(span, SentryOps.Of(span)), 500);
        json["start_timestamp"] = SentryText.Seconds(span.Span.Start);
        json["timestamp"] = SentryText.Seconds(End(span.Span));
        json["origin"] = "manual";
        json["data"] = SentryData.Of(span, anchor, options);
        return json;
    }

    // An end before the start would be refused with the whole envelope.
    private static Timestamp End(Span span) => span.End < span.Start ? span.Start : span.End;
}
