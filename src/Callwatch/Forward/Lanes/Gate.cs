using Callwatch.Spans;

namespace Callwatch.Forward.Lanes;

/// <summary>The permission to make one request.</summary>
/// <param name="Generation">Of the gate when it was given: what a request tells of a platform that has changed since is old news.</param>
internal readonly record struct Ticket(long Generation, bool IsProbe);

/// <summary>
/// The circuit breaker of a destination, shared by its live lane, its replays and its dead letters. While the platform is in trouble one request
/// at a time goes out, after growing waits, to see whether it has recovered; what one was told to wait, all wait. Thread-safe.
/// </summary>
/// <param name="closed">Told when trouble begins, for the log: seldom, however often the platform comes and goes.</param>
internal sealed class Gate(ForwardOptions options, Random chance, TimeProvider time, Action<PlatformWords, TimeSpan>? closed = null)
{
    private const int LastingAfter = 3;
    private static readonly TimeSpan ToldAtMostEvery = TimeSpan.FromMinutes(10);

    private readonly Lock gate = new();
    private readonly Backoff backoff = new(options, chance);
    private readonly List<DateTimeOffset> pauses = [];
    private TaskCompletionSource changed = New();
    private TaskCompletionSource atOnce = New();
    private bool isClosed;
    private bool isBlocked;
    private bool isProbed;
    private int wanting;
    private long generation;
    private long closedAt;
    private TimeSpan wait;
    private long successes;
    private long failuresBeforeSuccess;
    private (int? Status, long At)? told;

    /// <summary>Requests the platform has answered as platforms in health do; to see whether others pass while one does not.</summary>
    public long Successes => Volatile.Read(ref successes);

    /// <summary>How often those had failed before. What still fails is not in it: it may be to blame itself.</summary>
    public long FailuresBeforeSuccess => Volatile.Read(ref failuresBeforeSuccess);

    /// <summary>The platform takes what is sent, as far as is known.</summary>
    public bool IsOpen
    {
        get
        {
            lock (gate) return !isClosed;
        }
    }

    /// <summary>The platform has failed several times in a row.</summary>
    public bool IsLasting
    {
        get
        {
            lock (gate) return isClosed && backoff.Failures >= LastingAfter;
        }
    }

    public LaneError? LastError { get; private set; }

    /// <summary><see cref="LaneState.Retrying"/> or <see cref="LaneState.Blocked"/> while something waits for the platform to recover; else null.</summary>
    public LaneState? Trouble
    {
        get
        {
            lock (gate)
            {
                if (isClosed && (isProbed || wanting > 0)) return isBlocked ? LaneState.Blocked : LaneState.Retrying;
                return pauses.Count > 0 ? LaneState.Retrying : null;
            }
        }
    }

    /// <summary>When the next attempt is made; null while nothing waits for one.</summary>
    public DateTimeOffset? NextAttempt
    {
        get
        {
            lock (gate)
            {
                var probe = isClosed && !isProbed && wanting > 0 ? time.GetUtcNow() + Left : (DateTimeOffset?)null;
                return pauses.Count > 0 && (probe is null || pauses.Min() < probe) ? pauses.Min() : probe;
            }
        }
    }

    /// <summary>Somebody has something to send until this is disposed of: also between two attempts there is trouble to speak of.</summary>
    public IDisposable Want()
    {
        lock (gate) wanting++;
        return new Wish(this);
    }

    /// <summary>Completes when a request may be made: at once in health, else when it is one's turn to look.</summary>
    public async Task<Ticket> EnterAsync(CancellationToken cancel)
    {
        lock (gate) wanting++;
        try
        {
            while (true)
            {
                cancel.ThrowIfCancellationRequested();
                TimeSpan left;
                Task news;
                lock (gate)
                {
                    left = Left;
                    if (!isClosed || (!isProbed && left <= TimeSpan.Zero)) return new Ticket(generation, isProbed = isClosed);
                    (left, news) = (isProbed ? Timeout.InfiniteTimeSpan : left, changed.Task);
                }

                await WaitAsync(news, left, () => !isProbed && Left <= TimeSpan.Zero, cancel);
            }
        }
        finally
        {
            lock (gate) wanting--;
        }
    }

    /// <param name="failuresBefore">How often the same request had failed before.</param>
    public void Succeeded(Ticket ticket, int failuresBefore = 0)
    {
        lock (gate)
        {
            successes++;
            failuresBeforeSuccess += failuresBefore;

            // An answer to a request from before the trouble does not end what the platform has asked for since.
            if (!isClosed || ticket.Generation != generation) return;
            (isClosed, isBlocked, isProbed) = (false, false, false);
            generation++;
            backoff.Succeeded();
            Tell();
        }
    }

    /// <summary>How long it is until the next attempt.</summary>
    /// <param name="asked">What the platform asked to wait.</param>
    /// <param name="blocked">It refuses us, rather than being in trouble.</param>
    public TimeSpan Failed(Ticket ticket, PlatformWords words, TimeSpan? asked, bool blocked)
    {
        TimeSpan until;
        bool isNew;
        lock (gate)
        {
            isNew = !isClosed || isBlocked != blocked;
            Note(words, blocked);
            if (ticket.Generation == generation)
            {
                wait = backoff.Next(asked);

                // A key that is refused is seldom mended within seconds, and asking again and again has been taken for an attack.
                if (blocked && backoff.Failures > 1 && wait < options.MaxDelay) wait = options.MaxDelay;
                (isClosed, isBlocked, isProbed, closedAt) = (true, blocked, false, time.GetTimestamp());
                generation++;
                Tell();
            }
            else if (isClosed && asked is { } given && Capped(given) > Left)
            {
                wait = Capped(given) + time.GetElapsedTime(closedAt);
                Tell();
            }

            until = Left;
        }

        if (isNew) Say(words, until);
        return until;
    }

    /// <summary>It was taken, and something was said of it that people should know.</summary>
    public void Warned(PlatformWords words) =>
        LastError = new LaneError(Timestamp.From(time.GetUtcNow()), words.Status, "All was taken, with a warning: " + words.Message, words.Advice ?? Advice.Warning);

    /// <summary>It has failed where others pass, and waits by itself.</summary>
    public void FailedAlone(Ticket ticket, PlatformWords words)
    {
        Note(words, blocked: false);
        BrokenOff(ticket);
    }

    /// <summary>A request that was begun has no end: it was broken off.</summary>
    public void BrokenOff(Ticket ticket)
    {
        lock (gate)
        {
            if (!ticket.IsProbe || ticket.Generation != generation) return;
            isProbed = false;
            Tell();
        }
    }

    /// <summary>A wait of one's own, while the platform takes other things.</summary>
    /// <param name="words">Why; null when that is known already.</param>
    public async Task PauseAsync(PlatformWords? words, TimeSpan pause, CancellationToken cancel)
    {
        var due = time.GetUtcNow() + pause;
        Task early;
        lock (gate)
        {
            if (words is not null) Note(words, blocked: false);
            pauses.Add(due);
            early = atOnce.Task;
        }

        try
        {
            await WaitAsync(early, WholeMilliseconds(pause), () => time.GetUtcNow() >= due, cancel);
        }
        finally
        {
            lock (gate) pauses.Remove(due);
        }
    }

    /// <summary>Ends all waits: a person wants the next attempt now.</summary>
    public void TryAtOnce()
    {
        lock (gate)
        {
            wait = TimeSpan.Zero;
            var waiting = atOnce;
            atOnce = New();
            waiting.TrySetResult();
            Tell();
        }
    }

    /// <summary>Something other than the platform is wrong.</summary>
    public void Note(string message, string advice) => LastError = new LaneError(Timestamp.From(time.GetUtcNow()), null, message, advice);

    private TimeSpan Left => isClosed ? WholeMilliseconds(wait - time.GetElapsedTime(closedAt)) : TimeSpan.Zero;

    private void Note(PlatformWords words, bool blocked) =>
        LastError = new LaneError(Timestamp.From(time.GetUtcNow()), words.Status, words.Message, Advice.On(words, blocked));

    private TimeSpan Capped(TimeSpan given) => given < options.MaxRetryAfter ? given : options.MaxRetryAfter;

    private void Tell()
    {
        var waiting = changed;
        changed = New();
        waiting.TrySetResult();
    }

    private void Say(PlatformWords words, TimeSpan until)
    {
        lock (gate)
        {
            if (told is { } last && last.Status == words.Status && time.GetElapsedTime(last.At) < ToldAtMostEvery) return;
            told = (words.Status, time.GetTimestamp());
        }

        closed?.Invoke(words, until);
    }

    // Timers know milliseconds: waking a fraction too early would mean asking the clock again and again.
    private static TimeSpan WholeMilliseconds(TimeSpan span) => TimeSpan.FromMilliseconds(Math.Ceiling(span.TotalMilliseconds));

    /// <param name="isOver">Asked once the timer runs: the time may have passed while it was being made.</param>
    private async Task WaitAsync(Task news, TimeSpan most, Func<bool> isOver, CancellationToken cancel)
    {
        using var early = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var timer = Task.Delay(most, time, early.Token);
        bool isOverNow;
        lock (gate) isOverNow = isOver();
        if (!isOverNow) await Task.WhenAny(news, timer);
        await early.CancelAsync();
        cancel.ThrowIfCancellationRequested();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Wish(Gate of) : IDisposable
    {
        public void Dispose()
        {
            lock (of.gate) of.wanting--;
        }
    }
}
