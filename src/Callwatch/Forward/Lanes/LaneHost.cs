using System.Collections.Concurrent;
using Callwatch.Spans;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Callwatch.Forward.Lanes;

/// <summary>Where a destination gets its client from: one that guards every connect, refuses redirects and keeps no cookies.</summary>
public interface IOutboundHttp
{
    /// <summary>A client of the destination's own; disposed of with its lane.</summary>
    HttpClient ClientFor(int tenantId, OutboundTls? tls);
}

/// <summary>Certificates a destination asks for, as PEM.</summary>
public sealed record OutboundTls(string? Authority, string? ClientCertificate, string? ClientKey);

/// <summary>A replay as people see it.</summary>
public sealed record ReplayStatus(int Id, Timestamp From, Timestamp To, Timestamp Created, Timestamp? Ended, long Position, long Until, long Sent, long Refused, long Expired);

/// <summary>The lanes as the API and the pages use them; thread-safe.</summary>
public interface ILanes
{
    /// <summary>Null when nobody knows the destination.</summary>
    LaneStatus? Status(int destination);

    /// <summary>The next attempt, and marked dead letters, at once.</summary>
    void TryAtOnce(int destination);

    /// <summary>Begins to send again what was received in the range.</summary>
    ReplayStatus Replay(int destination, Timestamp from, Timestamp to);

    IReadOnlyList<ReplayStatus> Replays(int destination);

    /// <summary>False when there is no such replay, or it has ended.</summary>
    bool EndReplay(int destination, int replay);

    /// <summary>When the destination's lane was done with the settled number; null when it is not, or never had to do with it.</summary>
    Timestamp? DeliveredAt(int destination, long seq);

    /// <summary><c>expired</c> or <c>gone</c> where something of the settled number will never arrive by the live lane: its time was over, or the journal had lost it.</summary>
    string? LossOf(int destination, long seq) => null;

    /// <summary>Whether anything of the trace was ever on its way to the destination.</summary>
    bool WasSent(int destination, TraceId trace) => true;

    /// <summary>Where a person finds the trace; null when the destination has never been sent it, or has no such links.</summary>
    string? LinkTo(int destination, TraceId trace);
}

/// <summary>Runs one lane per destination, with its replays, and keeps them apart: only here any exception is caught, so that one platform's trouble is its own.</summary>
internal sealed partial class LaneHost(IDestinationDirectory directory, IOutboundHttp http, LaneServices services, ILogger<LaneHost> log) : BackgroundService, ILanes
{
    private static readonly TimeSpan AfterFault = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<int, Running> running = new();
    private readonly ConcurrentDictionary<int, LaneError> unstartable = new();

    public LaneStatus? Status(int destination) =>
        running.TryGetValue(destination, out var lane) ? lane.Live.Status() : Known(destination) is { } known ? StatusOf(known) : null;

    public void TryAtOnce(int destination)
    {
        if (running.TryGetValue(destination, out var lane)) lane.TryAtOnce();
    }

    public ReplayStatus Replay(int destination, Timestamp from, Timestamp to)
    {
        var row = services.Table.BeginReplay(destination, services.Settled.Before(from), services.Settled.Head, from, to);
        if (running.TryGetValue(destination, out var lane)) lane.BeginReplay(row);
        return StatusOf(row);
    }

    public IReadOnlyList<ReplayStatus> Replays(int destination) => [.. services.Table.Of(destination).Where(row => row.Key.Replay != 0).Select(StatusOf)];

    public bool EndReplay(int destination, int replay)
    {
        if (replay == 0 || !services.Table.End(new LaneKey(destination, replay))) return false;
        if (running.TryGetValue(destination, out var lane)) lane.EndReplay(replay);
        return true;
    }

    public Timestamp? DeliveredAt(int destination, long seq) => services.Table.DeliveredAt(destination, seq);

    public bool WasSent(int destination, TraceId trace) => services.Anchors.Find(destination, trace) is not null;

    public string? LossOf(int destination, long seq) => services.Table.LossOf(destination, seq)?.What;

    public string? LinkTo(int destination, TraceId trace) =>
        running.TryGetValue(destination, out var lane) && services.Anchors.Find(destination, trace) is { } anchor ? lane.Platform.LinkTo(trace, anchor) : null;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await services.Settled.Opened.WaitAsync(stoppingToken);
            await FollowAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is on its way may be sent once more after the next start, with the same ids.
        }
        finally
        {
            // Side by side: one that hangs holds up no other.
            await Task.WhenAll(running.Keys.Select(StopAsync));
        }
    }

    private async Task FollowAsync(CancellationToken cancel)
    {
        while (true)
        {
            var changed = directory.ChangedAsync(cancel);
            var isWhole = false;
            try
            {
                await AdjustAsync(directory.All);
                isWhole = unstartable.IsEmpty;
            }
            catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
            {
                CannotAdjust(e.GetType().Name, e.StackTrace);
            }

            using var early = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            await Task.WhenAny(changed, Task.Delay(isWhole ? Timeout.InfiniteTimeSpan : AfterFault, services.Time, early.Token));
            await early.CancelAsync();
            cancel.ThrowIfCancellationRequested();
        }
    }

    private async Task AdjustAsync(IReadOnlyList<Destination> wanted)
    {
        var runnable = wanted.Where(destination => destination is { Enabled: true, Paused: false, Config: not null }).ToDictionary(destination => destination.Id);
        await Task.WhenAll(running.Where(lane => !runnable.TryGetValue(lane.Key, out var now) || now.Revision != lane.Value.Destination.Revision).Select(lane => StopAsync(lane.Key)));
        foreach (var id in unstartable.Keys) unstartable.TryRemove(id, out _);
        foreach (var destination in runnable.Values)
            if (!running.ContainsKey(destination.Id)) Start(destination);

        Forget();
    }

    // What is known of destinations that are gone, also when a crash came between their going and this. Not what control data has never
    // heard of: an older copy of it, put back by mistake, must not take the places of all lanes with it.
    private void Forget()
    {
        foreach (var id in services.Table.Destinations().Where(id => !running.ContainsKey(id) && directory.IsGone(id))) services.Table.Forget(id);
    }

    private void Start(Destination destination)
    {
        HttpClient? client = null;
        try
        {
            client = http.ClientFor(destination.TenantId, destination.Kind.TlsOf(destination.Config!));
            var platform = destination.Kind.Create(destination.Config!, new DestinationContext(client, services.Time, Query.SystemQueries.Version));
            var row = services.Table.Begin(new LaneKey(destination.Id, 0), CursorOf(destination));
            var lane = new Running(destination, platform, client, row, services, log);
            running[destination.Id] = lane;
            lane.Start();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // One that had begun would go on with a client that is disposed.
            if (running.TryRemove(destination.Id, out var begun)) _ = begun.DisposeAsync().AsTask();
            else client?.Dispose();
            unstartable[destination.Id] = new LaneError(
                Timestamp.From(services.Time.GetUtcNow()), null, "The lane cannot be started (" + e.GetType().Name + ").", "It is tried again by itself; the log says more. Saving the destination anew checks its settings.");
            CannotStart(destination.Name, e.GetType().Name, e.StackTrace);
        }
    }

    private long CursorOf(Destination destination) => destination switch
    {
        // It had a place, which was lost with a damaged file: rather twice, with the same ids, than not at all.
        { CreatedAt: { } created, Start: StartAt.Now } when services.Table.LostAt is { } lost && created <= lost => services.Settled.Before(created),
        _ => CursorOf(destination.Start),
    };

    private long CursorOf(StartAt start) => start switch
    {
        StartAt.Beginning => services.Settled.First - 1,
        StartAt.Time time => services.Settled.Before(time.ReceivedAt),
        _ => services.Settled.Head,
    };

    private async Task StopAsync(int id)
    {
        if (running.TryRemove(id, out var lane)) await lane.DisposeAsync();
    }

    private Destination? Known(int id) => directory.All.FirstOrDefault(destination => destination.Id == id);

    private LaneStatus StatusOf(Destination known)
    {
        var row = services.Table.Find(new LaneKey(known.Id, 0));
        var error = known.Locked is { } locked
            ? new LaneError(Timestamp.From(services.Time.GetUtcNow()), null, locked, "Start with the master key that was in use when the secrets were saved, or enter them again.")
            : unstartable.GetValueOrDefault(known.Id) ?? (row?.Stopped is { } why ? LaneStops.ErrorOf(row, why) : null);
        var waiting = row is null ? null : OldestAfter(known.TenantId, row.Cursor);
        return new LaneStatus(
            error is not null && known is { Enabled: true, Paused: false } ? LaneState.Blocked : known.Enabled && !known.Paused ? LaneState.Idle : LaneState.Paused,
            row?.Cursor ?? 0, row is null ? 0 : Math.Max(0, services.Settled.Head - row.Cursor),
            waiting is { } since ? Math.Max(0, (services.Time.GetUtcNow() - since.ToDateTimeOffset()).TotalSeconds) : 0,
            row?.Sent ?? 0, row?.Refused ?? 0, row?.Retried ?? 0, row?.Expired ?? 0, row?.LastDelivery, error);
    }

    private Timestamp? OldestAfter(int tenantId, long cursor)
    {
        try
        {
            return services.Settled.Page(tenantId, cursor).Revisions is [var next, ..] ? next.LastReceivedAt : null;
        }
        catch (Exception e) when (e is IOException or Microsoft.Data.Sqlite.SqliteException)
        {
            // A damaged file, which settling is about to set aside.
            return null;
        }
    }

    private static ReplayStatus StatusOf(LaneRow row) =>
        new(row.Key.Replay, row.From!.Value, row.To!.Value, row.Created, row.Ended, row.Cursor, row.Until!.Value, row.Sent, row.Refused, row.Expired);

    [LoggerMessage(EventId = 603, Level = LogLevel.Error, Message = "The lane to {Destination} cannot be started: {Why}. {Where}")]
    private partial void CannotStart(string destination, string why, string? where);

    [LoggerMessage(EventId = 606, Level = LogLevel.Error, Message = "The destinations cannot be read ({Why}); trying again. {Where}")]
    private partial void CannotAdjust(string why, string? where);
}
