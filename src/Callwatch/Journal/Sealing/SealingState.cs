namespace Callwatch.Journal.Sealing;

/// <summary>How sealing went last, for System and for knowing when to try again.</summary>
internal sealed class SealingState(TimeProvider time)
{
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private string? error;
    private long failedAt;
    private long payloadBytes;
    private bool isFarBehind;

    public string? Error
    {
        get
        {
            lock (gate) return error;
        }
    }

    /// <summary>Set while so much waits that sealing should hurry, or the disk fills with what it has not come to.</summary>
    public bool IsFarBehind
    {
        get => Volatile.Read(ref isFarBehind);
        set => Volatile.Write(ref isFarBehind, value);
    }

    /// <summary>Sealed since the start.</summary>
    public long PayloadBytes => Volatile.Read(ref payloadBytes);

    /// <summary>False for a while after a failure: a disk that refuses is not asked again and again.</summary>
    public bool MayTry
    {
        get
        {
            lock (gate) return error is null || time.GetElapsedTime(failedAt) >= TryAgainAfter;
        }
    }

    public void Failed(string why)
    {
        lock (gate) (error, failedAt) = (why, time.GetTimestamp());
    }

    public void Sealed(long bytes)
    {
        Interlocked.Add(ref payloadBytes, bytes);
        lock (gate) error = null;
    }
}
