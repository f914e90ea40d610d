using System.Diagnostics;
using System.Globalization;
using Callwatch.Journal;
using Callwatch.Normalize.Pricing;
using Callwatch.Spans;
using Callwatch.Store;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rows;
using Callwatch.Store.Writing;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Callwatch.Benchmarks;

/// <summary>
/// From journal records to rows: small plain spans in traces of eight, or model calls of 10 KB of 1,000 interleaved sessions. Rates are also
/// given per core, from the processor time of the whole process, which does not depend on what else the machine does.
/// With --writer the writer alone, fed with normalised spans.
/// </summary>
internal static class StoreBenchmark
{
    public static Task<int> RunAsync(Switches switches) => switches.Has("writer") ? WriterAsync(switches) : StageAsync(switches);

    private static async Task<int> StageAsync(Switches switches)
    {
        var calls = switches.Text("kind") == "calls";
        var perRecord = calls ? 64 : 512;
        var count = switches.Number("spans", calls ? 40_000 : 400_000) / perRecord;
        var bodies = calls ? Bodies.Calls(perRecord, gzip: false) : Bodies.Plain(perRecord, json: false, gzip: false);
        var journal = new InMemoryJournal();
        var now = TimeProvider.System.GetUtcNow();
        var distinct = switches.Has("repeat") ? count / 2 : count;
        for (var i = 0; i < count; i++) await journal.AppendAsync([Entry(bodies.Next(new Random(i % distinct), now.AddSeconds(i % distinct * -0.02), calls ? 1 : 8), perRecord, now)], CancellationToken.None);

        var folderPath = switches.DataFolder();
        await using var services = Services(journal, folderPath);
        GC.Collect();
        var (clock, cpu, allocated) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes());
        // The reader and its upkeep, as the host starts them.
        var hosted = services.GetServices<IHostedService>().ToList();
        foreach (var service in hosted) await service.StartAsync(CancellationToken.None);
        await services.GetRequiredService<StoreProgress>().ReachedAsync(count, CancellationToken.None);
        var (took, used) = (clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
        allocated = GC.GetTotalAllocatedBytes() - allocated;
        var logs = Directory.EnumerateFiles(folderPath, "*-wal").Sum(file => new FileInfo(file).Length);
        foreach (var service in hosted.AsEnumerable().Reverse()) await service.StopAsync(CancellationToken.None);
        var (spans, size) = ((double)count * perRecord, Directory.EnumerateFiles(folderPath).Sum(file => new FileInfo(file).Length));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{(calls ? "calls of 10 KB" : "plain spans of 600 B")}: {spans / took:N0}/s, {spans / used:N0}/s per core, {allocated / spans:N0} bytes allocated and {size / spans:N0} bytes on disk each; logs of {logs >> 20:N0} MB at the end"));
        return spans / used >= (calls ? 3_000 : 25_000) ? 0 : 1;
    }

    private static ServiceProvider Services(IJournal journal, string folder)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<Counters>();
        services.AddSingleton(new PriceBooks());
        services.AddSingleton(journal);
        services.AddSingleton(DataFolder.Open(folder));
        services.AddStore();
        services.AddSingleton(new StoreFolder(folder));
        return services.BuildServiceProvider();
    }

    private static JournalEntry Entry(byte[] payload, int items, DateTimeOffset receivedAt) => new()
    {
        Signal = Signal.Traces,
        TenantId = 1,
        AppId = 1,
        KeyId = 0,
        ReceivedAt = Timestamp.From(receivedAt),
        ItemCount = items,
        Payload = payload,
    };

    private static Task<int> WriterAsync(Switches switches)
    {
        var calls = switches.Text("kind") == "calls";
        var seconds = switches.Number("seconds", 20);
        var batch = switches.Number("batch", calls ? 2_000 : 10_000);
        var folderPath = switches.DataFolder();
        using var folder = new StoreFolder(folderPath);
        using var writer = new StoreWriter(folder, new StoreOptions(), (_, _, _, _) => CallCost.Unknown("no_price"), (_, _, _, _) => null, new Counters());
        var source = new Source(calls);
        long stored = 0, number = 0, allocated = 0;
        var (busy, last) = (new Stopwatch(), Stopwatch.StartNew());
        var line = 0L;
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed.TotalSeconds < seconds)
        {
            var spans = source.Next(batch, ++number);
            var before = GC.GetAllocatedBytesForCurrentThread();
            busy.Start();
            writer.Apply(new StoreBatch(spans, [], new Position(Guid.Empty, number)));
            busy.Stop();
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            stored += spans.Count;
            line += spans.Count;
            if (last.Elapsed.TotalSeconds < 2) continue;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{stored,12:N0} stored   {line / last.Elapsed.TotalSeconds,10:N0}/s"));
            (line, last) = (0, Stopwatch.StartNew());
        }

        var size = Directory.EnumerateFiles(folderPath).Sum(file => new FileInfo(file).Length);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{(calls ? "calls" : "plain spans")}: {stored / busy.Elapsed.TotalSeconds:N0}/s in the writer, {allocated / stored:N0} bytes allocated and {size / stored:N0} bytes on disk each"));
        return Task.FromResult(0);
    }

    private sealed class Source(bool calls)
    {
        private static readonly string[] Models = ["gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "gemini-2.5-pro", "text-embedding-3-small"];
        private readonly Random random = new(1);
        private readonly long start = Timestamp.From(TimeProvider.System.GetUtcNow()).UnixNanoseconds;
        private readonly long began = Stopwatch.GetTimestamp();
        private int offset;

        public List<ArrivedSpan> Next(int count, long number)
        {
            var now = start + (long)(Stopwatch.GetElapsedTime(began).TotalMilliseconds * 1_000_000);
            var spans = new List<ArrivedSpan>(count);
            while (spans.Count < count)
            {
                var trace = new TraceId((ulong)random.NextInt64(), (ulong)random.NextInt64());
                var root = new SpanId((ulong)random.NextInt64());
                if (calls) spans.Add(Arrived(Call(trace, root, now), number));
                else
                    for (var i = 0; i < 8; i++) spans.Add(Arrived(Plain(trace, i == 0 ? root : new SpanId((ulong)random.NextInt64()), i == 0 ? default : root, now), number));
            }

            return spans;
        }

        private ArrivedSpan Arrived(Span span, long number) => new(span, new SpanVersion(number, offset++), 600, new Timestamp(span.End.UnixNanoseconds + 1_000_000));

        private Span Plain(TraceId trace, SpanId id, SpanId parent, long now)
        {
            var took = random.NextInt64(1_000_000, 900_000_000);
            var name = "GET /items/" + random.Next(40).ToString(CultureInfo.InvariantCulture);
            return new Span
            {
                TenantId = 1,
                AppId = 1,
                TraceId = trace,
                SpanId = id,
                ParentSpanId = parent,
                Name = name,
                DisplayName = name,
                Kind = SpanKind.Http,
                Start = new Timestamp(now - took),
                End = new Timestamp(now),
                DurationNanoseconds = took,
                Outcome = Outcome.Success,
                HttpStatus = 200,
                Environment = "default",
                Release = "1.4.2",
            };
        }

        private Span Call(TraceId trace, SpanId id, long now)
        {
            var took = random.NextInt64(200_000_000, 9_000_000_000);
            var model = Models[random.Next(Models.Length)];
            var (input, output) = (random.Next(100, 4_000), random.Next(20, 800));
            var failed = random.Next(40) == 0;
            return new Span
            {
                TenantId = 1,
                AppId = random.Next(1, 4),
                TraceId = trace,
                SpanId = id,
                Name = "chat " + model,
                DisplayName = "chat " + model,
                Kind = SpanKind.Chat,
                Start = new Timestamp(now - took),
                End = new Timestamp(now),
                DurationNanoseconds = took,
                Outcome = failed ? Outcome.Error : Outcome.Success,
                Error = failed ? new SpanError { Type = "RateLimitError", Group = "rate_limit", Message = "Rate limit reached for requests: limit 500, used 500" } : null,
                Environment = "prod",
                UserId = "user-" + random.Next(5_000).ToString(CultureInfo.InvariantCulture),
                SessionId = "session-" + random.Next(1_000).ToString(CultureInfo.InvariantCulture),
                Tags = ["support", "beta"],
                Metadata = new Dictionary<string, string> { ["plan"] = "pro" },
                InputPreview = "Please summarise the following conversation between the customer and our agent, with all that was agreed upon so far and what remains to be done",
                OutputPreview = "The customer asked for a refund of order 1234; the agent agreed to it and will send a confirmation once the warehouse has received the goods",
                Content = ContentState.Present,
                Call = new LlmCall
                {
                    Source = CallSource.Recorded,
                    Operation = "op-" + random.Next(10).ToString(CultureInfo.InvariantCulture),
                    Provider = "openai",
                    ProviderRaw = "openai",
                    RequestModel = model,
                    ResponseModel = model,
                    ResponseId = "chatcmpl-" + random.NextInt64().ToString(CultureInfo.InvariantCulture),
                    Streaming = true,
                    TtftNanoseconds = took / 7,
                    Usage = failed ? TokenUsage.Unknown : new TokenUsage { Input = input, Output = output, CacheRead = input / 2 },
                    Cost = failed ? CallCost.Unknown("no_usage") : new CallCost
                    {
                        InputUsd = input * 0.0000025m,
                        OutputUsd = output * 0.00001m,
                        TotalUsd = (input * 0.0000025m) + (output * 0.00001m),
                        Source = "computed",
                        PriceId = model,
                        PriceBook = "2026-09-01",
                        PricedModel = model,
                    },
                    FinishReasons = ["stop"],
                    FinishReasonsRaw = ["stop"],
                    Temperature = 0.7,
                    MaxTokens = 1_000,
                },
            };
        }
    }
}
