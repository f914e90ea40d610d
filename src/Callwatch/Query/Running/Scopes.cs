using System.Collections.Frozen;
using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Query.Filters;
using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Lists;
using Callwatch.Search.Documents;
using Callwatch.Settle;

namespace Callwatch.Query.Running;

/// <summary>Turns what was asked into what rows are compared with: names of apps into numbers, the filter's text into its terms.</summary>
public sealed class Scopes(Apps apps, IJournal journal, RetentionDesk? retention = null, ISettleState? settling = null)
{
    /// <summary>Longest range that may be asked for.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(366 * 20);

    internal Apps Apps => apps;

    /// <summary>A trace at a glance, as of the run.</summary>
    internal TraceSummary Summary(ReadScope scope, TraceListRow row, QueryRun run) =>
        row.ToSummary(apps, settling?.IsSettled(scope.TenantId, row.TraceId, run.AsOf, row.ReceivedAt) ?? row.MayBeSettled(run.Now));

    /// <summary>Which bodies are still there. The journal is asked app by app only where apps are kept for different times.</summary>
    internal HeldRecords Held(int tenantId)
    {
        if (retention is null || retention.Shortest.Journal == retention.Longest.Journal) return new HeldRecords(journal.FirstNumber, FrozenDictionary<int, long>.Empty);
        var own = retention.AppsOf(tenantId).Where(app => app.Wish.JournalDays is not null).ToDictionary(app => app.AppId, app => journal.FirstNumberOf(tenantId, app.AppId));
        return new HeldRecords(journal.FirstNumberOf(tenantId), own);
    }

    /// <summary>The selection read, or why it cannot be.</summary>
    internal (Asked? Asked, Answer<T>.Invalid? Invalid) Read<T>(Selection selection)
    {
        if (selection.To <= selection.From) return (null, new Answer<T>.Invalid("to", "'to' must lie after 'from'."));
        if (selection.To.UnixNanoseconds - selection.From.UnixNanoseconds > Longest.Ticks * 100) return (null, new Answer<T>.Invalid("from", "The range is longer than 20 years."));
        if (FilterParser.Parse(selection.Filter) is FilterResult.Wrong wrong) return (null, new Answer<T>.Invalid("q", wrong.Message, wrong.Offset));
        var filter = ((FilterResult.Parsed)FilterParser.Parse(selection.Filter)).Filter;
        return (new Asked(selection, filter, AppIds(selection)), null);
    }

    internal FilterSql Sql(ReadScope scope, FrozenDictionary<FilterField, FieldColumn> columns) => new(
        columns, fits => apps.List(scope.TenantId).Where(app => fits(app.Name)).Select(app => app.Id), Marks.Of(scope.TenantId, scope.OnlyAppId), Held(scope.TenantId));

    // Null: all of the tenant's. Empty: none, because no app has the name, or not the one the key is for.
    private IReadOnlyList<int>? AppIds(Selection selection)
    {
        if (selection.Apps.Count == 0) return selection.Scope.OnlyAppId is { } only ? [only] : null;
        return [.. selection.Apps.Select(name => apps.Find(selection.Scope.TenantId, name)?.Id).OfType<int>()
            .Where(id => selection.Scope.OnlyAppId is null || selection.Scope.OnlyAppId == id).Distinct().Order()];
    }
}

/// <summary>A selection as rows are compared with it.</summary>
/// <param name="AppIds">Null is all of the tenant.</param>
internal sealed record Asked(Selection Selection, Filter Filter, IReadOnlyList<int>? AppIds)
{
    public int TenantId => Selection.Scope.TenantId;

    /// <summary>Tenant and apps as a condition over the given table.</summary>
    public string Owner(string table)
    {
        var tenant = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{table}.tenant = {TenantId}");
        return AppIds is null ? tenant
            : tenant + $" AND {table}.app IN (" + string.Join(", ", AppIds.Select(id => id.ToString(System.Globalization.CultureInfo.InvariantCulture))) + ")";
    }
}
