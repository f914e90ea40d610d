namespace Callwatch.Client.Records;

/// <summary>Why a record was dropped.</summary>
internal enum Drop
{
    QueueFull,
    Refused,
    SpoolFull,
    Unreadable,
    Stopped,
}

/// <summary>Counts what becomes of records; thread-safe.</summary>
internal sealed class Tally
{
    private readonly long[] dropped = new long[Enum.GetValues<Drop>().Length];
    private long taken;
    private long sent;
    private long retries;

    public void Took() => Interlocked.Increment(ref taken);

    public void Sent(long count) => Interlocked.Add(ref sent, count);

    public void Retried() => Interlocked.Increment(ref retries);

    public void Dropped(Drop why, long count = 1)
    {
        if (count == 0) return;
        Interlocked.Add(ref dropped[(int)why], count);
        if (RecordEvents.Log.IsEnabled()) RecordEvents.Log.Dropped(why.ToString(), count);
    }

    public RecorderCounts Counts() => new(
        Interlocked.Read(ref taken), Interlocked.Read(ref sent), Of(Drop.QueueFull), Of(Drop.Refused), Of(Drop.SpoolFull), Of(Drop.Unreadable), Of(Drop.Stopped), Interlocked.Read(ref retries));

    private long Of(Drop why) => Interlocked.Read(ref dropped[(int)why]);
}
