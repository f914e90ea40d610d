using Callwatch.Control;
using Callwatch.Query.Filters;
using Callwatch.Store.Repricing;

namespace Callwatch.Query;

/// <summary>What a selection of calls to price anew means: the same as in every list.</summary>
public sealed class RepriceFilter(Apps apps)
{
    public RepriceTest Read(RepriceSelection selection)
    {
        if (selection.To <= selection.From) return new RepriceTest.Wrong("to", "'to' must lie after 'from'.", null);
        if (selection.App is { } name && apps.Find(selection.TenantId, name) is null) return new RepriceTest.Wrong("app", "There is no app of this name.", null);
        if (FilterParser.Parse(selection.Q) is not FilterResult.Parsed { Filter: { } filter })
            return FilterParser.Parse(selection.Q) is FilterResult.Wrong wrong ? new RepriceTest.Wrong("q", wrong.Message, wrong.Offset) : throw new InvalidOperationException("A filter is read or wrong.");
        return new RepriceTest.Of(call =>
            (selection.Model is null || call.Call?.ResponseModel == selection.Model || call.Call?.RequestModel == selection.Model) && apps.NameOf(call.AppId) is var app && (selection.App is null || app == selection.App)
            && filter.Matches(call, app, isCall: true));
    }
}
