using Callwatch.Store.Reading;
using Callwatch.Store.Writing;
using Microsoft.Data.Sqlite;

namespace Callwatch.Backup.Copying;

/// <summary>Copies SQLite files into a backup.</summary>
internal static class Databases
{
    /// <summary>Pages of one step: a few milliseconds.</summary>
    private const int StepPages = 512;

    /// <summary>After so many new beginnings of a copy, because the file is written all the time, the whole of it is copied in one step.</summary>
    private const int MostRestarts = 20;

    private const int SyncEverySteps = 16;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <param name="writer">Has the store's files open for writing; null when nobody has.</param>
    /// <returns>False when the file is gone.</returns>
    public static async Task<bool> CopyAsync(string file, string path, BackupTarget target, (StoreWriter Writer, WriterThread Thread)? writer, CancellationToken cancel)
    {
        if (!File.Exists(file)) return false;
        var to = target.Place(path);
        try
        {
            if (writer is not var (store, thread) || !await CopyBesideAsync(store, thread, file, to, target.Time, cancel))
            {
                File.Delete(to);
                await CopyAloneAsync(file, to, target.Time, cancel);
            }
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_CORRUPT)
        {
            // A damaged file is kept as it is, for whoever mends it. Only such a one may be opened by other means than SQLite's own while
            // the server runs: closing it would give up all locks that the process holds on it.
            File.Delete(to);
            return target.Copy(file, path, length: null, cancel);
        }

        Sync(to);
        target.Adopt(path, cancel);
        return true;
    }

    /// <summary>Through the writer's own connection, between its batches: what it writes meanwhile comes along. False when it has the file no longer, or not open.</summary>
    private static async Task<bool> CopyBesideAsync(StoreWriter writer, WriterThread thread, string file, string to, TimeProvider time, CancellationToken cancel)
    {
        var name = Path.GetFileName(file);
        var lent = await thread.RunAsync(() => writer.ConnectionOf(name));
        if (lent is null) return false;
        var copy = await thread.RunAsync(() => writer.ConnectionOf(name) == lent ? new DatabaseCopy(file, to, lent) : null);
        if (copy is null) return false;
        try
        {
            for (var step = 1; ; step++)
            {
                cancel.ThrowIfCancellationRequested();
                var done = await thread.RunAsync(() => writer.ConnectionOf(name) == lent ? copy.Step(StepPages) : (bool?)null);
                if (done is null || copy.Restarts > MostRestarts) return false;
                if (done.Value) return true;
                if (step % SyncEverySteps == 0) Sync(to);
                await Task.Delay(Pause, time, cancel);
            }
        }
        finally
        {
            await thread.RunAsync(copy.Dispose);
        }
    }

    private static async Task CopyAloneAsync(string file, string to, TimeProvider time, CancellationToken cancel)
    {
        using var copy = new DatabaseCopy(file, to, lent: null);
        var pages = DatabaseCopy.PagesAtOnce;
        for (var step = 1; ; step++)
        {
            cancel.ThrowIfCancellationRequested();
            if (copy.Step(pages)) return;
            // Somebody else writes it without end: better one long read than no backup.
            pages = copy.Restarts > MostRestarts ? -1 : StepPages;
            if (step % SyncEverySteps == 0) Sync(to);
            await Task.Delay(Pause, time, cancel);
        }
    }

    private static void Sync(string file)
    {
        using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.FlushToDisk(handle);
    }
}
