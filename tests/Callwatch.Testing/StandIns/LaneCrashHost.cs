using System.Diagnostics;
using System.Reflection;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Forward;
using Callwatch.Forward.Lanes;
using Callwatch.Normalize;
using Callwatch.Normalize.Pricing;
using Callwatch.Settle;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Callwatch.Testing.StandIns;

/// <summary>A process of its own whose lanes carry what has settled in a folder to an address, until it is killed: the test program, started once more.</summary>
public static class LaneCrashHost
{
    private const string FolderVariable = "CALLWATCH_LANE_HOST_FOLDER";
    private const string AddressVariable = "CALLWATCH_LANE_HOST_ADDRESS";

    public static void RunIfAsked()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is not { } folder) return;
        RunAsync(folder, new Uri(Environment.GetEnvironmentVariable(AddressVariable)!)).GetAwaiter().GetResult();
        Environment.Exit(0);
    }

    public static Process Start(string folder, Uri address)
    {
        var program = Environment.ProcessPath!;
        string[] all = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, Assembly.GetEntryAssembly()!.Location] : [program];
        var start = new ProcessStartInfo(all[0], all[1..]) { UseShellExecute = false };
        start.Environment[FolderVariable] = folder;
        start.Environment[AddressVariable] = address.AbsoluteUri;
        start.Environment["DOTNET_TieredPGO"] = "0";
        return Process.Start(start)!;
    }

    /// <summary>Journals a number of traces in the folder, and settles them.</summary>
    public static async Task FillAsync(string folder, int traces)
    {
        using var control = new ControlDb(Path.Combine(folder, "control.db"));
        new FirstStart(control, new Keys(control, TimeProvider.System), TimeProvider.System).Ensure(folder, givenAdminKey: null);
        var app = new Apps(control, TimeProvider.System, new Counters(), Options.Create(new ControlOptions())).AppIdOf(1, "shop");
        await using var journal = TestJournal.Open(Path.Combine(folder, "journal"));
        using var settled = new SettledLog(Path.Combine(folder, "settled"));
        settled.Load();
        for (var trace = 1; trace <= traces; trace++)
        {
            var payload = A.Traces(A.Span("first").Trace((ulong)trace).Id(1), A.Span("second").Trace((ulong)trace).Id(2, under: 1));
            var now = Spans.Timestamp.From(TimeProvider.System.GetUtcNow());
            var number = ((Journal.AppendResult.Stored)await journal.AppendAsync([TestJournal.Entry(payload, itemCount: 2) with { AppId = app, ReceivedAt = now }], CancellationToken.None)).First.Number;
            var places = new List<SettledPlace>();
            foreach (var span in Receive.Otlp.OtlpSpan.In(payload)) places.Add(new SettledPlace(span.SpanId, number, span.Offset));
            settled.Append(
                [new SettledRevision { Seq = trace, TenantId = 1, TraceId = A.TraceId((ulong)trace), Revision = 1, Reason = SettleReason.RootEnded, SettledAt = now, FirstReceivedAt = now, LastReceivedAt = now, FirstNumber = number, LastNumber = number, Spans = places }],
                [0], new Journal.Position(journal.Epoch, number), number);
        }
    }

    private static async Task RunAsync(string folder, Uri address)
    {
        using var control = new ControlDb(Path.Combine(folder, "control.db"));
        var (time, counters, options) = (TimeProvider.System, new Counters(), new ForwardOptions());
        await using var journal = TestJournal.Open(Path.Combine(folder, "journal"));
        using var settled = new SettledLog(Path.Combine(folder, "settled"));
        settled.Load();
        using var db = new ForwardDb(Path.Combine(folder, "forward.db"));
        using var services = new LaneServices(
            settled, new TraceReader(journal, new SpanNormalizer(new PriceBooks()), new Apps(control, time, counters, Options.Create(new ControlOptions())), options.SharedBytes),
            new Anchors(db, time), new LaneTable(db, time), new DeadLetters(db, time), options, counters, Random.Shared, time);
        var directory = new SetDirectory();
        directory.Set(new Destination
        {
            Id = 1,
            TenantId = 1,
            Revision = 0,
            Name = "platform",
            Kind = new ScriptedKind { Limits = new DestinationLimits(20, 1 << 20, 2), Line = (span, anchor) => $"{span.Span.TraceId} {span.Span.SpanId} {anchor.RootSpanId} {anchor.Start.UnixNanoseconds} {anchor.FirstAttemptAt.UnixNanoseconds}" },
            Config = new JsonObject { ["url"] = address.AbsoluteUri },
            Start = new StartAt.Beginning(),
            Enabled = true,
        });
        using var host = new LaneHost(directory, new PlainHttp(), services, NullLogger<LaneHost>.Instance);
        await host.StartAsync(CancellationToken.None);
        await Task.Delay(Timeout.Infinite);
    }
}
