using System.Collections.Concurrent;
using Callwatch.Control;
using Callwatch.Forward;
using Callwatch.Journal;
using Callwatch.Normalize;
using Callwatch.Normalize.Pricing;
using Callwatch.Receive.Otlp;
using Callwatch.Settle;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Microsoft.Extensions.Options;

namespace Callwatch.Testing.Scenarios;

/// <summary>Something that happened in an application, as it comes in: OTLP trace requests (protobuf), in order of sending.</summary>
public sealed record Scenario(string Name, IReadOnlyList<byte[]> Requests)
{
    public const int TenantId = 1;

    /// <summary>Name of the app that sends them all.</summary>
    public const string App = "shop";

    private static readonly ConcurrentDictionary<string, Lazy<IReadOnlyList<TraceToSend>>> Known = new(StringComparer.Ordinal);

    /// <summary>When the first request came; the others follow at intervals of five minutes, so that each is a settled revision of its own.</summary>
    public static Timestamp Received { get; } = A.Noon.Plus(TimeSpan.FromMinutes(1));

    public override string ToString() => Name;

    /// <summary>What destinations are given: one for each trace of each request, in order, as the product's own reader makes them. Read only.</summary>
    public IReadOnlyList<TraceToSend> Revisions() => Known.GetOrAdd(Name, _ => new Lazy<IReadOnlyList<TraceToSend>>(Read)).Value;

    /// <summary>The revisions with places in a journal that holds the requests from this number on, each as one record.</summary>
    /// <param name="only">The one request that is there, under that number; null for all of them.</param>
    public IReadOnlyList<SettledRevision> Settled(long firstNumber = 1, long firstSeq = 1, int? only = null)
    {
        var revisions = new List<SettledRevision>();
        var before = new Dictionary<TraceId, int>();
        for (var i = 0; i < Requests.Count; i++)
        {
            var number = only is null ? firstNumber + i : firstNumber;
            foreach (var trace in Places(Requests[i], number).GroupBy(place => place.Trace))
            {
                before[trace.Key] = before.GetValueOrDefault(trace.Key) + 1;
                if (only is not null && only != i) continue;
                revisions.Add(new SettledRevision
                {
                    Seq = firstSeq + revisions.Count,
                    TenantId = TenantId,
                    TraceId = trace.Key,
                    Revision = before[trace.Key],
                    Reason = trace.Any(place => place.IsRoot) ? SettleReason.RootEnded : SettleReason.Quiet,
                    SettledAt = ReceivedAt(i).Plus(TimeSpan.FromSeconds(2)),
                    FirstReceivedAt = ReceivedAt(i),
                    LastReceivedAt = ReceivedAt(i),
                    FirstNumber = number,
                    LastNumber = number,
                    Spans = [.. trace.Select(place => place.Place)],
                });
            }
        }

        return revisions;
    }

    public JournalEntry EntryOf(int request, int appId) => new()
    {
        Signal = Signal.Traces,
        TenantId = TenantId,
        AppId = appId,
        KeyId = 0,
        ReceivedAt = ReceivedAt(request),
        ItemCount = Places(Requests[request], 1).Count,
        Payload = Requests[request],
    };

    private static Timestamp ReceivedAt(int request) => Received.Plus(TimeSpan.FromMinutes(5 * request));

    private static List<(TraceId Trace, SettledPlace Place, bool IsRoot)> Places(byte[] request, long number)
    {
        List<(TraceId, SettledPlace, bool)> places = [];
        foreach (var span in OtlpSpan.In(request)) places.Add((span.TraceId, new SettledPlace(span.SpanId, number, span.Offset), span.ParentSpanId.IsNone));
        return places;
    }

    private TraceToSend[] Read()
    {
        using var owners = new ScenarioApps();
        var journal = new InMemoryJournal();
        for (var i = 0; i < Requests.Count; i++) journal.AppendAsync([EntryOf(i, owners.AppId)], CancellationToken.None).AsTask().GetAwaiter().GetResult();
        var settled = Settled();
        var reader = new TraceReader(journal, new SpanNormalizer(new PriceBooks()), owners.Apps, sharedBytes: 1 << 20, new Sequence(settled));
        return [.. settled.Select(revision => reader.Read(revision).Trace)];
    }
}

/// <summary>A settled sequence that is only looked up.</summary>
internal sealed class Sequence(IReadOnlyList<SettledRevision> revisions) : ISettledLog
{
    public Task Opened => Task.CompletedTask;

    public long Head => revisions.Count;

    public long First => 1;

    public IAsyncEnumerable<SettledPage> PagesAsync(int tenantId, long after, CancellationToken cancel) => throw new NotSupportedException();

    public SettledRevision? Find(long seq) => revisions.FirstOrDefault(revision => revision.Seq == seq);

    public IReadOnlyList<SettledRevision> Of(int tenantId, TraceId traceId) => [.. revisions.Where(revision => revision.TenantId == tenantId && revision.TraceId == traceId)];

    public long Before(Timestamp receivedAt) => 0;
}

/// <summary>Control data with the app that scenarios come from.</summary>
internal sealed class ScenarioApps : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly ControlDb db;

    public ScenarioApps()
    {
        db = new ControlDb(folder.At("control.db"));
        var time = new ManualTime();
        new FirstStart(db, new Keys(db, time), time).Ensure(folder.Path, givenAdminKey: null);
        Apps = new Apps(db, time, new Counters(), Options.Create(new ControlOptions()));
        AppId = Apps.Create(Scenario.TenantId, Scenario.App).Id;
    }

    public Apps Apps { get; }

    public int AppId { get; }

    public void Dispose()
    {
        db.Dispose();
        folder.Dispose();
    }
}
