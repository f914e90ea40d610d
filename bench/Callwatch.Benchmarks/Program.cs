using Callwatch.Benchmarks;
using Callwatch.Benchmarks.Client;
using Callwatch.Benchmarks.Forwarding;
using Callwatch.Benchmarks.History;
using Callwatch.Benchmarks.Reading;

// Each line: the name on the command line, what it measures, how it runs. The figures are kept in docs/performance.md.
Benchmark[] benchmarks =
[
    new("normalize", "decoding and normalising on one core: plain spans, calls without messages, messages of 10 KB; --bdn: under BenchmarkDotNet", NormalizeBenchmark.RunAsync),
    new("journal", "appends with acknowledgement against plain appends of the same bytes in the same groups", JournalBenchmark.RunAsync),
    new("seal", "disk per call of growing chats before and after sealing; --calls N, --each CALLS_PER_REQUEST, --window MIB", SealBenchmark.RunAsync),
    new("intake", "64 senders over HTTP to the acknowledgement; --json, --rate SPANS_PER_SECOND", IntakeBenchmark.RunAsync),
    new("decode", "one core from inflated bytes to a canonical payload: protobuf, mended, JSON, media", DecodeBenchmark.RunAsync),
    new("stored", "from sending to queryable at a given rate; --calls, --rate PER_SECOND", StoredBenchmark.RunAsync),
    new("query", "the questions behind pages and charts, cold and warm; --calls, --days, --rounds, --data to keep the store", QueryBenchmark.RunAsync),
    new("idle", "start to first accepted span, then memory and processor of an idle server", IdleBenchmark.RunAsync),
    new("reads", "the figures on reading over folders that fill has made: --dir, --small, --rounds, --only cold, people, ratio, pages, misses or trace", ReadsBenchmark.RunAsync),
    new("pages", "every page and every GET of the API: first and warm, against a tenth of the calls, with 3 people and intake; --dir, --small, --rounds, --only TEXT, --people", PagesBenchmark.RunAsync),
    new("worst", "intake and storing beside the worst questions, over a folder that fill has made: --dir, --rate", WorstBenchmark.RunAsync),
    new("fill", "fills --dir with --calls of history over --days, for the figures on reading", FillBenchmark.RunAsync),
    new("forward", "traces carried on to each kind of destination, against the same bytes posted in a loop; --kinds A,B, --traces N, --delay MS; --backlog N --kind KIND: memory while so many are drained", ForwardBenchmark.RunAsync),
    new("client", "what the client library costs an application: a call against a plain activity, capture, records; endpoint alive and dead; --short, --calls: only the calls", ClientBenchmark.RunAsync),
    new("sentry", "reporting an exception by the client library: what it costs the thread, Sentry answering and away; --iterations N", SentryBenchmark.RunAsync),
    new("search", "the full-text index alone: calls per second, bytes of disk a call, times to find; --sessions, --calls, --full", SearchBenchmark.RunAsync),
    new("store", "from journal records to rows: --kind plain or calls; --writer: the writer alone", StoreBenchmark.RunAsync),
];

// Sixty-four senders on two cores: the generator must not wait for threads of its own.
ThreadPool.SetMinThreads(16, 16);
var wanted = benchmarks.FirstOrDefault(benchmark => args is [var name, ..] && name == benchmark.Name);
if (wanted is not null) return await wanted.RunAsync(new Switches(args[1..]));

Console.WriteLine("usage: dotnet run -c Release --project bench/Callwatch.Benchmarks -- NAME [--seconds N] [--data DIR] ...");
foreach (var benchmark in benchmarks) Console.WriteLine($"  {benchmark.Name,-12} {benchmark.About}");
return 2;
