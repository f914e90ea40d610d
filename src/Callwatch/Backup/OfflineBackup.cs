using Callwatch.Journal;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callwatch.Backup;

/// <summary>A backup of a data folder that no server uses.</summary>
public static class OfflineBackup
{
    /// <exception cref="StartRefusedException">The folder is in use, of a newer program, or cannot be written.</exception>
    public static async Task<BackupResult> MakeAsync(string data, string directory, string? since, Action<BackupProgress> progress, TimeProvider time, CancellationToken cancel)
    {
        using var folder = DataFolder.Open(data);
        using var hold = new DataHold();

        // Opened as a start opens it: what a crash has left of the last write is cut off before it is copied.
        await using var journal = SegmentJournal.Open(
            new CallwatchOptions { Data = folder.Path }.JournalFolder, new JournalOptions { BallastBytes = 0 }, time, new Counters(), NullLogger<SegmentJournal>.Instance);
        return await new Backups(folder.Path, journal, hold, time, writer: null).MakeAsync(directory, since, progress, cancel);
    }
}
