using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rollups;

namespace Callwatch.Store.Derived;

/// <summary>
/// Sees to it that figures by few dimensions stand for every hour that is over and for every day whose partition is closed. In small
/// rounds, so that storing and questions do not feel it.
/// </summary>
internal sealed class DerivationRounds(StoreFolder folder, TimeProvider time)
{
    /// <summary>After the end of an hour: most of its spans have come by then.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(5);

    /// <summary>Without a new row: what comes late to a closed partition comes with others.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(10);

    /// <summary>Longest that a round goes on beginning another hour.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(150);

    // Up to which batch a partition is known to stand, and up to which moment.
    private readonly Dictionary<string, (long Applied, long Until, bool Closed)> done = [];
    private readonly Dictionary<string, (long Applied, long Since)> changed = [];

    /// <summary>Newest first: what happened lately is asked for most.</summary>
    public void Round(CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        foreach (var partition in folder.Partitions)
        {
            cancel.ThrowIfCancellationRequested();
            if (time.GetElapsedTime(started) >= Longest) return;
            if (IsDue(partition, out var until)) Make(partition, until, started, cancel);
        }
    }

    /// <summary>All that can be made of everything, for whoever wants to wait for it.</summary>
    public void Finish(CancellationToken cancel)
    {
        foreach (var partition in folder.Partitions)
        {
            if (partition.Applied == 0) continue;
            using var derivation = new Derivation(Path.Combine(folder.Folder, partition.File));
            derivation.MakeAll(cancel);
            derivation.Checkpoint();
        }
    }

    private bool IsDue(Partition partition, out long until)
    {
        var now = time.GetUtcNow();
        until = Math.Min(partition.To.UnixSeconds, Timestamp.From(now - Grace).UnixSeconds / 3_600 * 3_600);
        if (partition.Applied == 0 || until <= partition.From.UnixSeconds) return false;
        if (!changed.TryGetValue(partition.File, out var last) || last.Applied != partition.Applied) changed[partition.File] = last = (partition.Applied, time.GetTimestamp());
        if (!done.TryGetValue(partition.File, out var known)) return true;
        if (known == (partition.Applied, until, partition.Closed)) return false;

        // An open partition gets an hour when it is over; one that gets late spans now and then waits until they have come.
        return known.Until < until || known.Closed != partition.Closed || time.GetElapsedTime(last.Since) >= Quiet;
    }

    private void Make(Partition partition, long until, long started, CancellationToken cancel)
    {
        using var derivation = new Derivation(Path.Combine(folder.Folder, partition.File));
        for (var from = partition.From.UnixSeconds; derivation.NextHour(from) is { } hour && hour < until; from = hour + 3_600)
        {
            cancel.ThrowIfCancellationRequested();
            // One that somebody keeps changing is left for a quiet moment.
            derivation.Make(RollupLevel.Hour, hour);
            if (time.GetElapsedTime(started) >= Longest) return;
        }

        if (partition.Closed)
        {
            for (var from = partition.From.UnixSeconds; derivation.NextDay(from) is { } day; from = day + 86_400)
            {
                cancel.ThrowIfCancellationRequested();
                derivation.Make(RollupLevel.Day, day);
                if (time.GetElapsedTime(started) >= Longest) return;
            }

            derivation.Checkpoint();
            if (!IsWhole(derivation, partition)) return;
        }

        done[partition.File] = (partition.Applied, until, partition.Closed);
    }

    private static bool IsWhole(Derivation derivation, Partition partition) =>
        derivation.NextHour(partition.From.UnixSeconds) is null && derivation.NextDay(partition.From.UnixSeconds) is null;
}
