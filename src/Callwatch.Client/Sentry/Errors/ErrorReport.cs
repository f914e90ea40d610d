using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Callwatch.Client.Sentry.Errors;

/// <summary>What is taken down when something goes wrong; all that costs time is done of it later, elsewhere.</summary>
internal sealed record ErrorReport(string EventId, DateTimeOffset At, LogLevel Level, ScopeNow Scope)
{
    public Exception? Exception { get; init; }

    /// <summary>In words; of a log line its template, unless values may go along.</summary>
    public string? Message { get; init; }

    public string? Logger { get; init; }

    public string Mechanism { get; init; } = "generic";

    public bool Handled { get; init; } = true;

    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    public TraceLink? Trace { get; init; }

    public string Category => Exception is null ? Envelopes.Category.Default : Envelopes.Category.Error;
}

/// <summary>Where in which trace it happened.</summary>
/// <param name="Name">Of the local root.</param>
internal sealed record TraceLink(string TraceId, string SpanId, string? ParentSpanId, string Op, string Name)
{
    public static TraceLink? Of(Activity? activity)
    {
        if (activity is not { IdFormat: ActivityIdFormat.W3C }) return null;
        var root = activity;
        while (root.Parent is { } parent) root = parent;
        var above = activity.ParentSpanId;
        return new TraceLink(activity.TraceId.ToHexString(), activity.SpanId.ToHexString(), above == default ? null : above.ToHexString(), Traces.SpanWords.Op(activity), root.DisplayName);
    }
}
