using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Normalize;
using Callwatch.Search.Files;
using Callwatch.Store;
using Callwatch.Store.Partitions;
using Callwatch.Store.Reading;
using Callwatch.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Callwatch.Search;

/// <summary>Reads the journal at its own pace and makes what was said findable by its words. The store never waits for it.</summary>
internal sealed partial class SearchReader(
    IJournal journal, SearchIndex index, SearchProgress progress, SpanNormalizer normalizer, StoreFolder store, StoreProgress stored, RetentionDesk retention,
    ReaderChoices choices, IOptions<CallwatchOptions> options, Counters counters, TimeProvider time, RetentionClock clock, ILogger<SearchReader> log, DataHold hold)
    : BackgroundService, IJournalReader
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    // Smaller batches than the store's: none of them may hold the disk for long.
    private static readonly StoreOptions Batches = new() { BatchSpans = 4_000, BatchDelay = TimeSpan.FromMilliseconds(500) };

    private const int RememberedAtOnce = 200;

    private readonly List<JournalRecord> gathered = [];
    private readonly Lock gate = new();
    private WriterThread? thread;
    private SearchFolder? opened;
    private string? opening;
    private SearchIndexing? indexing;
    private CancellationTokenSource? again;

    public string Name => "search";

    public Position? Place => progress.Position;

    public long HighestNumber
    {
        get
        {
            if (options.Value.Search != SearchMode.Off) return Folder()?.Catalog.HighestNumber ?? 0;
            if (!Directory.Exists(options.Value.SearchFolder)) return 0;
            using var folder = Folder();
            (opened, opening) = (null, null);
            return folder?.Catalog.HighestNumber ?? 0;
        }
    }

    public override void Dispose()
    {
        thread?.Dispose();
        thread = null;
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.Search == SearchMode.Off)
        {
            progress.Is(SearchState.Off);
            return;
        }

        thread = new WriterThread("search", ThreadImportance.Indexing);
        try
        {
            if (await BeginAsync(stoppingToken)) await RunAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is indexed is committed; the rest is in the journal.
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            Stop(e.Message);
        }
        finally
        {
            await thread!.RunAsync(() => indexing?.Dispose());
        }
    }

    private async Task<bool> BeginAsync(CancellationToken cancel)
    {
        if (await thread!.RunAsync(Folder) is not { } folder)
        {
            Stop(opening!);
            return false;
        }

        if (folder.Contents.Position is null) await thread!.RunAsync(() => folder.Catalog.Begin(new Position(journal.Epoch, journal.FirstNumber - 1)));
        var beginning = await choices.BeginAsync(Name, folder.Contents.Position, Stop, cancel);
        if (beginning.Chosen) await thread!.RunAsync(() => folder.Catalog.MoveTo(beginning.After));
        indexing = new SearchIndexing(folder, options.Value.Search, normalizer, journal, counters, time, log, hold);
        progress.Indexed(indexing.Place, null);
        index.Opened(folder);
        await RememberAsync(cancel);
        return true;
    }

    private async Task RunAsync(CancellationToken cancel)
    {
        progress.Is(SearchState.Running);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var age = new SearchAge(store, stored, progress, retention, clock);
        var upkeep = new SearchUpkeep(indexing!, thread!, index, progress, age.IsOver, time, log).RunAsync(FollowAgain, done.Token);
        try
        {
            while (await FollowAsync(cancel)) progress.Indexed(indexing!.Place, null);
        }
        finally
        {
            await done.CancelAsync();
            await upkeep.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    // What cannot be opened must not keep the server from starting.
    private SearchFolder? Folder()
    {
        if (opened is not null || opening is not null) return opened;
        try
        {
            return opened = new SearchFolder(options.Value.SearchFolder);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            opening = e.Message;
            return null;
        }
    }

    private void Stop(string why)
    {
        progress.Is(SearchState.Stopped, why);
        Stopped(why);
    }

    private async Task RememberAsync(CancellationToken cancel)
    {
        var from = await thread!.RunAsync(indexing!.Recall);
        var through = indexing.Place.Number;
        if (from >= through) return;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var records = journal.ReadAsync(from, enough.Token).GetAsyncEnumerator(enough.Token);
        await using var _ = records;
        try
        {
            for (var number = from; number < through; number = records.Current.Number)
            {
                var next = records.MoveNextAsync();
                // Only the head is waited for: retention, or damage, has taken the rest of what was seen.
                if (!next.IsCompleted) await enough.CancelAsync();
                if (!await next) break;
                if (records.Current.Number > through) break;
                gathered.Add(records.Current);
                if (gathered.Count < RememberedAtOnce) continue;
                await thread!.RunAsync(() => indexing.Remember(gathered));
                gathered.Clear();
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
        }

        if (gathered.Count > 0) await thread!.RunAsync(() => indexing.Remember(gathered));
        gathered.Clear();
    }

    /// <summary>True when reading has to begin again elsewhere.</summary>
    private async Task<bool> FollowAsync(CancellationToken cancel)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        lock (gate) again = until;
        try
        {
            await using var records = new Gatherer(journal.ReadAsync(indexing!.Place.Number, until.Token).GetAsyncEnumerator(until.Token), Batches, time);
            while (await records.GatherAsync(gathered, until.Token))
            {
                if (await IndexAsync(until.Token)) continue;
                // What was asked for next is waited for otherwise.
                await until.CancelAsync();
                return true;
            }

            return false;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return true;
        }
        finally
        {
            lock (gate) again = null;
        }
    }

    // A disk that is full or fails may recover: nothing is lost by waiting, everything by going on.
    private async Task<bool> IndexAsync(CancellationToken cancel)
    {
        progress.Waits(gathered[0].ReceivedAt);
        var last = gathered[^1];
        var began = time.GetTimestamp();
        var batch = await thread!.RunAsync(() => indexing!.Build(gathered));
        for (var wait = TimeSpan.FromSeconds(1); ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            try
            {
                if (!await thread!.RunAsync(() => indexing!.Write(batch))) return false;
                progress.Is(SearchState.Running);
                progress.Indexed(new Position(journal.Epoch, last.Number), last.ReceivedAt);
                break;
            }
            catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
            {
                progress.Is(SearchState.Failing, e.Message);
                CannotIndex(last.Number, e.Message, wait.TotalSeconds);
                await Task.Delay(wait, time, cancel);
            }
        }

        await YieldAsync(time.GetElapsedTime(began), last.Number, cancel);
        return true;
    }

    // What was received long ago can be indexed a little later still, while the store needs the machine for what comes now.
    private async Task YieldAsync(TimeSpan worked, long number, CancellationToken cancel)
    {
        if (journal.Head.Number - number > 1_000 && stored.Position is { } position && position.Number > number && stored.Status().LagSeconds > 1)
            await Task.Delay(worked < TimeSpan.FromSeconds(1) ? worked : TimeSpan.FromSeconds(1), time, cancel);
    }

    private void FollowAgain()
    {
        lock (gate) again?.Cancel();
    }

    [LoggerMessage(EventId = 450, Level = LogLevel.Error, Message = "{Why}")]
    private partial void Stopped(string why);

    [LoggerMessage(EventId = 456, Level = LogLevel.Error, Message = "Cannot index up to journal record {Number}: {Why}. Trying again in {Seconds} s; receiving and storing go on.")]
    private partial void CannotIndex(long number, string why, double seconds);
}
