using System.Diagnostics;
using System.Globalization;
using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Spans;
using Callwatch.Store;
using Callwatch.Store.Derived;
using Callwatch.Store.Partitions;
using Callwatch.Store.Reading;
using Callwatch.Store.Writing;
using Callwatch.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Callwatch.Benchmarks.History;

/// <summary>
/// Fills a data folder with --calls of history over --days whole UTC days before --until (default: today), through the writer that the server
/// uses, with the same closing of days. The journal gets an empty record for each batch, so that a server can go on from there; the bodies of
/// these spans were "not captured". The last day is left as a running server would have it: open. With --finish a folder that is filled
/// already gets what a server would derive from its rows in the background.
/// </summary>
internal static class FillBenchmark
{
    private const int BatchSpans = 10_000;

    public static async Task<int> RunAsync(Switches switches)
    {
        var path = switches.Text("dir") ?? switches.DataFolder();
        var (calls, days) = (switches.Number("calls", 100_000), switches.Number("days", 30));
        var until = switches.Text("until") is { } text ? DateOnly.Parse(text, CultureInfo.InvariantCulture) : DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        var first = Timestamp.From(new DateTimeOffset(until.AddDays(-days), TimeOnly.MinValue, TimeSpan.Zero));
        await using var services = Services(path);
        var folder = services.GetRequiredService<StoreFolder>();
        if (!folder.Partitions.IsEmpty)
        {
            if (!switches.Has("finish"))
            {
                Console.WriteLine($"{path} is not empty; --finish makes what is derived from its rows");
                return 1;
            }

            var clock = Stopwatch.StartNew();
            // Closed by an older program, days may lack indexes.
            var closing = new PartitionClosing(folder, TimeProvider.System);
            foreach (var partition in folder.Partitions.Where(partition => partition.Closed)) closing.Close(partition, CancellationToken.None);
            new DerivationRounds(folder, TimeProvider.System).Finish(CancellationToken.None);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"finished {path} in {clock.Elapsed.TotalSeconds:0} s"));
            return 0;
        }

        var control = services.GetRequiredService<ControlDb>();
        new FirstStart(control, services.GetRequiredService<Keys>(), TimeProvider.System).Ensure(path, givenAdminKey: null);
        var apps = services.GetRequiredService<Apps>();
        var traffic = new Traffic(first, days, calls, [.. Cast.AppNames.Select(name => apps.Create(1, name).Id)]);
        using var writer = new StoreWriter(folder, new StoreOptions { HotSpans = 0, CacheKib = 131_072 }, (_, _, _, _) => CallCost.Unknown("no_price"), (_, _, _, _) => null, services.GetRequiredService<Counters>());
        var run = new Run(folder, writer, services.GetRequiredService<SegmentJournal>());
        await run.StoreAsync(traffic);
        await services.GetRequiredService<SegmentJournal>().DrainAsync();
        writer.Dispose();
        new DerivationRounds(folder, TimeProvider.System).Finish(CancellationToken.None);
        var bytes = Directory.EnumerateFiles(folder.Folder).Sum(file => new FileInfo(file).Length);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"filled {path} with {traffic.Calls:N0} calls in {traffic.Spans:N0} spans: {run.Total.Elapsed.TotalSeconds:0} s, {traffic.Spans / run.Writing.Elapsed.TotalSeconds:N0} spans/s in the writer, {run.Closing.Elapsed.TotalSeconds:0} s closing days; {bytes >> 20:N0} MB, {bytes / (double)traffic.Calls:N0} B a call"));
        return 0;
    }

    internal static ServiceProvider Services(string path)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.ClearProviders());
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([new("Callwatch:Data", path), new("Callwatch:Journal:BallastBytes", "0")]).Build());
        services.AddCallwatch();
        return services.BuildServiceProvider();
    }

    private sealed class Run(StoreFolder folder, StoreWriter writer, SegmentJournal journal)
    {
        private readonly PartitionClosing closing = new(folder, TimeProvider.System);
        private readonly Checkpoints checkpoints = new(folder.Folder);
        private readonly List<ArrivedSpan> batch = [];
        private DateOnly day;

        public Stopwatch Total { get; } = Stopwatch.StartNew();

        public Stopwatch Writing { get; } = new();

        public Stopwatch Closing { get; } = new();

        public async Task StoreAsync(Traffic traffic)
        {
            var next = await NumberAsync();
            foreach (var minute in traffic.Minutes(() => next.Number))
            {
                batch.AddRange(minute);
                if (batch.Count < BatchSpans) continue;
                Store(next);
                next = await NumberAsync();
                CloseDays(traffic, all: false);
            }

            if (batch.Count > 0) Store(next);
            CloseDays(traffic, all: true);
        }

        private async Task<Position> NumberAsync()
        {
            var entry = new JournalEntry { Signal = Signal.Traces, TenantId = 1, AppId = 1, KeyId = 0, ReceivedAt = Timestamp.From(TimeProvider.System.GetUtcNow()), ItemCount = 0, Payload = ReadOnlyMemory<byte>.Empty };
            return await journal.AppendAsync([entry], CancellationToken.None) is AppendResult.Stored stored ? stored.First : throw new InvalidOperationException("The journal takes no records.");
        }

        private void Store(Position at)
        {
            Writing.Start();
            writer.Apply(new StoreBatch(batch, [], at));
            if (checkpoints.Hurry(writer.Unsynced)) Fold();
            Writing.Stop();
            batch.Clear();
        }

        private void Fold()
        {
            checkpoints.Run([.. writer.Unsynced, "catalog.db"]);
            writer.Unsynced.Clear();
            folder.Catalog.CommitSynced(folder.Catalog.Position!.Value.Number);
        }

        // A day is closed once the next has begun; spans that come late still go into it.
        private void CloseDays(Traffic traffic, bool all)
        {
            var newest = folder.Partitions[0].Day;
            if (newest == day && !all) return;
            day = newest;
            Closing.Start();
            Fold();
            foreach (var partition in folder.Partitions.Where(partition => !partition.Closed && partition.Day < newest.AddDays(all ? 0 : -1)).ToList())
            {
                writer.Release(partition.File);
                closing.Confirm(closing.Close(partition, CancellationToken.None));
            }

            Closing.Stop();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{newest:yyyy-MM-dd}: {traffic.Calls,12:N0} calls after {Total.Elapsed.TotalSeconds,6:0} s, {traffic.Spans / Writing.Elapsed.TotalSeconds:N0} spans/s in the writer"));
        }
    }
}
