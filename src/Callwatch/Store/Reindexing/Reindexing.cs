using System.Diagnostics;
using System.Globalization;
using Callwatch.Journal;
using Callwatch.Journal.Disk;
using Callwatch.Normalize.Pricing;
using Callwatch.Store.Partitions;
using Callwatch.Store.Reading;
using Callwatch.Store.Writing;

namespace Callwatch.Store.Reindexing;

/// <summary>All that a rebuilding works with.</summary>
internal sealed record ReindexTools(
    IJournal Journal, StoreFolder Live, StoreWriter Writer, WriterThread Thread, PriceBooks Prices, StoreOptions Options, JournalOptions JournalOptions, IDiskSpace Disk,
    TimeProvider Time, Func<TimeSpan> ShortestRows, DataHold Hold)
{
    /// <summary>Within the store's.</summary>
    public const string FolderName = "rebuild";

    public string Folder => Path.Combine(Live.Folder, FolderName);

    /// <summary>Called before each step that lasts, for tests that stop there.</summary>
    public Action<string>? BeforeStep { get; set; }

    /// <summary>Notes for the next start what was wanted, should there be no end to it.</summary>
    public void Note(ReindexWish wish)
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, "wanted"), string.Create(CultureInfo.InvariantCulture, $"{wish.From:yyyy-MM-dd} {wish.To:yyyy-MM-dd} {wish.Apply}"));
    }

    /// <summary>What an earlier process was at; null when it was at nothing.</summary>
    public ReindexWish? Left() =>
        !Directory.Exists(Folder) ? null
        : File.Exists(Path.Combine(Folder, "wanted")) && File.ReadAllText(Path.Combine(Folder, "wanted")).Split(' ') is [var from, var to, var apply]
            && DateOnly.TryParseExact(from, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var first)
            && DateOnly.TryParseExact(to, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var end) ? new ReindexWish(first, end, apply == "True")
        : new ReindexWish(default, default, Apply: false);

    public void CleanUp()
    {
        if (Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>It cannot go on, for a reason outside that people should read.</summary>
internal sealed class ReindexStoppedException(string message) : Exception(message);

/// <summary>One rebuilding from its plan to its end; reports what it does and finds.</summary>
internal sealed class Reindexing(ReindexTools tools, ReindexWish wish, Action<Func<ReindexJob, ReindexJob>> report)
{
    private const int BatchSpans = 5_000;

    /// <summary>So few records may be left for the moment in which the writer stands still.</summary>
    private const long MostLeft = 200;
    private const long MostBehind = 1_000;
    private const int MostTries = 5;
    private const long RoomBesides = 64L * 1024 * 1024;

    private readonly Dictionary<DateOnly, ReindexDay> days = [];

    public async Task RunAsync(CancellationToken cancel)
    {
        var begun = await PositionAsync();
        if (begun is { } known && known.Epoch != tools.Journal.Epoch) throw new ReindexStoppedException("The store was filled from another journal than the one there is.");
        var (plans, untouched) = await Task.Run(() => new DayPlans(tools.Live, tools.Journal, tools.ShortestRows, tools.Time).Make(wish, cancel), cancel);
        foreach (var day in untouched) days[day.Day] = day;
        foreach (var plan in plans) days[plan.Day] = new ReindexDay(plan.Day, DayState.Pending, null, null, null, 0, 0, 0);
        ShowDays();
        for (var attempt = 0; plans.Count > 0; attempt++)
        {
            if (attempt == MostTries) throw new ReindexStoppedException("Again and again days turned out not to be whole.");
            var left = await TryAsync(plans, begun?.Number ?? 0, cancel);
            if (left.Count == 0) break;
            // A day left as it is has to be judged with as it is: the others begin anew without it.
            foreach (var (day, reason) in left) days[day] = days[day] with { State = DayState.Untouched, Reason = reason };
            plans = [.. plans.Where(plan => !left.ContainsKey(plan.Day))];
            ShowDays();
        }
    }

    /// <summary>The answer is the days that cannot be rebuilt after all, with the reason; if there are any, nothing was changed.</summary>
    private async Task<Dictionary<DateOnly, string>> TryAsync(IReadOnlyList<DayPlan> plans, long begun, CancellationToken cancel)
    {
        tools.CleanUp();
        tools.Note(wish);
        CheckRoom(plans.Sum(plan => plan.SizeBytes) * 5 / 4);
        var chosen = plans.Select(plan => plan.Day).ToHashSet();
        var files = FilesOf(chosen);
        var isKnown = plans.All(plan => plan.First is not null);
        var first = isKnown ? plans.Min(plan => plan.First!.Value) : tools.Journal.FirstNumber;
        var last = isKnown ? plans.Max(plan => plan.Last!.Value) : begun;
        using var rebuild = new Rebuild(tools.Folder, tools.Live, tools.Journal, tools.Prices, tools.Options, chosen) { Reached = first - 1 };
        try
        {
            rebuild.BeforeCommit = tools.BeforeStep;
            Phase("reading", tools.Journal.CountBetween(first - 1, last));
            await ReadAsync(rebuild, last, cancel);
            // Between the last record that any row of these days is from, and the one stored when they were looked at, nothing is theirs.
            rebuild.Reached = Math.Max(last, begun);
            await CatchUpAsync(rebuild, cancel);
            foreach (var day in chosen.Where(day => tools.Live.Partitions.Where(partition => partition.Day == day).All(partition => partition.Closed)))
                await Task.Run(() => rebuild.Close(day, tools.Time, cancel), cancel);
            Phase("comparing");
            var left = await Task.Run(() => Compare(rebuild, chosen, cancel), cancel);
            if (left.Count > 0 || !wish.Apply) return left;

            Phase("swapping");
            rebuild.Checkpoint();
            await CatchUpAsync(rebuild, cancel);
            using (await HoldAsync(cancel)) await tools.Thread.RunAsync(() => SwapIn(rebuild, chosen, files));
            foreach (var day in chosen) days[day] = days[day] with { State = DayState.Replaced };
            ShowDays();
            return left;
        }
        finally
        {
            rebuild.Dispose();
        }
    }

    private async Task ReadAsync(Rebuild rebuild, long through, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        var batches = 0;
        await foreach (var batch in tools.Journal.BatchesAsync(rebuild.Reached, through, BatchSpans, cancel))
        {
            watch.Restart();
            await Task.Run(() => rebuild.Take(batch), cancel);
            report(job => job with { Read = job.Read + batch.Count });
            if (++batches % 16 == 0) CheckRoom(0);
            // As long as it worked it rests, and while storing itself lags it waits: nobody is to feel it.
            await Task.Delay(watch.Elapsed, tools.Time, cancel);
            while (tools.Journal.Head.Number - (await PositionAsync())?.Number > MostBehind) await Task.Delay(TimeSpan.FromMilliseconds(250), tools.Time, cancel);
        }
    }

    private async Task CatchUpAsync(Rebuild rebuild, CancellationToken cancel)
    {
        while (await PositionAsync() is { } now && now.Number - rebuild.Reached > MostLeft)
        {
            await ReadAsync(rebuild, now.Number, cancel);
            rebuild.Reached = now.Number;
        }
    }

    private Dictionary<DateOnly, string> Compare(Rebuild rebuild, IReadOnlySet<DateOnly> chosen, CancellationToken cancel)
    {
        var left = rebuild.Poorer.Where(chosen.Contains).ToDictionary(day => day, _ => "Log records that belong to its spans are no longer in the journal.");
        var comparison = new DayComparison(tools.Live, rebuild.Folder, rebuild.Reached);
        foreach (var day in chosen.Order())
        {
            var compared = comparison.Of(day, cancel);
            days[day] = compared;
            // The proof that its journal was whole: whatever stood there has come out again.
            if (compared.OnlyBefore > 0)
                left.TryAdd(day, string.Create(CultureInfo.InvariantCulture, $"{compared.OnlyBefore} of its spans are not in the journal."));
            else if (comparison.MissingLogs(day, cancel) is > 0 and var logs)
                left.TryAdd(day, string.Create(CultureInfo.InvariantCulture, $"{logs} log records that belong to its spans are not in the journal."));
        }

        ShowDays();
        return left;
    }

    // On the writer's thread.
    private void SwapIn(Rebuild rebuild, HashSet<DateOnly> chosen, HashSet<string> files)
    {
        if (!files.IsSubsetOf(FilesOf(chosen)) || chosen.Any(day => tools.Live.History.SequenceOf(day) > 0)) throw new ReindexStoppedException("Retention has taken one of these days meanwhile.");
        var position = tools.Live.Catalog.Position?.Number ?? 0;
        var records = new List<JournalRecord>();
        for (var number = rebuild.Reached + 1; number <= position; number++)
            if (tools.Journal.Find(number) is { } record) records.Add(record);
        rebuild.Take(records);
        new Swap(tools.Live, tools.Writer, tools.BeforeStep).Run(rebuild, chosen);
    }

    // A backup that copies now would find parts of the one and of the other.
    private async Task<IDisposable> HoldAsync(CancellationToken cancel)
    {
        while (true)
        {
            if (tools.Hold.TryRemove() is { } removing) return removing;
            await Task.Delay(TimeSpan.FromSeconds(1), tools.Time, cancel);
        }
    }

    private HashSet<string> FilesOf(HashSet<DateOnly> chosen) =>
        [.. tools.Live.Partitions.Where(partition => chosen.Contains(partition.Day)).Select(partition => partition.File)];

    private void CheckRoom(long needed)
    {
        var disk = tools.Disk.Of(tools.Live.Folder);
        var kept = tools.JournalOptions.KeepFreeBytes(disk.TotalBytes) * 5 / 4;
        if (disk.FreeBytes - needed - RoomBesides >= kept) return;
        throw new ReindexStoppedException(string.Create(
            CultureInfo.InvariantCulture, $"The disk has not enough room: {needed + RoomBesides + kept} bytes are needed, {disk.FreeBytes} are free. What is needed includes what the journal must have left."));
    }

    private Task<Position?> PositionAsync() => tools.Thread.RunAsync(() => tools.Live.Catalog.Position);

    private void Phase(string phase, long? toRead = null) => report(job => job with { Phase = phase, ToRead = toRead ?? job.ToRead, Read = toRead is null ? job.Read : 0 });

    private void ShowDays()
    {
        var shown = days.Values.OrderBy(day => day.Day).ToList();
        report(job => job with { Days = shown });
    }
}
