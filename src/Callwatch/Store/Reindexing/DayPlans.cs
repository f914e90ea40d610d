using System.Globalization;
using Callwatch.Journal;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Reindexing;

/// <summary>A day that can be rebuilt, and the journal records that hold its spans as far as its rows tell.</summary>
/// <param name="First">Null when only reading all of the journal tells.</param>
internal sealed record DayPlan(DateOnly Day, long? First, long? Last, long SizeBytes);

/// <summary>
/// Finds out which days of a range have their journal whole. Known, not guessed: either every row of the day says where in the journal it
/// came from and that is still there; or the journal reaches back to before anything of the day can have come.
/// </summary>
internal sealed class DayPlans(StoreFolder folder, IJournal journal, Func<TimeSpan> shortestRows, TimeProvider time)
{
    // An end lies at most so much after its receipt (what a clock ahead claims beyond is taken as the time of receipt).
    private static readonly TimeSpan MostAhead = TimeSpan.FromHours(24);

    /// <summary>Days of which a file was set aside as damaged, or has vanished.</summary>
    public IReadOnlyList<DateOnly> Damaged() => [.. DamagedFiles.Of(folder).Select(file => file.Day).OfType<DateOnly>().Distinct().Order()];

    public (IReadOnlyList<DayPlan> Plans, IReadOnlyList<ReindexDay> Untouched) Make(ReindexWish wish, CancellationToken cancel)
    {
        var plans = new List<DayPlan>();
        var untouched = new List<ReindexDay>();
        var damaged = Damaged();
        var days = folder.Partitions.Where(partition => partition.Applied > 0).Select(partition => partition.Day).Concat(damaged).Distinct()
            .Where(day => day >= wish.From && Partition.EndOf(day) <= wish.To).Order();
        foreach (var day in days)
        {
            cancel.ThrowIfCancellationRequested();
            if (Plan(day, damaged.Contains(day), out var why) is { } plan) plans.Add(plan);
            else untouched.Add(new ReindexDay(day, DayState.Untouched, why, null, null, 0, 0, 0));
        }

        return (plans, untouched);
    }

    private DayPlan? Plan(DateOnly day, bool isDamaged, out string why)
    {
        var size = folder.Partitions.Where(partition => partition.Day == day).Sum(partition => SizeOf(partition.File)) + SizeOfDamaged(day);
        var rowsEnd = Partition.StartOf(Partition.EndOf(day)).ToDateTimeOffset();
        if (rowsEnd < time.GetUtcNow() - shortestRows())
        {
            why = "Rows of it are past their retention, for some app at least.";
            return null;
        }

        if (folder.History.SequenceOf(day) > 0)
        {
            why = "Rows of it are gone already, and their figures have been moved.";
            return null;
        }

        if (isDamaged)
        {
            why = "A file of it was damaged or has vanished, and the journal does not reach back to before its first span.";
            return ReachesBackTo(Partition.StartOf(day)) ? new DayPlan(day, null, null, size) : null;
        }

        var (first, last) = (long.MaxValue, 0L);
        foreach (var partition in folder.Partitions.Where(partition => partition.Day == day && partition.Applied > 0))
        {
            if (NumbersOf(partition) is not { } numbers) continue;
            (first, last) = (Math.Min(first, numbers.First), Math.Max(last, numbers.Last));
        }

        if (last == 0)
        {
            why = "Nothing is stored of it.";
            return null;
        }

        why = first < journal.FirstNumber
            ? string.Create(CultureInfo.InvariantCulture, $"Its journal is no longer whole: it needs record {first}, and the oldest kept is {journal.FirstNumber}.")
            : string.Create(CultureInfo.InvariantCulture, $"Its journal is no longer whole: of records {first} to {last} some are gone.");
        return journal.IsWhole(first, last) ? new DayPlan(day, first, last, size) : null;
    }

    private bool ReachesBackTo(Timestamp start) =>
        (journal.CompleteFrom == 1 && journal.Find(1) is not null) || (journal.Find(journal.CompleteFrom) is { } oldest && oldest.ReceivedAt < start.Plus(-MostAhead));

    // Read in one go: the greatest and least of a column of a file take a second a million rows.
    private (long First, long Last)? NumbersOf(Partition partition)
    {
        using var reader = folder.Open(partition);
        if (reader is null) return null;
        using var command = reader.Command("SELECT min(least), max(greatest) FROM (SELECT min(number) AS least, max(number) AS greatest FROM spans UNION ALL SELECT min(number), max(number) FROM joined_logs)");
        using SqliteDataReader row = command.ExecuteReader();
        return row.Read() && !row.IsDBNull(0) ? (row.GetInt64(0), row.GetInt64(1)) : null;
    }

    private long SizeOf(string file) => new FileInfo(Path.Combine(folder.Folder, file)) is { Exists: true } found ? found.Length : 0;

    private long SizeOfDamaged(DateOnly day) => DamagedFiles.PathsOf(folder.Folder, day).Sum(path => new FileInfo(path).Length);
}
