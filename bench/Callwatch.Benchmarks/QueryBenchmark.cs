using System.Diagnostics;
using System.Globalization;
using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Query;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store;
using Callwatch.Store.Derived;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rows;
using Callwatch.Store.Writing;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Options;

namespace Callwatch.Benchmarks;

/// <summary>
/// The questions behind pages and charts, over a store of --calls (default 500,000) spread over --days (default 7). With --data the folder
/// is kept and used again. Each question once cold and then --rounds times; the processor time of one does not depend on what else the machine does.
/// </summary>
internal static class QueryBenchmark
{
    private static readonly string[] Models = ["gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "gemini-2.5-pro", "text-embedding-3-small"];

    public static async Task<int> RunAsync(Switches switches)
    {
        var path = switches.DataFolder();
        Directory.CreateDirectory(Path.Combine(path, "store"));
        using var folder = new StoreFolder(Path.Combine(path, "store"));
        var (count, days) = (switches.Number("calls", 500_000), switches.Number("days", 7));
        var now = new DateTimeOffset(2026, 9, 18, 12, 0, 0, TimeSpan.Zero);
        if (folder.Partitions.IsEmpty) Fill(folder, count, days, now);
        folder.LoadFilters();
        var deriving = Stopwatch.StartNew();
        new DerivationRounds(folder, TimeProvider.System).Finish(CancellationToken.None);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"levels made in {deriving.Elapsed.TotalSeconds:0.0} s"));
        var time = TimeProvider.System;
        using var control = new ControlDb(Path.Combine(path, "control.db"));
        new FirstStart(control, new Keys(control, time), time).Ensure(path, givenAdminKey: null);
        var apps = new Apps(control, time, new Counters(), Options.Create(new ControlOptions()));
        foreach (var name in (string[])["one", "two", "three", "four"]) apps.AppIdOf(1, name);
        using var gate = new QueryGate(folder, time, Options.Create(new QueryOptions()));
        var scopes = new Scopes(apps, new InMemoryJournal());
        var (calls, stats, facets, errors) = (new CallQueries(gate, scopes), new StatsQueries(gate, scopes), new FacetQueries(gate, scopes), new ErrorQueries(gate, scopes));

        Selection Over(TimeSpan span, string? filter = null) => new() { Scope = new ReadScope(1), From = Timestamp.From(now - span), To = Timestamp.From(now), Filter = filter };
        var (day, week) = (TimeSpan.FromDays(1), TimeSpan.FromDays(days));
        async Task<string> Page(Selection selection, SortOrder sort) => await calls.ListAsync(selection, sort, 100, null, CancellationToken.None) switch
        {
            Answer<Page<Span>>.Found { Value: var page } => $"{page.Items.Count} rows{(page.Next is null ? "" : page.Items.Count < 100 ? ", looked until " + page.SearchedUntil : "")}",
            var other => other.GetType().Name,
        };
        async Task<string> Figures(Selection selection, params string[] by) =>
            await stats.FiguresAsync(new StatsQuestion { Selection = selection, By = by, CountPeople = false }, CancellationToken.None) is Answer<StatsAnswer>.Found { Value: var answer }
                ? $"{answer.Groups.Count} groups from {answer.Source}" : "too much";

        (string Name, Func<Task<string>> Ask)[] questions =
        [
            ("calls, newest", () => Page(Over(week), SortOrder.Newest)),
            ("calls, outcome:error", () => Page(Over(week, "outcome:error"), SortOrder.Newest)),
            ("calls, model and latency", () => Page(Over(week, "model:gpt-4o latency>8500ms"), SortOrder.Newest)),
            ("calls, one user", () => Page(Over(week, "user:user-77"), SortOrder.Newest)),
            ("calls, nobody's", () => Page(Over(week, "user:nobody"), SortOrder.Newest)),
            ("calls, rare cost", () => Page(Over(week, "cost>1"), SortOrder.Newest)),
            ("calls, free text miss", () => Page(Over(week, "\"no such words\""), SortOrder.Newest)),
            ("calls, slowest of a day", () => Page(Over(day), new SortOrder(SortField.Duration, true))),
            ("figures, a day", () => Figures(Over(day))),
            ("figures, all, by model", () => Figures(Over(week), "model")),
            ("figures, all, in hours", () => Figures(Over(week))),
            ("figures, all, by operation and model", () => Figures(Over(week), "operation", "asked_model")),
            ("figures, all, by user", () => Figures(Over(week), "user")),
            ("figures, all, with people", async () => (await stats.FiguresAsync(new StatsQuestion { Selection = Over(week) }, CancellationToken.None)).GetType().Name),
            ("figures, all, by app", () => Figures(Over(week), "app")),
            ("figures, a day, filtered", () => Figures(Over(day, "provider:openai outcome:success"), "model")),
            ("figures, an hour, by user", () => Figures(Over(TimeSpan.FromHours(1)), "user")),
            ("facet, models of all", async () => (await facets.ValuesAsync("model", null, Over(week), 100, CancellationToken.None)).GetType().Name),
            ("facet, users of all", async () => (await facets.ValuesAsync("user", "user-1", Over(week), 100, CancellationToken.None)).GetType().Name),
            ("errors of all", async () => (await errors.GroupsAsync(Over(week), 100, CancellationToken.None)).GetType().Name),
        ];
        var rounds = switches.Number("rounds", 10);
        foreach (var (name, ask) in questions)
        {
            var clock = Stopwatch.StartNew();
            var said = await ask();
            var cold = clock.Elapsed.TotalMilliseconds;
            var warm = new Latencies();
            var cpu = Environment.CpuUsage.TotalTime;
            for (var i = 0; i < rounds; i++)
            {
                var start = Stopwatch.GetTimestamp();
                await ask();
                warm.Add(start);
            }

            var used = (Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds / rounds;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-28} first {cold,8:0.0} ms   then p50 {warm.Milliseconds(0.5),7:0.0} p95 {warm.Milliseconds(0.95),7:0.0} ms   processor {used,6:0.0} ms   {said}"));
        }

        return 0;
    }

    private static void Fill(StoreFolder folder, int count, int days, DateTimeOffset now)
    {
        using var writer = new StoreWriter(folder, new StoreOptions { HotSpans = 0 }, (_, _, _, _) => CallCost.Unknown("no_price"), (_, _, _, _) => null, new Counters());
        var random = new Random(1);
        var step = TimeSpan.FromDays(days).Ticks * 100 / count;
        var end = Timestamp.From(now.AddDays(-days)).UnixNanoseconds;
        var clock = Stopwatch.StartNew();
        for (var (stored, number) = (0, 1L); stored < count; number++)
        {
            var batch = new List<ArrivedSpan>();
            for (; batch.Count < 5_000 && stored < count; stored++, end += step) batch.Add(new ArrivedSpan(Call(random, end), new SpanVersion(number, batch.Count), 600, new Timestamp(end)));
            writer.Apply(new StoreBatch(batch, [], new Position(Guid.Empty, number)));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"filled with {count:N0} calls in {clock.Elapsed.TotalSeconds:0} s"));
    }

    private static Span Call(Random random, long end)
    {
        var took = random.NextInt64(200_000_000, 9_000_000_000);
        var model = Models[random.Next(Models.Length)];
        var (input, output) = (random.Next(100, 4_000), random.Next(20, 800));
        var failed = random.Next(40) == 0;
        return new Span
        {
            TenantId = 1,
            AppId = random.Next(1, 5),
            TraceId = new TraceId((ulong)random.NextInt64(), (ulong)random.NextInt64()),
            SpanId = new SpanId((ulong)random.NextInt64()),
            Name = "chat " + model,
            DisplayName = "chat " + model,
            Kind = SpanKind.Chat,
            Start = new Timestamp(end - took),
            End = new Timestamp(end),
            DurationNanoseconds = took,
            Outcome = failed ? Outcome.Error : Outcome.Success,
            Error = failed ? new SpanError { Type = "RateLimitError", Group = "rate_limit", Message = "Rate limit reached for requests" } : null,
            Environment = "prod",
            UserId = "user-" + random.Next(20_000).ToString(CultureInfo.InvariantCulture),
            SessionId = "session-" + random.Next(100_000).ToString(CultureInfo.InvariantCulture),
            Tags = ["support"],
            InputPreview = "Please summarise the following conversation between the customer and our agent, with all that was agreed upon so far and what remains to be done",
            OutputPreview = "The customer asked for a refund of order 1234; the agent agreed to it and will send a confirmation once the warehouse has received the goods",
            Call = new LlmCall
            {
                Source = CallSource.Recorded,
                Operation = "op-" + random.Next(10).ToString(CultureInfo.InvariantCulture),
                Provider = "openai",
                RequestModel = model,
                ResponseModel = model,
                TtftNanoseconds = took / 5,
                Streaming = true,
                Usage = new TokenUsage { Input = input, Output = output, Total = input + output },
                Cost = new CallCost { InputUsd = input * 0.0000025m, OutputUsd = output * 0.00001m, TotalUsd = (input * 0.0000025m) + (output * 0.00001m), Source = "computed" },
            },
        };
    }
}
