using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Store.Derived;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rows;
using Callwatch.Store.Sqlite;
using Callwatch.Store.Writing;
using Callwatch.Tests.Store;

namespace Callwatch.Tests.Query;

/// <summary>
/// Three days in which one app is dear and busy and another is cheap, with few calls, many of which cost the same, and some nothing that is known: none of
/// it is among the first rows of a day's order.
/// </summary>
internal sealed class OrderWorld : IDisposable
{
    public const string Cheap = "help desk";

    private const int DearOfHour = 30;
    private const int CheapOfHour = 4;

    private readonly Random random;
    private long number;

    public OrderWorld(int seed, int days = 3, TimeProvider? queryTime = null)
    {
        random = new Random(seed);
        World = new QueryWorld(seed, chunks: 0, queryTime: queryTime ?? new Callwatch.Testing.ManualTime());
        for (var hour = 0; hour < days * 24; hour++)
        {
            var of = hour;
            Store(Enumerable.Range(0, DearOfHour + CheapOfHour).Select(i => Call(TimeSpan.FromHours(of) + TimeSpan.FromSeconds(random.Next(3_600)), isCheap: i < CheapOfHour)));
        }
    }

    public QueryWorld World { get; }

    public static Timestamp From => RandomTraffic.Midnight;

    public static Timestamp To => RandomTraffic.Midnight.Plus(TimeSpan.FromDays(3));

    /// <summary>Figures of all that has come, and the indexes of days that are over.</summary>
    public void Close(CancellationToken cancel)
    {
        Derive(cancel);
        var closing = new PartitionClosing(World.Store.Folder, World.Time);
        foreach (var partition in World.Store.Folder.Partitions)
        {
            World.Store.Writer.Release(partition.File);
            closing.Confirm(closing.Close(partition, cancel));
        }
    }

    public void Derive(CancellationToken cancel) => new DerivationRounds(World.Store.Folder, World.Time).Finish(cancel);

    /// <summary>Traces around a midnight, of which every other has a call of this model, and a few cheap ones of it on the last day.</summary>
    public void AddAcrossMidnight(int count, string model)
    {
        for (var i = 0; i < count; i++)
        {
            var before = Call(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1 + random.Next(1_800)), isCheap: false);
            var after = Call(TimeSpan.FromHours(24) + TimeSpan.FromSeconds(random.Next(1_800)), isCheap: false) with { TraceId = before.TraceId };
            Store([before]);
            Store([i % 2 == 0 ? Of(after, model) : after]);
        }

        Store(Enumerable.Range(0, 10).Select(_ => Of(Call(TimeSpan.FromHours(60), isCheap: true), model)));
    }

    private static Span Of(Span span, string model) => span with { Call = span.Call! with { RequestModel = model, ResponseModel = model } };

    /// <summary>Late calls, some dearer than any there is, some as dear as others.</summary>
    public void AddLate(int count) => Store(Enumerable.Range(0, count).Select(i => Call(TimeSpan.FromSeconds(random.Next(3 * 86_400)), isCheap: i % 2 == 0, late: true)));

    /// <summary>Later copies of calls, dearer than before.</summary>
    public void Revise(int count)
    {
        var all = World.AllSpans();
        Store(Enumerable.Range(0, count).Select(_ => all[random.Next(all.Count)].Span).DistinctBy(span => (span.TraceId, span.SpanId))
            .Select(span => span with { Call = span.Call! with { Cost = new CallCost { TotalUsd = (span.Call!.Cost.TotalUsd ?? 0) + 0.001m, Source = "given" } } }));
    }

    /// <summary>Which row each call is, in the order in which files and their rows stand; and each trace.</summary>
    public (Dictionary<(TraceId, SpanId), (int, int, long)> Calls, Dictionary<TraceId, (int, int, long)> Traces) Rows()
    {
        var (calls, traces) = (new Dictionary<(TraceId, SpanId), (int, int, long)>(), new Dictionary<TraceId, (int, int, long)>());
        foreach (var partition in World.Store.Folder.Partitions)
        {
            using var reader = World.Store.Folder.Open(partition)!;
            using (var row = new Statement(reader.Connection, "SELECT s.trace, s.span, c.id FROM calls c JOIN spans s ON s.id = c.id"))
            {
                while (row.Step())
                    if (TraceId.TryRead(row.Blob(0), out var trace)) calls[(trace, new SpanId(unchecked((ulong)row.Long(1))))] = (partition.Day.DayNumber, partition.Sequence, row.Long(2));
            }

            using var whole = new Statement(reader.Connection, "SELECT trace, id FROM traces");
            while (whole.Step())
                if (TraceId.TryRead(whole.Blob(0), out var trace)) traces[trace] = (partition.Day.DayNumber, partition.Sequence, whole.Long(1));
        }

        return (calls, traces);
    }

    public static long? Value(Span call, SortField field) => field switch
    {
        SortField.Duration => call.DurationNanoseconds,
        SortField.Ttft => call.Call!.TtftNanoseconds,
        SortField.Cost => Callwatch.Store.Money.ToPico(call.Call!.Cost.TotalUsd),
        _ => call.Call!.Usage.Total,
    };

    public void Dispose() => World.Dispose();

    private void Store(IEnumerable<Span> spans)
    {
        number++;
        World.Store.Store(spans.Select((span, offset) => new ArrivedSpan(span, new SpanVersion(number, offset), 600, span.End)));
    }

    private Span Call(TimeSpan at, bool isCheap, bool late = false)
    {
        var end = RandomTraffic.Midnight.Plus(at);
        var took = random.Next(1, 40) * (isCheap ? 1_000_000L : 50_000_000L);
        // Few values, so that many are the same.
        var cost = random.Next(12) == 0 ? (decimal?)null : isCheap ? random.Next(1, late ? 9 : 6) * 0.000001m : (random.Next(1, 400) * 0.0001m) + (late ? 0.05m : 0.001m);
        var tokens = random.Next(15) == 0 ? (long?)null : random.Next(1, 30) * (isCheap ? 1 : 100);
        var user = random.Next(20);
        return new Span
        {
            TenantId = 1,
            AppId = World.OnlyApp(isCheap ? 1 : 0).OnlyAppId!.Value,
            TraceId = new TraceId(7, (ulong)random.NextInt64() | 1),
            SpanId = new SpanId((ulong)random.NextInt64() | 1),
            Name = "chat",
            DisplayName = "chat",
            Kind = SpanKind.Chat,
            Start = new Timestamp(end.UnixNanoseconds - took),
            End = end,
            DurationNanoseconds = took,
            Outcome = random.Next(30) == 0 ? Outcome.Cancelled : Outcome.Success,
            UserId = "user" + user,
            Environment = user % 5 == 0 ? "staging" : "production",
            Tags = isCheap && user % 2 == 0 ? ["beta"] : [],
            Call = new LlmCall
            {
                Source = CallSource.Recorded,
                Provider = "openai",
                RequestModel = isCheap ? "small" : "large",
                ResponseModel = isCheap ? "small" : "large",
                TtftNanoseconds = random.Next(3) == 0 ? null : took / 4,
                Usage = tokens is { } count ? new TokenUsage { Input = count, Output = 1, Total = count + 1 } : TokenUsage.Unknown,
                Cost = cost is { } usd ? new CallCost { TotalUsd = usd, Source = "given" } : CallCost.Unknown("no_usage"),
            },
        };
    }
}
