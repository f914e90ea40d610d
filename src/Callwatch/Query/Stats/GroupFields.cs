using System.Globalization;
using Callwatch.Control;
using Callwatch.Query.Filters;
using Callwatch.Query.Filters.Sql;
using Callwatch.Store.Rollups;
using Callwatch.Store.Rows;
using Microsoft.Data.Sqlite;

namespace Callwatch.Query.Stats;

/// <summary>A field to group by.</summary>
internal sealed record GroupField(FilterField Field, string? Key, string Name);

/// <summary>Reads the names that figures are to be grouped by.</summary>
internal static class GroupFields
{
    private const int Most = 4;

    public static (IReadOnlyList<GroupField>? Fields, string? Wrong) Read(IReadOnlyList<string> names)
    {
        if (names.Count > Most) return (null, $"Figures are grouped by at most {Most.ToString(CultureInfo.InvariantCulture)} fields.");
        var fields = new List<GroupField>();
        foreach (var name in names)
        {
            if (!FilterFields.TryFind(name, out var field, out var key))
                return (null, FilterFields.Nearest(name) is { } near ? $"There is no field '{name}'. Did you mean '{near}'?" : $"There is no field '{name}'.");
            if (!field.Groups) return (null, $"Figures cannot be grouped by '{name}'.");
            // The name as it was asked for, so that the answer's keys are the caller's words.
            fields.Add(new GroupField(field, key, name));
        }

        return fields.DistinctBy(field => (field.Field.Name, field.Key)).Count() == fields.Count ? (fields, null) : (null, "A field is grouped by twice.");
    }

    /// <summary>The expression of a field over calls, and the join it needs.</summary>
    public static (string Sql, string? Join) ColumnOf(GroupField group, int index, SqlCondition sql)
    {
        var name = "g" + index.ToString(CultureInfo.InvariantCulture);
        if (group.Field == FilterFields.FinishReason) return ("c.finish", null);
        if (group.Field == FilterFields.Tag)
        {
            // A call counts once for each of its tags, even if it names one twice.
            sql.UsesSpans = true;
            return ($"{name}.value", $"LEFT JOIN json_each(s.thin, '$.tags') {name} ON {name}.key = (SELECT min(k.key) FROM json_each(s.thin, '$.tags') k WHERE k.value = {name}.value)");
        }

        var column = FieldColumns.OfCalls[group.Field];
        sql.UsesSpans |= column.OfSpans;
        return column.Kind == ColumnKind.Keyed ? ($"(SELECT value FROM {column.Sql} WHERE key = {sql.Parameter(group.Key ?? "")})", null) : (column.Sql, null);
    }

    /// <summary>True when rows hold the field as a number, from which <see cref="ValueOf(GroupField, long, IWords, Apps)"/> makes its value.</summary>
    public static bool IsNumber(GroupField group) =>
        group.Field == FilterFields.FinishReason || FieldColumns.OfCalls[group.Field].Kind is ColumnKind.Word or ColumnKind.App or ColumnKind.Code or ColumnKind.Flag or ColumnKind.Fingerprint or ColumnKind.Integer;

    /// <summary>The value of a field as the API writes it.</summary>
    public static string ValueOf(GroupField group, long number, IWords words, Apps apps) =>
        group.Field == FilterFields.FinishReason ? words.Word(number) : FieldColumns.OfCalls[group.Field].Kind switch
        {
            ColumnKind.Word => words.Word(number),
            ColumnKind.App => apps.NameOf((int)number),
            ColumnKind.Code => Codes.WordOf(group.Field, number),
            ColumnKind.Flag => number != 0 ? "true" : "false",
            ColumnKind.Fingerprint => ErrorFingerprint.Text(number),
            _ => number.ToString(CultureInfo.InvariantCulture),
        };

    /// <summary>The value of a field as the API writes it; null where it is unknown.</summary>
    public static string? ValueOf(GroupField group, SqliteDataReader row, int column, IWords words, Apps apps) =>
        row.IsDBNull(column) ? null : IsNumber(group) ? ValueOf(group, row.GetInt64(column), words, apps) : row.GetString(column);
}
