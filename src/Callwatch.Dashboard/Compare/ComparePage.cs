using System.Text.RegularExpressions;
using Callwatch.Dashboard.Frame;
using Callwatch.Dashboard.SpanView;
using Callwatch.Query;
using Callwatch.Query.Filters;
using Callwatch.Spans;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Compare;

/// <summary>Two calls side by side: facts, prompt, tools and answer, with what differs.</summary>
internal static partial class ComparePage
{
    private const int MostOthers = 20;

    public static async Task<IResult> GetAsync(Visit visit, TraceQueries traces, CallQueries calls, CancellationToken cancel)
    {
        var (a, b) = (await OpenAsync(visit, "a", traces, cancel), await OpenAsync(visit, "b", traces, cancel));
        var others = a?.Details is { } known && b?.Details is null ? await OthersAsync(visit, known.Span, calls, cancel) : [];
        return visit.Render<CompareScreen>((nameof(CompareScreen.Model), new CompareModel(a, b, others)));
    }

    private static async Task<OpenSpan?> OpenAsync(Visit visit, string name, TraceQueries traces, CancellationToken cancel) =>
        Ids(visit.Place.Find(name)) is var (trace, span) ? new OpenSpan(trace, span, await traces.FindSpanAsync(visit.Scope, trace, span, cancel)) : null;

    /// <summary>Both ids with a dot between, or an address of a page on which the call is open.</summary>
    internal static (TraceId Trace, SpanId Span)? Ids(string? written)
    {
        if (OpenSpan.TryParse(written?.Trim(), out var trace, out var span)) return (trace, span);
        var found = Address().Match(written is { Length: <= 4_000 } ? written : "");
        return found.Success && TraceId.TryParse(found.Groups["trace"].Value, null, out trace) && SpanId.TryParse(found.Groups["span"].Value, null, out span) ? (trace, span) : null;
    }

    // Of the same operation, from the week up to now: what one compares with is mostly the same thing done before.
    private static async Task<IReadOnlyList<Span>> OthersAsync(Visit visit, Span known, CallQueries calls, CancellationToken cancel)
    {
        if (known.Call is not { } call) return [];
        var term = call.Operation is { } operation ? FilterPrinter.Term(FilterFields.Operation, null, operation) : FilterPrinter.Term(FilterFields.Model, null, call.Model);
        var around = new Selection { Scope = visit.Scope, From = known.End.Plus(TimeSpan.FromDays(-7)), To = known.End.Plus(TimeSpan.FromDays(1)), Filter = term };
        return await calls.ListAsync(around, SortOrder.Newest, MostOthers + 1, null, cancel) is Answer<Page<Span>>.Found { Value.Items: var items }
            ? [.. items.Where(span => (span.TraceId, span.SpanId) != (known.TraceId, known.SpanId)).Take(MostOthers)] : [];
    }

    [GeneratedRegex("(?:traces/|call=)(?<trace>[0-9a-f]{32})(?:\\.|[^ ]*?[?&]span=)(?<span>[0-9a-f]{16})", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Address();
}
