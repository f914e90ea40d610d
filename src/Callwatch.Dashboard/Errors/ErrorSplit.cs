using Callwatch.Query;
using Callwatch.Query.Filters;

namespace Callwatch.Dashboard.Errors;

/// <summary>Errors of a group with one value of a field, beside all calls of that value.</summary>
/// <param name="Value">Null where calls have none.</param>
/// <param name="Calls">Null where they were not counted, or not all errors were looked at.</param>
public sealed record ErrorShare(string? Value, long Errors, long? Calls);

/// <summary>Where the errors of a group lie, by one field.</summary>
/// <param name="Shares">The most errors first.</param>
/// <param name="Spared">Calls with another value; 0 where the errors are of several.</param>
/// <param name="Complete">Whether all errors of the group were looked at, and not only the latest.</param>
public sealed record ErrorSplit(FilterField Field, IReadOnlyList<ErrorShare> Shares, long Spared, bool Complete)
{
    /// <summary>Fewer calls than these were spared by chance.</summary>
    public const int Enough = 20;

    /// <summary>Whether all errors share one value that others do not have.</summary>
    public bool IsCommon => Spared >= Enough;

    /// <summary>Null where no call of the group has a value.</summary>
    /// <param name="values">The value of each error.</param>
    /// <param name="all">All calls of the range by the field; null where they were not counted.</param>
    public static ErrorSplit? Of(FilterField field, IReadOnlyList<string?> values, IReadOnlyList<StatsGroup>? all, bool complete)
    {
        if (values.All(value => value is null)) return null;
        var shares = values.GroupBy(value => value ?? "", StringComparer.Ordinal).Select(group => new ErrorShare(
            group.First(), group.Count(), complete ? all?.Where(other => !other.IsOther && Value(other, field) == group.First()).Sum(other => other.Total.Calls) : null))
            .OrderByDescending(share => share.Errors).ThenBy(share => share.Value, StringComparer.Ordinal).ToList();
        var spared = shares is [{ Value: not null } only] ? all?.Where(other => Value(other, field) is { } value && value != only.Value).Sum(other => other.Total.Calls) ?? 0 : 0;
        return new ErrorSplit(field, shares, spared, complete);
    }

    private static string? Value(StatsGroup group, FilterField field) => group.IsOther ? null : group.Key.GetValueOrDefault(field.Name);
}
