using System.Globalization;
using Callwatch.Costs.Reconciling;
using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Show;

namespace Callwatch.Dashboard.Cost;

/// <summary>Why what a provider says and what is here differ, in words.</summary>
public static class ReconcileWords
{
    public static string Of(Difference why, Words words) => why.Code switch
    {
        Reconciliation.Agrees => words["agrees"],
        Reconciliation.BeforeFirst => words["before anything was sent here"],
        Reconciliation.OtherKeys => words["nothing of it came here: other keys, apps or tenants"],
        Reconciliation.NotInExport => words["not in the export: another account, or it was narrowed"],
        Reconciliation.Sampled => words.Say("sampled: {0} of each day is here", Figure.Percent(why.Share, 0)),
        Reconciliation.Unpriced => words.Count(why.Calls ?? 0, "{0} call without a price", "{0} calls without a price"),
        Reconciliation.MissingUsage => words.Count(why.Calls ?? 0, "{0} call without token counts", "{0} calls without token counts"),
        Reconciliation.WithoutCall => words.Count(why.Calls ?? 0, "{0} request of that day without a call", "{0} requests of that day without a call"),
        Reconciliation.UtcDays => words["calls around midnight UTC count on the day beside it"],
        Reconciliation.Failed => words.Count(why.Calls ?? 0, "{0} failed call, which is not billed", "{0} failed calls, which are not billed"),
        Reconciliation.Credits => words["given back by the provider: credits and corrections"],
        Reconciliation.Prices => words["other prices: discounts, batch or taxes"],
        _ => words["not explained by what is known here"],
    };

    public static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
