using Callwatch.Search.Files;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Reading;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Callwatch.Search;

/// <summary>What the full-text index needs beside being added to: damaged files set aside, files that are done merged, those past their age deleted.</summary>
/// <param name="thread">The index's own: nothing else may touch its files.</param>
/// <param name="isOver">Whether a file is past its age.</param>
internal sealed partial class SearchUpkeep(SearchIndexing indexing, WriterThread thread, SearchIndex index, SearchProgress progress, Func<SearchFile, bool> isOver, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Rhythm = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetireEvery = TimeSpan.FromMinutes(1);

    /// <summary>Of each second, at most: a tenth of a core, in pieces between which documents are added.</summary>
    private static readonly TimeSpan Merging = TimeSpan.FromMilliseconds(100);

    // While more waits to be indexed than a moment's, that goes first.
    private const double MostLagSeconds = 2;
    private const long MostWaiting = 1_000;

    /// <param name="beginAgain">A file is gone: what the journal holds of it has to be read again.</param>
    public async Task RunAsync(Action beginAgain, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Rhythm, time);
        var retired = time.GetTimestamp();
        string? delayed = null;
        while (await timer.WaitForNextTickAsync(cancel))
        {
            try
            {
                var attempt = indexing.Attempt;
                if (index.TakeSuspect() is { } suspect) await SetAsideAsync(suspect);
                await MergeAsync(cancel);
                delayed = null;
                if (indexing.Attempt != attempt) beginAgain();
                if (time.GetElapsedTime(retired) < RetireEvery) continue;
                retired = time.GetTimestamp();
                await thread.RunAsync(() => indexing.Retire(isOver));
            }
            catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
            {
                // Tried again every second: the log says once what is wrong.
                if (e.Message != delayed) Delayed(e.Message);
                delayed = e.Message;
            }
        }
    }

    private async Task SetAsideAsync(Suspicion suspect)
    {
        try
        {
            await thread.RunAsync(() => indexing.BeginAgain(suspect));
        }
        catch
        {
            index.Suspect(suspect);
            throw;
        }
    }

    internal async Task MergeAsync(CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < Merging && !cancel.IsCancellationRequested && KeepsUp())
        {
            var contents = index.Folder!.Contents;
            if (contents.Files.FirstOrDefault(file => IsDone(contents, file) && !index.IsMerged(file)) is not { } next) return;
            if (!await thread.RunAsync(() => indexing.Merge(next))) index.Merged(next);
        }
    }

    private bool KeepsUp() => progress.Status() is { LagSeconds: < MostLagSeconds } status && status.HeadNumber - status.Position?.Number <= MostWaiting;

    // What goes on being added to would have to be merged again and again: the newest file of a day that is not over.
    private bool IsDone(SearchCatalog.Contents contents, SearchFile file) =>
        file.Day < Partition.DayOf(Timestamp.From(time.GetUtcNow())) || contents.Files.Any(other => other.Day == file.Day && other.Sequence > file.Sequence);

    [LoggerMessage(EventId = 457, Level = LogLevel.Warning, Message = "Upkeep of the full-text index has to wait: {Why}")]
    private partial void Delayed(string why);
}
