namespace Callwatch.Testing;

/// <summary>
/// The machine's clock, but what is limited in time may take sixty times as long: for tests that ask what comes, whatever the machine has to do
/// beside them. What only waits for its time waits as long as ever.
/// </summary>
/// <param name="isMeant">Which limits may take longer; null: all.</param>
/// <param name="waitsToo">Whether waits are limits too, as where a task is given so long.</param>
public sealed class PatientTime(Func<TimeSpan, bool>? isMeant = null, bool waitsToo = false) : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, dueTime > TimeSpan.Zero && (waitsToo || state is CancellationTokenSource) && isMeant?.Invoke(dueTime) != false ? dueTime * Times : dueTime, period);

    private const int Times = 60;
}

/// <summary>By this clock no time passes while something is done, so that nothing takes too long; its date is that of the other.</summary>
public sealed class StillTime(TimeProvider date) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => date.GetUtcNow();

    public override long GetTimestamp() => 0;

    public override TimeZoneInfo LocalTimeZone => date.LocalTimeZone;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => date.CreateTimer(callback, state, dueTime, period);
}
