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

    /// <summary>What became of a settled revision at a destination: when it was delivered; null while it was not.</summary>
    Timestamp? DeliveredAt(int destination, long seq);

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

    public LaneStatus? Status(int destination)
    {
        if (running.TryGetValue(destination, out var lane)) return lane.Live.Status();
        if (directory.All.FirstOrDefault(known => known.Id == destination) is not { } known) return null;
        var row = services.Table.Find(new LaneKey(destination, 0));
        var error = known.Locked is { } locked ? new LaneError(Timestamp.From(services.Time.GetUtcNow()), null, locked, "Start with the master key that was in use when the secrets were saved, or enter them again.") : null;
        return new LaneStatus(
            error is not null ? LaneState.Blocked : known.Enabled && !known.Paused ? LaneState.Idle : LaneState.Paused, row?.Cursor ?? 0, row is null ? 0 : Math.Max(0, services.Settled.Head - row.Cursor), 0,
            row?.Sent ?? 0, row?.Refused ?? 0, row?.Retried ?? 0, row?.Expired ?? 0, row?.LastDelivery, error);
    }

    public void TryAtOnce(int destination)
    {
        if (!running.TryGetValue(destination, out var lane)) return;
        lane.Live.TryAtOnce();
        lane.RetryLetters();
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
        var key = new LaneKey(destination, replay);
        if (replay == 0 || services.Table.Find(key) is not { Ended: null }) return false;
        services.Table.End(key);
        if (running.TryGetValue(destination, out var lane)) lane.EndReplay(replay);
        return true;
    }

    public Timestamp? DeliveredAt(int destination, long seq) => services.Table.DeliveredAt(destination, seq);

    public bool WasSent(int destination, TraceId trace) => services.Anchors.Find(destination, trace) is not null;

    public string? LinkTo(int destination, TraceId trace) =>
        running.TryGetValue(destination, out var lane) && services.Anchors.Find(destination, trace) is { } anchor ? lane.Platform.LinkTo(trace, anchor) : null;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await services.Settled.Opened.WaitAsync(stoppingToken);
            while (true)
            {
                var changed = directory.ChangedAsync(stoppingToken);
                await AdjustAsync(directory.All, stoppingToken);
                await changed;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is on its way may be sent once more after the next start, with the same ids.
        }
        finally
        {
            foreach (var id in running.Keys) await StopAsync(id);
        }
    }

    private async Task AdjustAsync(IReadOnlyList<Destination> wanted, CancellationToken cancel)
    {
        var runnable = wanted.Where(destination => destination is { Enabled: true, Paused: false, Config: not null }).ToDictionary(destination => destination.Id);
        foreach (var (id, lane) in running)
            if (!runnable.TryGetValue(id, out var now) || now.Revision != lane.Destination.Revision) await StopAsync(id);
        foreach (var destination in runnable.Values)
            if (!running.ContainsKey(destination.Id)) Start(destination, cancel);
        Forget();
    }

    // What is known of destinations that are gone, also when a crash came between their going and this. Not what control data has never
    // heard of: an older copy of it, put back by mistake, must not take the places of all lanes with it.
    private void Forget()
    {
        foreach (var id in services.Table.Destinations().Where(id => !running.ContainsKey(id) && directory.IsGone(id))) services.Table.Forget(id);
    }

    private void Start(Destination destination, CancellationToken cancel)
    {
        HttpClient? client = null;
        try
        {
            client = http.ClientFor(destination.TenantId, destination.Kind.TlsOf(destination.Config!));
            var platform = destination.Kind.Create(destination.Config!, new DestinationContext(client, services.Time, Query.SystemQueries.Version));
            var row = services.Table.Begin(new LaneKey(destination.Id, 0), CursorOf(destination));
            var lane = new Running(destination, platform, client, new Lane(destination, platform, row, services, log), services, log, CancellationTokenSource.CreateLinkedTokenSource(cancel));
            running[destination.Id] = lane;
            lane.Start(AfterFault);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            client?.Dispose();
            CannotStart(destination.Name, e.GetType().Name);
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

    private static ReplayStatus StatusOf(LaneRow row) =>
        new(row.Key.Replay, row.From!.Value, row.To!.Value, row.Created, row.Ended, row.Cursor, row.Until!.Value, row.Sent, row.Refused, row.Expired);

    [LoggerMessage(EventId = 603, Level = LogLevel.Error, Message = "The lane to {Destination} cannot be started: {Why}")]
    private partial void CannotStart(string destination, string why);
}
