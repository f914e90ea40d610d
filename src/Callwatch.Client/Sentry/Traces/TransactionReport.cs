using System.Diagnostics;
using Callwatch.Client.Sentry.Envelopes;
using Callwatch.Client.Sentry.Errors;
using Callwatch.Client.Sentry.Profiles;

namespace Callwatch.Client.Sentry.Traces;

/// <summary>A local root that has ended, with what ended beneath it.</summary>
/// <param name="Dropped">Spans beyond the bound.</param>
internal sealed record TransactionReport(string EventId, Activity Root, IReadOnlyList<Activity> Spans, long Dropped, ScopeNow Scope, Profile? Profile)
{
    /// <summary>A transaction counts with its spans besides, its root among them.</summary>
    public IReadOnlyList<Discards.Item> Contents =>
    [
        new(Category.Transaction), new(Category.Span, Spans.Count + 1), .. Profile is null ? (ReadOnlySpan<Discards.Item>)[] : [new(Category.Profile)],
    ];
}
