using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Forward;
using Callwatch.Forward.Lanes;
using Callwatch.Journal;
using Callwatch.Normalize;
using Callwatch.Normalize.Pricing;
using Callwatch.Settle;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callwatch.Testing.StandIns;

/// <summary>Destinations that a test sets and changes.</summary>
internal sealed class SetDirectory : IDestinationDirectory
{
    private readonly Lock gate = new();
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IReadOnlyList<Destination> all = [];

    public IReadOnlyList<Destination> All
    {
        get
        {
            lock (gate) return all;
        }
    }

    public Task ChangedAsync(CancellationToken cancel)
    {
        lock (gate) return changed.Task.WaitAsync(cancel);
    }

    /// <summary>Puts it in the place of the one with the same number; each is a new revision.</summary>
    public void Set(Destination destination) => Change(before => [.. before.Where(known => known.Id != destination.Id), destination with { Revision = before.Select(known => known.Revision).DefaultIfEmpty().Max() + 1 }]);

    public void Remove(int id) => Change(before => [.. before.Where(known => known.Id != id)]);

    private void Change(Func<IReadOnlyList<Destination>, IReadOnlyList<Destination>> change)
    {
        TaskCompletionSource wake;
        lock (gate)
        {
            all = change(all);
            (wake, changed) = (changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        wake.SetResult();
    }
}

/// <summary>Clients as destinations are given them, without the guard: stand-ins are on loopback.</summary>
internal sealed class PlainHttp : IOutboundHttp
{
    public HttpClient ClientFor(int tenantId, OutboundTls? tls) => new(Handler()) { Timeout = Timeout.InfiniteTimeSpan };

    private static SocketsHttpHandler Handler() => new() { AllowAutoRedirect = false, UseCookies = false, UseProxy = false };
}

/// <summary>Settling's end and all of forwarding on a folder of its own, with a clock moved by hand: traces are settled by the test, lanes carry them.</summary>
internal sealed class LaneWorld : IAsyncDisposable
{
    private readonly TempFolder folder = new();
    private readonly ControlDb control;
    private readonly IOutboundHttp http;
    private SettledLog log;
    private ForwardDb db;
    private LaneServices services;

    /// <param name="http">By default clients without the guard.</param>
    public LaneWorld(ForwardOptions? options = null, IJournal? journal = null, IOutboundHttp? http = null)
    {
        this.http = http ?? new PlainHttp();
        Journal = journal ?? new InMemoryJournal();
        Options = options ?? new ForwardOptions { BatchDelay = TimeSpan.Zero, StopGrace = TimeSpan.FromMilliseconds(200) };
        control = new ControlDb(folder.At("control.db"));
        new FirstStart(control, new Keys(control, Time), Time).Ensure(folder.Path, givenAdminKey: null);
        new Tenants(control, Time).Create("other");
        Apps = new Apps(control, Time, Counters, Microsoft.Extensions.Options.Options.Create(new ControlOptions()));
        (log, db, services, Host) = Open();
    }

    public ManualTime Time { get; } = new();

    public IJournal Journal { get; }

    public ForwardOptions Options { get; }

    public Apps Apps { get; }

    public Counters Counters { get; } = new();

    public SetDirectory Directory { get; } = new();

    public ConcurrentQueue<string> Logged { get; } = new();

    public LaneHost Host { get; private set; }

    public ILanes Lanes => Host;

    public SettledLog Log => log;

    public DeadLetters Letters => services.Letters;

    public Anchors Anchors => services.Anchors;

    public LaneTable Table => services.Table;

    public ReadAhead ReadAhead => services.ReadAhead;

    public string FolderPath => folder.Path;

    /// <summary>A destination of tenant 1 at the address.</summary>
    public Destination Destination(Uri address, IDestinationKind? kind = null, int id = 1) => new()
    {
        Id = id,
        TenantId = 1,
        Revision = 0,
        Name = "platform " + id,
        Kind = kind ?? new ScriptedKind(),
        Config = new JsonObject { ["url"] = address.AbsoluteUri },
        Start = new StartAt.Beginning(),
        Enabled = true,
    };

    public async Task StartAsync(params Destination[] destinations)
    {
        foreach (var destination in destinations) Directory.Set(destination);
        await Host.StartAsync(CancellationToken.None);
        foreach (var destination in Directory.All.Where(known => known is { Enabled: true, Paused: false }))
            await Eventually.HoldsAsync(() => Table.Find(new LaneKey(destination.Id, 0)) is not null, "the lane has begun");
    }

    /// <summary>Stops as the program does, and opens the same folder again.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        (log, db, services, Host) = Open();
        await StartAsync();
    }

    /// <summary>Journals spans of one trace in one request and settles what has come of it.</summary>
    public Task<SettledRevision> SettleAsync(ulong trace, params SpanBuilder[] spans) => SettleAsync(1, "shop", trace, spans);

    public async Task<SettledRevision> SettleAsync(int tenantId, string app, ulong trace, params SpanBuilder[] spans)
    {
        var id = A.TraceId(trace);
        var payload = A.Traces([.. spans.Select(span => span.Trace(trace))]);
        var now = Timestamp.From(Time.GetUtcNow());
        var entry = TestJournal.Entry(payload, itemCount: spans.Length) with { TenantId = tenantId, AppId = Apps.AppIdOf(tenantId, app), ReceivedAt = now };
        var stored = (AppendResult.Stored)await Journal.AppendAsync([entry], CancellationToken.None);
        var number = stored.First.Number;
        var places = new List<SettledPlace>();
        foreach (var span in Receive.Otlp.OtlpSpan.In(payload)) places.Add(new SettledPlace(span.SpanId, number, span.Offset));
        return Append(Revision(tenantId, id, SettleReason.RootEnded, number, places, now));
    }

    /// <summary>Journals a record of logs or metrics that is passed on.</summary>
    public async Task<SettledRevision> PassOnAsync(Signal signal, byte[] payload, string app = "shop", int tenantId = 1)
    {
        var now = Timestamp.From(Time.GetUtcNow());
        var entry = TestJournal.Entry(payload, signal) with { TenantId = tenantId, AppId = Apps.AppIdOf(tenantId, app), ReceivedAt = now };
        var stored = (AppendResult.Stored)await Journal.AppendAsync([entry], CancellationToken.None);
        return Append(Revision(tenantId, default, SettleReason.PassedOn, stored.First.Number, [], now));
    }

    public SettledRevision Append(SettledRevision revision)
    {
        log.Append([revision], [0], new Position(Journal.Epoch, revision.LastNumber), revision.LastNumber);
        return revision;
    }

    public LaneStatus Status(int destination = 1) => Host.Status(destination)!;

    /// <summary>Lets the waits of lanes pass until it is so.</summary>
    public Task UntilAsync(Func<bool> isSo, string what = "it is so") => Time.PassWaitsUntilAsync(isSo, what);

    /// <summary>All that has settled has been dealt with.</summary>
    public Task WhenDoneAsync(int destination = 1)
    {
        var last = LastOf(1);
        return UntilAsync(() => Status(destination) is { State: LaneState.Idle, Backlog: 0 } status && status.Position >= last, "the lane has done all");
    }

    /// <summary>The next attempt is made now, as soon as a lane waits for one.</summary>
    public Task PassWaitAsync() => Eventually.HoldsAsync(Time.PassWait, "a lane waits");

    /// <summary>The request that is on its way takes too long, as soon as there is one.</summary>
    public Task PassLimitAsync() => Eventually.HoldsAsync(Time.PassLimit, "a request is on its way");

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        control.Dispose();
        folder.Dispose();
    }

    private long LastOf(int tenantId)
    {
        long last = 0;
        for (var after = 0L; log.Page(tenantId, after) is { Revisions: { Count: > 0 } page } whole; after = whole.Through) last = page[^1].Seq;
        return last;
    }

    private SettledRevision Revision(int tenantId, TraceId trace, SettleReason reason, long number, List<SettledPlace> places, Timestamp now) => new()
    {
        Seq = log.Head + 1,
        TenantId = tenantId,
        TraceId = trace,
        Revision = trace.IsNone ? 1 : log.RevisionsOf(tenantId, trace) + 1,
        Reason = reason,
        SettledAt = now,
        FirstReceivedAt = now,
        LastReceivedAt = now,
        FirstNumber = number,
        LastNumber = number,
        Spans = places,
    };

    private async Task StopAsync()
    {
        await Host.StopAsync(CancellationToken.None);
        Host.Dispose();
        services.Dispose();
        db.Dispose();
        log.Dispose();
    }

    private (SettledLog, ForwardDb, LaneServices, LaneHost) Open()
    {
        var settled = new SettledLog(folder.At("settled"));
        settled.Load();
        var forward = new ForwardDb(folder.At("forward.db"));
        var shared = new LaneServices(
            settled, new TraceReader(Journal, new SpanNormalizer(new PriceBooks()), Apps, Options.SharedBytes, settled), new Anchors(forward, Time), new LaneTable(forward, Time),
            new DeadLetters(forward, Time), Options, Counters, new Random(1), Time)
        {
            Age = new RetentionClock(Time, folder.At("clock"), () => null, NullLogger.Instance),
        };
        return (settled, forward, shared, new LaneHost(Directory, http, shared, new Noted(Logged)));
    }

    /// <summary>What was logged, for tests of what must not be.</summary>
    private sealed class Noted(ConcurrentQueue<string> lines) : ILogger<LaneHost>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => NullLogger.Instance.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => lines.Enqueue(formatter(state, exception));
    }
}
