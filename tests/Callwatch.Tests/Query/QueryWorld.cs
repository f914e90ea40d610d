using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Query;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store;
using Callwatch.Store.Rows;
using Callwatch.Store.Writing;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Callwatch.Tests.Store;
using Microsoft.Extensions.Options;

namespace Callwatch.Tests.Query;

/// <summary>A store with generated traffic over some weeks, the queries over it, and everything in it as plain lists to compare with.</summary>
internal sealed class QueryWorld : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly ControlDb control;
    private QueryGate gate;
    private readonly Func<QueryGate> makeGate;
    private readonly Random random;
    private readonly int[] apps;
    private int traces;

    public QueryWorld(int seed = 1, int chunks = 10, int tracesPerChunk = 60, QueryOptions? options = null, StoreOptions? storeOptions = null, TimeProvider? queryTime = null)
    {
        random = new Random(seed);
        Time.Advance(RandomTraffic.Midnight.ToDateTimeOffset().AddDays(30) - Time.GetUtcNow());
        control = new ControlDb(folder.At("control.db"));
        new FirstStart(control, new Keys(control, Time), Time).Ensure(folder.Path, givenAdminKey: null);
        Apps = new Apps(control, Time, new Counters(), Options.Create(new ControlOptions()));
        apps = [Apps.Create(1, "shop").Id, Apps.Create(1, "help desk").Id];
        Store = new TestStore(folder.At("store"), storeOptions);
        makeGate = () => new QueryGate(Store.Folder, queryTime ?? Time, Options.Create(options ?? new QueryOptions()));
        gate = makeGate();
        Scopes = new Scopes(Apps, Journal);
        for (var chunk = 0; chunk < chunks; chunk++) AddChunk(tracesPerChunk);
    }

    public ManualTime Time { get; } = new();

    public InMemoryJournal Journal { get; } = new();

    public Apps Apps { get; }

    public TestStore Store { get; }

    public Scopes Scopes { get; }

    public static ReadScope Tenant { get; } = new(1);

    /// <summary>The range in which all traffic lies.</summary>
    public static Timestamp From { get; } = RandomTraffic.Midnight.Plus(TimeSpan.FromDays(-21));

    public static Timestamp To { get; } = RandomTraffic.Midnight.Plus(TimeSpan.FromDays(22));

    public CallQueries Calls => new(gate, Scopes);

    /// <summary>Beside another journal, and with rules of how long it keeps what.</summary>
    public CallQueries CallsBeside(IJournal journal, Func<ControlDb, RetentionDesk> rules) => new(gate, new Scopes(Apps, journal, rules(control)));

    public TraceQueries Traces => new(gate, Scopes, new SpanBodies(Journal, null!, null!));

    public StatsQueries Stats => new(gate, Scopes);

    public ReferenceQueries Reference => new(gate, Scopes);

    public FacetQueries Facets => new(gate, Scopes);

    public ErrorQueries Errors => new(gate, Scopes);

    public PeopleQueries People => new(gate, Scopes);

    public CoverageQueries Coverage => new(gate, Scopes);

    public LookupQueries Lookup => new(gate, Scopes, Journal, new DeliveryQueries());

    /// <summary>Beside settling and lanes.</summary>
    public LookupQueries LookupBeside(Callwatch.Settle.ISettleState settling, DeliveryQueries deliveries) => new(gate, new Scopes(Apps, Journal, settling: settling), Journal, deliveries);

    public ReadScope OnlyApp(int index) => new(1, apps[index]);

    /// <summary>All spans of tenant 1 as they stand in the store, with whether each counts as a call.</summary>
    public IReadOnlyList<(Span Span, bool IsCall, long Number)> AllSpans()
    {
        var all = new List<(Span, bool, long)>();
        foreach (var partition in Store.Folder.Partitions)
        {
            using var reader = Store.Folder.Open(partition)!;
            using var command = reader.Command($"SELECT {SpanRows.Columns}, c.feedback {SpanRows.FromSpans} WHERE s.tenant = 1");
            using var row = command.ExecuteReader();
            while (row.Read())
            {
                var read = SpanRows.Read(row, reader);
                var liking = row.IsDBNull(SpanRows.ColumnCount) ? Liking.None : (Liking)row.GetInt64(SpanRows.ColumnCount);
                all.Add((read.IsCall ? read.Span with { Call = read.Span.Call! with { Feedback = liking } } : read.Span, read.IsCall, read.Version.Number));
            }
        }

        return all;
    }

    public IReadOnlyList<Span> AllCalls() => [.. AllSpans().Where(span => span.IsCall).Select(span => span.Span)];

    /// <summary>More traffic: traces around a midnight within three weeks of the middle.</summary>
    public void AddChunk(int count)
    {
        var shift = TimeSpan.FromMinutes(random.Next(-20 * 24 * 60, 20 * 24 * 60));
        var first = Store.Folder.Catalog.Position?.Number ?? 0;
        traces++;
        var (spans, _) = new RandomTraffic(random.Next()).Make(count);
        // In several batches, as they would come: a partition is full only between batches.
        foreach (var batch in spans.Chunk(50))
        {
            Store.Store(batch.Select(span => span with
            {
                Span = span.Span with
                {
                    TraceId = new TraceId((ulong)(100 + traces), span.Span.TraceId.Low),
                    AppId = apps[span.Span.AppId - 1],
                    Start = span.Span.Start.Plus(shift),
                    End = span.Span.End.Plus(shift),
                },
                Version = span.Version with { Number = first + span.Version.Number },
                ReceivedAt = span.ReceivedAt.Plus(shift),
            }));
        }
    }

    /// <summary>The hours of all files that a filter leaves to be looked at, where its peaks tell.</summary>
    public List<long> HoursOf(Selection selection)
    {
        var (asked, _) = Scopes.Read<object>(selection);
        var peaks = new Callwatch.Query.Lists.PeakHours(asked!, Scopes);
        var hours = new List<long>();
        gate.RunAsync(selection.Scope, run =>
        {
            foreach (var partition in run.Partitions)
            {
                using var open = run.Open(partition)!;
                foreach (var (from, to) in peaks.Of(open) ?? [])
                    for (var at = from.UnixSeconds; at < to.UnixSeconds; at += 3_600) hours.Add(at / 3_600);
            }

            return hours;
        }, CancellationToken.None).GetAwaiter().GetResult();
        return hours;
    }

    public Timestamp Now => Timestamp.From(Time.GetUtcNow());

    public string At(string file) => folder.At(file);

    /// <summary>Before the store is opened anew, and after.</summary>
    public void Close() => gate.Dispose();

    public void Open() => gate = makeGate();

    /// <summary>A call of each of so many users within one hour, and two of the first ones.</summary>
    /// <param name="before">The number of the first one is the next.</param>
    public void AddUsers(int count, int hour = 0, Timestamp? received = null, int before = 0)
    {
        var first = (Store.Folder.Catalog.Position?.Number ?? 0) + 1;
        Store.Store(Enumerable.Range(1, count).SelectMany(user => Enumerable.Range(0, user > count - 50 ? 1 : 2).Select(repeat =>
        {
            var end = RandomTraffic.Midnight.Plus(TimeSpan.FromHours(hour) + TimeSpan.FromSeconds(user));
            var span = new Span
            {
                TenantId = 1,
                AppId = apps[0],
                TraceId = new TraceId((ulong)(9_000 + hour), (ulong)user),
                SpanId = new SpanId((ulong)repeat + 1),
                Name = "chat",
                DisplayName = "chat",
                Kind = SpanKind.Chat,
                Start = end,
                End = end,
                DurationNanoseconds = 1_000_000,
                Outcome = Outcome.Success,
                UserId = "user" + (before + user),
                SessionId = "session" + (user / 2),
                Call = new LlmCall { Source = CallSource.Recorded, RequestModel = "m" },
            };
            return new ArrivedSpan(span, new SpanVersion(first, (user * 10) + repeat), 10, received ?? end);
        })));
    }

    /// <summary>A call at the beginning of each quarter of an hour of a day.</summary>
    public void AddQuarters(int day)
    {
        var first = (Store.Folder.Catalog.Position?.Number ?? 0) + 1;
        Store.Store(Enumerable.Range(0, 96).Select(quarter =>
        {
            var end = RandomTraffic.Midnight.Plus(TimeSpan.FromDays(day) + TimeSpan.FromMinutes(15 * quarter));
            var span = new Span
            {
                TenantId = 1,
                AppId = apps[0],
                TraceId = new TraceId((ulong)(20_000 + day), (ulong)quarter + 1),
                SpanId = new SpanId(1),
                Name = "chat",
                DisplayName = "chat",
                Kind = SpanKind.Chat,
                Start = end,
                End = end,
                DurationNanoseconds = 1_000_000,
                Outcome = Outcome.Success,
                UserId = "user" + (quarter % 7),
                Call = new LlmCall { Source = CallSource.Recorded, RequestModel = "m" },
            };
            return new ArrivedSpan(span, new SpanVersion(first, quarter), 10, end);
        }));
    }

    /// <summary>Later copies of some spans that are there, many with another end, duration or cost, some on another day.</summary>
    public void Revise(int count)
    {
        var number = Store.Folder.Catalog.Position!.Value.Number + 1;
        var all = AllSpans();
        Store.Store(Enumerable.Range(0, count).Select(_ => all[random.Next(all.Count)].Span).DistinctBy(span => (span.TraceId, span.SpanId)).Select((span, offset) =>
        {
            var moved = TimeSpan.FromMinutes(random.Next(4) switch { 0 => 0, 1 => random.Next(-2_000, 2_000), _ => random.Next(-60, 60) });
            return new ArrivedSpan(
                span with
                {
                    End = span.End.Plus(moved),
                    DurationNanoseconds = span.DurationNanoseconds is { } took ? took + random.Next(1_000_000) : null,
                    Call = span.Call is { } call ? call with { Feedback = Liking.None, Cost = call.Cost with { TotalUsd = call.Cost.TotalUsd + 0.001m } } : null,
                    MergedInto = null,
                },
                new SpanVersion(number, offset), 600, span.End);
        }));
    }

    public void Dispose()
    {
        gate.Dispose();
        Store.Dispose();
        control.Dispose();
        folder.Dispose();
    }
}

/// <summary>A clock that moves by a step each time it is read.</summary>
internal sealed class SteppingTime(TimeSpan step) : TimeProvider
{
    private long ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Add(ref ticks, step.Ticks);
}
