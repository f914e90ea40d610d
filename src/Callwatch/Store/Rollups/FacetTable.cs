using System.Runtime.InteropServices;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Rollups;

/// <summary>The facets of one partition, written: how many calls have which value of a field. Bounded: values past the bound count together as "other".</summary>
internal sealed class FacetTable(SqliteConnection connection, PartitionWords words) : IDisposable
{
    /// <summary>Most values kept apart, per app and field.</summary>
    public const int MostValues = 1_000;

    private const long Other = 0;
    private const int MostHeld = 1_000;

    private readonly Dictionary<(int Tenant, int App, int Field), Dictionary<long, long>> fields = [];
    private readonly HashSet<(int Tenant, int App, int Field, long Value)> changed = [];
    private readonly Statement load = new(connection, "SELECT value, calls FROM facets WHERE tenant = ?1 AND app = ?2 AND field = ?3");
    private readonly Statement put = new(connection, "INSERT OR REPLACE INTO facets (tenant, app, field, value, calls) VALUES (?1, ?2, ?3, ?4, ?5)");
    private readonly Statement remove = new(connection, "DELETE FROM facets WHERE tenant = ?1 AND app = ?2 AND field = ?3 AND value = ?4");

    /// <summary>Counts a call; the answer has a bit for each field whose value was counted as "other", to be kept with the call.</summary>
    public long Add(Span call)
    {
        long overflow = 0;
        for (var field = 1; field < FacetFields.Names.Count; field++)
            if (FacetFields.ValueOf(field, call) is { } value && !TryAdd(call, field, words.Id(value))) overflow |= 1L << field;
        if (call.Tags.Count > 0 && !AddTags(call)) overflow |= 1L << FacetFields.Tag;
        return overflow;
    }

    /// <param name="overflow">What <see cref="Add"/> answered for it.</param>
    public void Subtract(Span call, long overflow)
    {
        for (var field = 1; field < FacetFields.Names.Count; field++)
            if (FacetFields.ValueOf(field, call) is { } value) Count(call, field, (overflow & (1L << field)) != 0 ? Other : words.Id(value), -1);
        if ((overflow & (1L << FacetFields.Tag)) != 0) Count(call, FacetFields.Tag, Other, -1);
        else
            foreach (var tag in call.Tags.Distinct(StringComparer.Ordinal)) Count(call, FacetFields.Tag, words.Id(tag), -1);
    }

    public void Flush()
    {
        foreach (var (tenant, app, field, value) in changed)
        {
            var calls = fields[(tenant, app, field)].GetValueOrDefault(value);
            var statement = calls == 0 ? remove : put.Bind(5, calls);
            statement.Bind(1, tenant).Bind(2, app).BindText(3, FacetFields.Names[field]).Bind(4, value).Run();
        }

        changed.Clear();
        if (fields.Count > MostHeld) fields.Clear();
    }

    public void Dispose()
    {
        load.Dispose();
        put.Dispose();
        remove.Dispose();
    }

    // All tags of a call or none: one bit has to tell how they were counted.
    private bool AddTags(Span call)
    {
        var known = Values(call, FacetFields.Tag);
        var tags = call.Tags.Distinct(StringComparer.Ordinal).Select(words.Id).ToList();
        var added = tags.Count(tag => !known.ContainsKey(tag));
        if (added > 0 && Kept(known) + added > MostValues)
        {
            Count(call, FacetFields.Tag, Other, 1);
            return false;
        }

        foreach (var tag in tags) Count(call, FacetFields.Tag, tag, 1);
        return true;
    }

    private bool TryAdd(Span call, int field, long value)
    {
        var known = Values(call, field);
        var fits = known.ContainsKey(value) || Kept(known) < MostValues;
        Count(call, field, fits ? value : Other, 1);
        return fits;
    }

    private void Count(Span call, int field, long value, int times)
    {
        var known = Values(call, field);
        ref var calls = ref CollectionsMarshal.GetValueRefOrAddDefault(known, value, out _);
        calls += times;
        if (calls == 0) known.Remove(value);
        changed.Add((call.TenantId, call.AppId, field, value));
    }

    private static int Kept(Dictionary<long, long> known) => known.Count - (known.ContainsKey(Other) ? 1 : 0);

    private Dictionary<long, long> Values(Span call, int field)
    {
        var key = (call.TenantId, call.AppId, field);
        if (fields.TryGetValue(key, out var values)) return values;
        fields[key] = values = [];
        load.Bind(1, call.TenantId).Bind(2, call.AppId).BindText(3, FacetFields.Names[field]);
        while (load.Step()) values[load.Long(0)] = load.Long(1);
        return values;
    }
}
