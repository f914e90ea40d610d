using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Lanes;
using Callwatch.Journal;
using Callwatch.Normalize;
using Callwatch.Normalize.Pricing;
using Callwatch.Receive.Otlp;
using Callwatch.Receive.Records;
using Callwatch.Settle;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callwatch.Testing.Scenarios;

/// <summary>
/// The real way from the settled sequence to a platform: journal, sequence, reader, anchors, lane, destination, a real socket; only the clock is moved by hand.
/// Dispose of it and make it anew on the same folder: a crash between answer and cursor, if <see cref="Cursor"/> was not let on.
/// </summary>
public sealed class ForwardRig : IAsyncDisposable
{
    private const int DestinationId = 1;

    private readonly TempFolder folder = new();
    private readonly ScenarioApps owners = new();
    private readonly InMemoryJournal journal = new();
    private readonly SettledLog settled;
    private readonly HttpClient http;
    private readonly IDestinationKind kind;
    private readonly JsonObject config;
    private ForwardDb db;
    private LaneServices services;
    private Lane? lane;

    /// <param name="config">As people write it.</param>
    /// <param name="between">What stands between the destination and the network.</param>
    /// <exception cref="ArgumentException">The kind refuses it.</exception>
    public ForwardRig(IDestinationKind kind, JsonObject config, ManualTime? time = null, Func<HttpMessageHandler, HttpMessageHandler>? between = null)
    {
        var network = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false };
        http = new HttpClient(between?.Invoke(network) ?? network);
        Time = time ?? new ManualTime(Scenario.Received.Plus(TimeSpan.FromMinutes(10)).ToDateTimeOffset());
        this.kind = kind;
        this.config = kind.Normalize(config, new OutboundRules(AllowPrivateAddresses: true, [])) is ConfigResult.Good good
            ? good.Config : throw new ArgumentException("The config is refused.", nameof(config));
        settled = new SettledLog(folder.At("settled"));
        settled.Load();
        (db, services) = OpenDb();
    }

    public ManualTime Time { get; }

    /// <summary>Waits are short, so that faults take no time.</summary>
    public ForwardOptions Options { get; } = new()
    {
        BaseDelay = TimeSpan.FromMilliseconds(100),
        MaxDelay = TimeSpan.FromSeconds(1),
        StopGrace = TimeSpan.FromMilliseconds(200),

        // The clock runs quicker than requests.
        Timeout = TimeSpan.FromHours(1),
    };

    public Counters Counters { get; } = new();

    /// <summary>What the lane is told of itself: filter, sample, mask.</summary>
    public Func<Destination, Destination> Settings { get; set; } = destination => destination;

    public long Cursor => services.Table.Find(new LaneKey(DestinationId, 0))?.Cursor ?? 0;

    public LaneStatus Status => lane?.Status() ?? throw new InvalidOperationException("Nothing was delivered yet.");

    public IReadOnlyList<DeadLetter> DeadLetters => services.Letters.List(DestinationId, null, 1_000);

    /// <summary>Puts the requests into the journal and what they settle to into the sequence.</summary>
    public async Task AddAsync(params IEnumerable<Scenario> scenarios)
    {
        foreach (var scenario in scenarios)
        {
            var first = journal.Head.Number + 1;
            for (var i = 0; i < scenario.Requests.Count; i++) await journal.AppendAsync([scenario.EntryOf(i, owners.AppId)], CancellationToken.None);
            var revisions = scenario.Settled(first, settled.Head + 1);
            settled.Append(revisions, [.. revisions.Select(_ => 0)], journal.Head, journal.Head.Number);
        }
    }

    /// <summary>One request of a scenario, for what happens between its parts.</summary>
    public async Task AddAsync(Scenario scenario, int request)
    {
        await journal.AppendAsync([scenario.EntryOf(request, owners.AppId)], CancellationToken.None);
        var revisions = scenario.Settled(journal.Head.Number, settled.Head + 1, request);
        settled.Append(revisions, [.. revisions.Select(_ => 0)], journal.Head, journal.Head.Number);
    }

    /// <summary>A judgement that people send when the trace has long been settled.</summary>
    public async Task AddFeedbackAsync(FeedbackEvent feedback)
    {
        var now = Timestamp.From(Time.GetUtcNow());
        var payload = feedback.ToOtlp();
        await journal.AppendAsync(
            [new JournalEntry { Signal = Signal.Logs, TenantId = Scenario.TenantId, AppId = owners.AppId, KeyId = 0, ReceivedAt = now, ItemCount = 1, Payload = payload }], CancellationToken.None);
        var number = journal.Head.Number;
        List<SettledPlace> places = [];
        foreach (var log in OtlpLog.In(payload)) places.Add(new SettledPlace(log.SpanId, number, log.Offset));
        var revision = new SettledRevision
        {
            Seq = settled.Head + 1,
            TenantId = Scenario.TenantId,
            TraceId = feedback.Trace,
            Revision = settled.Of(Scenario.TenantId, feedback.Trace).Count + 1,
            Reason = SettleReason.Quiet,
            SettledAt = now,
            FirstReceivedAt = now,
            LastReceivedAt = now,
            FirstNumber = number,
            LastNumber = number,
            Spans = [],
            Logs = places,
        };
        settled.Append([revision], [0], journal.Head, number);
    }

    /// <summary>The destination by itself, for its check, its links and single sends. Dispose of it.</summary>
    public IDestination Open() => kind.Create((JsonObject)config.DeepClone(), new DestinationContext(http, Time, "1.0.0"));

    /// <summary>Runs the lane until it has come to the head (what is not chosen does not move its cursor at once), or until something else is so. Its waits are passed meanwhile.</summary>
    public async Task DeliverAsync(Func<bool>? until = null)
    {
        await using var platform = Open();
        var destination = Settings(Made());
        lane?.Dispose();
        lane = new Lane(destination, platform, NewGate(), services.Table.Begin(new LaneKey(DestinationId, 0), 0), services, NullLogger.Instance);
        using var stop = new CancellationTokenSource();
        var running = lane.RunAsync(stop.Token);
        try
        {
            await Time.PassWaitsUntilAsync(
                () => running.IsCompleted || (until?.Invoke() ?? (Cursor == settled.Head || lane.Status() is { Backlog: 0, State: LaneState.Idle })), "the lane has come to the end");
        }
        finally
        {
            await stop.CancelAsync();
            await running.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        if (running.IsFaulted) await running;
    }

    /// <summary>Sends the dead letters again.</summary>
    public async Task RetryLettersAsync(CancellationToken cancel)
    {
        await using var platform = Open();
        var destination = Settings(Made());
        services.Letters.Retry(DestinationId, LetterChoice.All);
        await new LetterRetry(destination, platform, NewGate(), services, NullLogger.Instance).RunAsync(() => lane?.Refresh(), cancel);
    }

    /// <summary>Where a person finds the trace there.</summary>
    public async Task<string?> LinkToAsync(TraceId trace, IDestination? platform = null)
    {
        await using var own = platform is null ? Open() : null;
        return services.Anchors.Find(DestinationId, trace) is { } anchor ? (platform ?? own!).LinkTo(trace, anchor) : null;
    }

    /// <summary>As if the process had been killed after the answer and before the cursor: all is opened again, the lane stands where it stood.</summary>
    public void CrashBack(long cursor = 0)
    {
        db.Write(connection =>
        {
            using var command = ForwardDb.Command(connection, "UPDATE lanes SET cursor = $1 WHERE destination = $2", cursor, DestinationId);
            return command.ExecuteNonQuery();
        });
        db.Dispose();
        (db, services) = OpenDb();
    }

    public ValueTask DisposeAsync()
    {
        lane?.Dispose();
        db.Dispose();
        settled.Dispose();
        http.Dispose();
        owners.Dispose();
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private Destination Made() => new()
    {
        Id = DestinationId,
        TenantId = Scenario.TenantId,
        Revision = 1,
        Name = "platform",
        Kind = kind,
        Config = config,
        Start = new StartAt.Beginning(),
        Enabled = true,
    };

    private Gate NewGate() => new(Options, new Random(1), Time);

    private (ForwardDb, LaneServices) OpenDb()
    {
        var opened = new ForwardDb(folder.At("forward.db"));
        var reader = new TraceReader(journal, new SpanNormalizer(new PriceBooks()), owners.Apps, sharedBytes: 16 << 20, settled);
        return (opened, new LaneServices(
            settled, reader, new Anchors(opened, Time), new LaneTable(opened, Time), new DeadLetters(opened, Time), Options, Counters, new Random(1), Time));
    }
}
