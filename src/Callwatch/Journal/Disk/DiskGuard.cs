using Callwatch.Journal.Writing;

namespace Callwatch.Journal.Disk;

/// <summary>Decides whether there is room to accept anything, and holds the ballast.</summary>
internal sealed class DiskGuard(string folder, JournalOptions options, IDiskSpace space, IJournalFiles files, TimeProvider time)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly Ballast ballast = new(folder, options.BallastBytes, files);
    private long lookedAt = long.MinValue;
    private DiskSpace seen = DiskSpace.Unknown;
    private bool hasRoom;
    private bool ballastGivenUp;

    /// <summary>Whether there is room, as of at most a second ago.</summary>
    public bool HasRoom
    {
        get
        {
            lock (gate)
            {
                if (lookedAt == long.MinValue || time.GetElapsedTime(lookedAt) >= LookEvery) Look();
                return hasRoom;
            }
        }
    }

    public DiskSpace Space
    {
        get
        {
            _ = HasRoom;
            lock (gate) return seen;
        }
    }

    /// <summary>Room that is to stay free, in bytes.</summary>
    public long KeepFreeBytes(DiskSpace disk) => options.KeepFreeBytes(disk.TotalBytes);

    /// <summary>Looks now.</summary>
    public DiskSpace LookAgain()
    {
        lock (gate)
        {
            Look();
            return seen;
        }
    }

    public void ReleaseBallast()
    {
        lock (gate)
        {
            ballast.Release();
            ballastGivenUp = true;
        }
    }

    public void RestoreBallast()
    {
        lock (gate)
        {
            Look();
            ballast.Restore(seen.FreeBytes, KeepFreeBytes(seen));
            ballastGivenUp &= ballast.MissingBytes > 0;
        }
    }

    private void Look()
    {
        lookedAt = time.GetTimestamp();
        try
        {
            seen = space.Of(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A disk that cannot say how full it is may still be written; a failing write speaks for itself.
            hasRoom = true;
            return;
        }

        // The room a given-up ballast left is for cleaning: counted as free, it would let the disk fill, be cleaned and fill again.
        hasRoom = seen.FreeBytes >= KeepFreeBytes(seen) + (ballastGivenUp ? ballast.MissingBytes : 0);
    }
}
