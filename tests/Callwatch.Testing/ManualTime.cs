namespace Callwatch.Testing;

/// <summary>A clock moved by hand: timers fire inside <see cref="Advance"/>, in order of their due time.</summary>
public sealed class ManualTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<ManualTimer> timers = [];
    private DateTimeOffset now = start;
    private TimeSpan leapt;

    public ManualTime()
        : this(new DateTimeOffset(2026, 9, 17, 12, 0, 0, TimeSpan.Zero))
    {
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate) return now;
    }

    public override long GetTimestamp()
    {
        lock (gate) return (now - leapt).UtcTicks;
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Puts the clock on, or back, without any time passing: no timer fires, and none is put off.</summary>
    public void Leap(TimeSpan by)
    {
        lock (gate)
        {
            now += by;
            leapt += by;
            foreach (var timer in timers) timer.Leap(by);
        }
    }

    public void Advance(TimeSpan by)
    {
        var target = GetUtcNow() + by;
        while (true)
        {
            ManualTimer? next;
            lock (gate)
            {
                next = timers.Where(timer => timer.Due <= target).MinBy(timer => timer.Due);
                now = next is null ? target : next.Due > now ? next.Due!.Value : now;
                if (next is not null && !next.Rearm()) timers.Remove(next);
            }

            if (next is null) return;
            next.Fire();
        }
    }

    /// <summary>
    /// Goes on to where the next wait ends; false when nothing waits. While something is done under a time limit, as a request on a real socket is,
    /// the clock stands: it goes faster than any socket, and the limit would have passed before the answer could come.
    /// </summary>
    public bool PassWait() => PassTo(() => timers.Exists(timer => timer.IsLimit) ? null : timers.Min(timer => timer.Due));

    /// <summary>What is done under a time limit has taken too long; false when nothing is, which may only not have begun.</summary>
    public bool PassLimit() => PassTo(() => timers.Where(timer => timer.IsLimit).Min(timer => timer.Due));

    /// <summary>Passes one wait after the other until it is so, however late those who wait begin to.</summary>
    public Task PassWaitsUntilAsync(Func<bool> isSo, string what) => Eventually.HoldsAsync(
        () =>
        {
            if (isSo()) return true;
            PassWait();
            return false;
        },
        what,
        within: TimeSpan.FromMinutes(5));

    // The clock has moved before anybody else can look at it: what is begun meanwhile, with a limit of its own, is begun afterwards.
    private bool PassTo(Func<DateTimeOffset?> next)
    {
        lock (gate)
        {
            if (next() is not { } due) return false;
            if (due > now) now = due;
        }

        Advance(TimeSpan.Zero);
        return true;
    }

    private sealed class ManualTimer(ManualTime clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan period;

        public DateTimeOffset? Due { get; private set; }

        /// <summary>It ends what takes too long; nobody waits for it.</summary>
        public bool IsLimit => state is CancellationTokenSource;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.gate)
            {
                this.period = period;
                clock.timers.Remove(this);
                Due = dueTime == Timeout.InfiniteTimeSpan ? null : clock.now + dueTime;
                if (Due is not null) clock.timers.Add(this);
            }

            return true;
        }

        public void Leap(TimeSpan by) => Due += by;

        public bool Rearm()
        {
            Due = period > TimeSpan.Zero ? Due + period : null;
            return Due is not null;
        }

        public void Fire() => callback(state);

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
