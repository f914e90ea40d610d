namespace Callwatch.Client.Sentry.Profiles;

/// <summary>
/// Takes one profile at a time, of at most 30 seconds: more at once would be the same samples twice, and each slows the whole process while it is
/// taken. All of it happens on a thread of its own.
/// </summary>
internal sealed class Profiler(TimeProvider time)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(29);

    private readonly Lock gate = new();
    private readonly SourceLines lines = new(time);
    private ProfileRun? running;
    private Task last = Task.CompletedTask;
    private bool stopped;
    private int failures;

    /// <summary>Completes when no profile is on its way.</summary>
    public Task Pending
    {
        get
        {
            lock (gate) return last;
        }
    }

    /// <summary>Null when another one is being taken, or none can be.</summary>
    public ProfileRun? TryBegin()
    {
        lock (gate)
        {
            if (stopped || running is not null || failures > 2) return null;
            running = new ProfileRun();
            running.Work = Task.Factory.StartNew(Take, running, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            return running;
        }
    }

    /// <summary>Its transaction has ended.</summary>
    /// <param name="done">Is given the profile, null where there is none worth sending; in the background.</param>
    public void End(ProfileRun run, Action<Profile?> done)
    {
        run.Until = time.GetUtcNow();
        run.Over.Set();
        lock (gate) last = Task.WhenAll(last, PassOnAsync(run, done));
    }

    public async Task StopAsync()
    {
        ProfileRun? left;
        lock (gate)
        {
            stopped = true;
            left = running;
        }

        if (left is null) return;
        left.Over.Set();
        await Task.WhenAny(Pending, Task.Delay(TimeSpan.FromSeconds(1), time)).ConfigureAwait(false);
    }

    private async Task PassOnAsync(ProfileRun run, Action<Profile?> done)
    {
        await run.Work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Files are read for it: on a thread of its own, as all the rest.
        var profile = await Task.Factory.StartNew(() => ProfileOf(run), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        done(profile);
    }

    private Profile? ProfileOf(ProfileRun run)
    {
        try
        {
            return run.Until is { } until && run.Sink is { } sink ? sink.Profile(until, lines) : null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Failed(e.GetType().Name);
            return null;
        }
    }

    private void Take(object? state)
    {
        var run = (ProfileRun)state!;
        try
        {
            using var port = DiagnosticPort.Open();
            if (port is null)
            {
                Failed("the runtime has no diagnostic port");
                return;
            }

            var sink = new SampleSink();
            var ending = Task.Factory.StartNew(() => End(run, port), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            if (new Nettrace(port.Events, sink).Read()) run.Sink = sink;
            else Failed("what the runtime sent could not be read");
            run.Over.Set();
            _ = ending;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Failed(e.GetType().Name);
        }
        finally
        {
            lock (gate) running = null;
        }
    }

    // While what is left is still being read: the runtime answers after it has written it all.
    private static void End(ProfileRun run, DiagnosticPort port)
    {
        try
        {
            run.Over.Wait(Longest);
            port.End();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            SentryEvents.Log.NoProfile(e.GetType().Name);
        }
    }

    private void Failed(string why)
    {
        Interlocked.Increment(ref failures);
        SentryEvents.Log.NoProfile(why);
    }
}

/// <summary>A profile being taken.</summary>
internal sealed class ProfileRun
{
    public ManualResetEventSlim Over { get; } = new(initialState: false);

    public Task Work { get; set; } = Task.CompletedTask;

    public DateTimeOffset? Until { get; set; }

    public SampleSink? Sink { get; set; }
}
