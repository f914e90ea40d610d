using Callwatch.Journal.Segments;
using Callwatch.Journal.Writing;
using Microsoft.Extensions.Logging;

namespace Callwatch.Journal.Sealing;

/// <summary>
/// Rewrites full segments: chooses a window of them, lays their records out by tenant, app and session, reads back what it wrote and compares it with the
/// originals byte for byte, and puts it in their place. Until that last step nothing of it is seen, and whatever goes wrong leaves the originals.
/// </summary>
internal sealed partial class Sealer(
    SegmentJournal journal, JournalOptions options, IEnumerable<IJournalReader> readers, IJournalFiles files, TimeProvider time, IPace pace, ILogger log, DataHold? hold = null)
{
    /// <summary>Windows that may wait for a reader that has still to read them; more are sealed although it has not.</summary>
    private const int MostWaitingForReaders = 4;

    private const int MostSources = 10_000;

    /// <summary>Seals the oldest window that is due; false when none is, or it could not be done (<see cref="SealingState.Error"/>).</summary>
    public bool SealOne()
    {
        // What has vanished must not be sealed as if it were there.
        journal.Gaps.Look();
        if (Due() is not { Count: > 0 } sources) return false;
        if (!HasRoomFor(sources))
        {
            journal.Sealing.Failed("There is not enough room on the disk for a window beside its originals.");
            return false;
        }

        var began = time.GetTimestamp();
        var job = new SealingJob(journal, sources, files, time, pace);
        try
        {
            job.Write();
            job.Check();
            if (!job.Commit(WaitForLeave)) return false;
            journal.Sealing.Sealed(job.PayloadBytes);
            if (job.Trouble is { } trouble) journal.Sealing.Failed(trouble);
            Sealed(log, job.First, job.Last, job.PayloadBytes, job.StoredBytes, time.GetElapsedTime(began).TotalSeconds);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            // It would differ again: what is at fault is not the disk of a moment.
            if (e is InvalidDataException) sources.ForEach(source => source.StaysUnsealed = true);
            journal.Sealing.Failed(e is InvalidDataException ? e.Message : "The disk refused: " + e.Message.ReplaceLineEndings(" "));
            NotSealed(log, job.First, job.Last, e);
            return false;
        }
        finally
        {
            job.CleanUp();
        }
    }

    /// <summary>The oldest full segments that may and should be sealed together; null when none are.</summary>
    private List<Segment>? Due()
    {
        var parts = journal.Segments.All;
        var waiting = parts.OfType<Segment>().Where(segment => segment.IsFull).Sum(segment => segment.FileBytes);
        journal.Sealing.IsFarBehind = waiting > 2 * MostWaitingForReaders * options.SealWindowBytes;
        var seen = waiting > MostWaitingForReaders * options.SealWindowBytes ? long.MaxValue : SeenByAll();
        for (var i = 0; i + 1 < parts.Count; i++)
        {
            if (!MayBeSealed(parts[i], seen)) continue;
            var (run, bytes, next) = (new List<Segment>(), 0L, i);
            // The last part is being written, or would be gone on with at the next start.
            for (; next + 1 < parts.Count && bytes < options.SealWindowBytes && run.Count < MostSources && MayBeSealed(parts[next], seen) && !IsGapBefore(parts, next, i); next++)
            {
                run.Add((Segment)parts[next]);
                bytes += run[^1].FileBytes;
            }

            var isEnough = bytes >= options.SealWindowBytes || run.Count == MostSources || parts[next] is not Segment { StaysUnsealed: false } || IsGapBefore(parts, next, i);
            if (isEnough || IsOld(parts[i + 1])) return run;
            i = next;
        }

        return null;
    }

    // A window is one stretch of numbers: what is gone from the middle would look as if it had been sealed.
    private static bool IsGapBefore(IReadOnlyList<JournalPart> parts, int at, int first) => at > first && parts[at].NumberBefore > parts[at - 1].LastNumber;

    private static bool MayBeSealed(JournalPart part, long seen) => part is Segment { IsFull: true, StaysUnsealed: false } segment && segment.LastNumber <= seen;

    // A segment was full when the one after it was made.
    private bool IsOld(JournalPart next) =>
        next is not Segment segment || (time.GetUtcNow() - segment.Header.CreatedAt.ToDateTimeOffset()).Duration() >= options.SealAge;

    /// <summary>What is still to be read is read more cheaply as it was written.</summary>
    private long SeenByAll()
    {
        var seen = long.MaxValue;
        foreach (var reader in readers)
            if (reader.Place is { } place && place.Epoch == journal.Epoch) seen = Math.Min(seen, place.Number);
        return seen;
    }

    private bool HasRoomFor(List<Segment> sources)
    {
        var disk = journal.Disk.LookAgain();
        return !disk.IsKnown || disk.FreeBytes - sources.Sum(segment => segment.FileBytes) >= journal.Disk.KeepFreeBytes(disk) / 2;
    }

    private IDisposable? WaitForLeave()
    {
        if (hold is null) return null;
        while (true)
        {
            if (hold.TryRemove() is { } leave) return leave;
            // A backup copies the originals.
            pace.Wait();
        }
    }

    [LoggerMessage(EventId = 251, Level = LogLevel.Information, Message = "Sealed journal records {First} to {Last}: {PayloadBytes} bytes in {StoredBytes}, {Seconds} s")]
    private static partial void Sealed(ILogger log, long first, long last, long payloadBytes, long storedBytes, double seconds);

    [LoggerMessage(EventId = 252, Level = LogLevel.Error, Message = "Journal records {First} to {Last} could not be sealed and stay as they are")]
    private static partial void NotSealed(ILogger log, long first, long last, Exception reason);
}
