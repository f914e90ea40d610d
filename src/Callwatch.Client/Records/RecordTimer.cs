namespace Callwatch.Client.Records;

/// <summary>Measures what a record tells of: the start by the clock with its zone, the length by the monotonic one, so that a clock set meanwhile changes nothing.</summary>
public readonly struct RecordTimer
{
    private readonly TimeProvider time;
    private readonly long began;

    private RecordTimer(TimeProvider time) => (this.time, StartTime, began) = (time, time.GetUtcNow(), time.GetTimestamp());

    /// <summary>When it was started, in UTC.</summary>
    public DateTimeOffset StartTime { get; }

    /// <summary>Now, as long after the start as has passed.</summary>
    public DateTimeOffset EndTime => StartTime + Elapsed;

    /// <summary>How long ago that was.</summary>
    public TimeSpan Elapsed => time is null ? TimeSpan.Zero : time.GetElapsedTime(began);

    /// <summary>Starts now.</summary>
    /// <param name="time">The clock; the system's when null.</param>
    public static RecordTimer Start(TimeProvider? time = null) => new(time ?? TimeProvider.System);
}
