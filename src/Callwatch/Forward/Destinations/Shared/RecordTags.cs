using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Shared;

/// <summary>The tags by which people find business records at a platform: what they are, as the reference system's exporters tag them.</summary>
internal static class RecordTags
{
    /// <summary>The span's own tags, those of the record it was, and what its outcome deserves a tag for.</summary>
    public static IReadOnlyList<string> AllTags(this SpanToSend span)
    {
        List<string> tags = [.. span.Span.Tags, .. OfRecord(span)];
        if (span.IsFlagged()) tags.Add("flagged");
        if (span.Span.Outcome == Outcome.Cancelled) tags.Add("cancelled");
        return [.. tags.Where(tag => tag.Length > 0).Distinct(StringComparer.Ordinal)];
    }

    private static string[] OfRecord(SpanToSend span) => span.Field("kind") switch
    {
        "message" => ["message", span.Field("conversation_mode") ?? ""],
        "node" => ["node_execution"],
        "tool" => ["tool", span.Span.DisplayName],
        "retrieval" => ["dataset_retrieval"],
        "chat" => ["llm"],
        { } kind when SpanKinds.TryParse(kind, out var known) && known is >= SpanKind.Message and <= SpanKind.Conversation => [kind],
        _ => [],
    };
}
