using System.Runtime.InteropServices;
using System.Text.Json;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Derived;

/// <summary>
/// Figures by what has any number of values: those with most calls are kept apart, the others counted together. Read twice: which
/// values have most calls is known only once all have been counted.
/// </summary>
internal sealed class BoundedCuts(SqliteConnection connection, DerivedBucket made)
{
    private const string Columns = """
        c.tenant, c.app, c.outcome, c.user, c.session, c.release, c.prompt, c.prompt_version, s.thin ->> '$.tags', c.id, c.duration, c.ttft, c.generation,
        c.input_tokens, c.output_tokens, c.total_tokens, c.cache_read, c.cache_write, c.reasoning, c.cost, c.cost_input, c.cost_cache_read,
        c.cost_cache_write, c.cost_output, c.cost_reasoning, c.cost_other, c.unpriced, c.feedback
        """;

    private readonly Dictionary<(Cut Cut, int Tenant, int App, long A, long B), long> calls = [];
    private readonly Dictionary<long, long[]> tagsOf = [];
    private readonly Dictionary<string, long?> ids = new(StringComparer.Ordinal);

    public void Add(long hour)
    {
        using var row = new Statement(connection, $"""SELECT {Columns} FROM calls c JOIN spans s ON s.id = c.id WHERE c."end" >= ?1 AND c."end" < ?2""");
        row.Bind(1, hour * Timestamp.NanosecondsPerSecond).Bind(2, (hour + 3_600) * Timestamp.NanosecondsPerSecond);
        while (row.Step()) Count(row);
        PeopleOf.Add(connection, made);
        var kept = Greatest(calls, Cuts.MostOfHour);
        Span<long> figures = stackalloc long[CallFigures.Count];
        while (row.Step())
        {
            var (latency, ttft) = FiguresOf(row, figures);
            foreach (var (cut, a, b) in ValuesOf(row))
            {
                var (tenant, app) = ((int)row.Long(0), (int)row.Long(1));
                var apart = !IsValue(a, b) || kept.Contains((cut, tenant, app, a, b));
                var key = new CutKey(cut, RollupLevel.Hour, hour, tenant, app, (int)row.Long(2), apart ? a : Cuts.Rest, apart ? b : Cuts.Rest, 0);
                made.Cell(key).Add(figures, latency, ttft);
            }
        }
    }

    /// <summary>The values with most calls of each cut and app.</summary>
    public static HashSet<(Cut Cut, int Tenant, int App, long A, long B)> Greatest(Dictionary<(Cut Cut, int Tenant, int App, long A, long B), long> calls, int most) =>
        [.. calls.Where(pair => IsValue(pair.Key.A, pair.Key.B)).GroupBy(pair => (pair.Key.Cut, pair.Key.Tenant, pair.Key.App))
            .SelectMany(group => group.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key.A).ThenBy(pair => pair.Key.B).Take(most).Select(pair => pair.Key))];

    /// <summary>False for none, and for the rest.</summary>
    public static bool IsValue(long a, long b) => a > 0 || (a == 0 && b > 0);

    private void Count(Statement row)
    {
        foreach (var (cut, a, b) in ValuesOf(row)) CollectionsMarshal.GetValueRefOrAddDefault(calls, (cut, (int)row.Long(0), (int)row.Long(1), a, b), out _)++;
    }

    private IEnumerable<(Cut Cut, long A, long B)> ValuesOf(Statement row)
    {
        // NULL reads as 0, which stands for none.
        yield return (Cut.User, row.Long(3), 0);
        yield return (Cut.Release, row.Long(5), 0);
        yield return (Cut.Prompt, row.Long(6), row.Long(7));
        if (row.IsNull(8)) yield return (Cut.Tag, 0, 0);
        else
            foreach (var tag in TagsOf(row.Long(9), row)) yield return (Cut.Tag, tag, 0);
    }

    private long[] TagsOf(long call, Statement row)
    {
        if (tagsOf.TryGetValue(call, out var known)) return known;
        using var tags = JsonDocument.Parse(row.Text(8));
        var found = tags.RootElement.EnumerateArray().Select(tag => IdOf(tag.GetString() ?? "")).OfType<long>().Distinct().ToArray();
        return tagsOf[call] = found.Length == 0 ? [0] : found;
    }

    private long? IdOf(string tag)
    {
        if (ids.TryGetValue(tag, out var known)) return known;
        using var find = new Statement(connection, "SELECT id FROM words WHERE word = ?1");
        find.BindText(1, PartitionWords.Cut(tag));
        return ids[tag] = find.Number();
    }

    /// <summary>As <see cref="CallFigures.Write"/>, from the row.</summary>
    private static (long? Latency, long? Ttft) FiguresOf(Statement row, Span<long> figures)
    {
        var (latency, ttft, generation) = (CallFigures.Bounded(row.NullableLong(10)), CallFigures.Bounded(row.NullableLong(11)), row.NullableLong(12));
        figures[CallFigures.Calls] = 1;
        figures[CallFigures.LatencyCount] = latency is null ? 0 : 1;
        figures[CallFigures.LatencySum] = (latency ?? 0) / 1_000;
        figures[CallFigures.TtftCount] = ttft is null ? 0 : 1;
        figures[CallFigures.TtftSum] = (ttft ?? 0) / 1_000;
        figures[5] = generation is null ? 0 : row.Long(14);
        figures[6] = (generation ?? 0) / 1_000;
        for (var i = 7; i < CallFigures.CountBefore; i++) figures[i] = row.Long(13 + i - 7);
        figures[CallFigures.Positive] = row.Long(27) > 0 ? 1 : 0;
        figures[CallFigures.Negative] = row.Long(27) < 0 ? 1 : 0;
        return (latency, ttft);
    }
}
