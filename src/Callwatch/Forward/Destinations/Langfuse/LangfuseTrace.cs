using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Langfuse;

/// <summary>What belongs to the trace as a whole, as each of its spans repeats it.</summary>
internal sealed record LangfuseTrace
{
    public required string Name { get; init; }

    public string? UserId { get; init; }

    public string? SessionId { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public string? Release { get; init; }

    /// <summary>Of the workflow.</summary>
    public string? Version { get; init; }

    /// <summary>The destination's, else the trace's where Langfuse would keep it.</summary>
    public string? Environment { get; init; }

    public required JsonObject Metadata { get; init; }

    public static LangfuseTrace Of(TraceToSend trace, Anchor anchor, LangfuseOptions options)
    {
        // The true root, where another span had to stand for it: what it says of the trace is newer than the anchor.
        var late = LateRootOf(trace, anchor);
        var metadata = new JsonObject { ["app"] = anchor.App };
        foreach (var (key, value) in anchor.Metadata) metadata[key] = value;
        return new LangfuseTrace
        {
            Name = late?.Span.ShownName() ?? (string.IsNullOrWhiteSpace(anchor.Name) ? anchor.RootKind.Word() : anchor.Name),
            UserId = anchor.UserId ?? late?.Span.UserId,
            SessionId = anchor.SessionId ?? late?.Span.SessionId,
            Tags = anchor.Tags.Count > 0 ? anchor.Tags : late?.Span.Tags ?? [],
            Release = options.Release ?? anchor.Release,
            Version = trace.Spans.Select(span => span.Field("workflow_run_version")).FirstOrDefault(version => !string.IsNullOrEmpty(version)),
            Environment = options.Environment ?? (anchor.Environment?.ToLowerInvariant() is { } own && LangfuseKind.IsEnvironment(own) ? own : null),
            Metadata = metadata,
        };
    }

    /// <summary>Longer ids and versions are thrown away there.</summary>
    public static string? Short(string? text) => text is not { Length: > 200 } ? text : text[..(char.IsHighSurrogate(text[199]) ? 199 : 200)];

    private static SpanToSend? LateRootOf(TraceToSend trace, Anchor anchor) =>
        anchor.RootParentSpanId.IsNone || trace.Revision.Seq == anchor.Seq ? null : trace.Spans.FirstOrDefault(span => span.Span.ParentSpanId.IsNone);
}
