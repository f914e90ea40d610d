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

    /// <summary>The value of a field as the API writes it; null where it is unknown.</summary>
    public static string? ValueOf(GroupField group, SqliteDataReader row, int column, IWords words, Apps apps)
    {
        if (row.IsDBNull(column)) return null;
        if (group.Field == FilterFields.FinishReason) return words.Word(row.GetInt64(column));
        return FieldColumns.OfCalls[group.Field].Kind switch
        {
            ColumnKind.Word => row.GetInt64(column) is var id && id == 0 ? null : words.Word(id),
            ColumnKind.App => apps.NameOf(row.GetInt32(column)),
            ColumnKind.Code => Codes.WordOf(group.Field, row.GetInt64(column)),
            ColumnKind.Flag => row.GetInt64(column) != 0 ? "true" : "false",
            ColumnKind.Fingerprint => ErrorFingerprint.Text(row.GetInt64(column)),
            ColumnKind.Integer => row.GetInt64(column).ToString(CultureInfo.InvariantCulture),
            _ => row.GetString(column),
        };
    }
}
