using System.Globalization;
using Callwatch.Spans;
using Callwatch.Store.Rows;

namespace Callwatch.Query.Running;

/// <summary>From which journal record on the bodies of a tenant are still there.</summary>
/// <param name="ByApp">The apps for which that is another one than <paramref name="First"/>.</param>
internal sealed record HeldRecords(long First, IReadOnlyDictionary<int, long> ByApp)
{
    /// <summary>The same for rows of the table <c>s</c>.</summary>
    public string Sql { get; } = ByApp.Count == 0
        ? First.ToString(CultureInfo.InvariantCulture)
        : "CASE s.app " + string.Concat(ByApp.Select(app => string.Create(CultureInfo.InvariantCulture, $"WHEN {app.Key} THEN {app.Value} ")))
            + string.Create(CultureInfo.InvariantCulture, $"ELSE {First} END");

    /// <summary>The span as it can be shown now: text whose journal record is gone has expired.</summary>
    public Span Now(SpanRow row) =>
        row.Version.Number < ByApp.GetValueOrDefault(row.Span.AppId, First) && row.Span.Content is (ContentState.Present or ContentState.Masked)
            ? row.Span with { Content = ContentState.Expired } : row.Span;
}
