using System.Diagnostics;
using System.Globalization;

namespace Callwatch.Benchmarks.Reading;

/// <summary>
/// The figures on reading, over a folder that <c>fill</c> has made (--dir, and --small with a tenth for the ratio): everything over HTTP from a
/// server of its own, which stores what is sent meanwhile in the same folder, on days after the history. --only NAME for one part:
/// cold, people, ratio, pages, misses, trace.
/// </summary>
internal static class ReadsBenchmark
{
    private const int SpansPerRequest = 512;

    public static async Task<int> RunAsync(Switches switches)
    {
        if (switches.Text("dir") is not { } dir || !Directory.Exists(dir))
        {
            Console.WriteLine("--dir FOLDER: one that 'fill' has made");
            return 2;
        }

        var filled = Filled.Open(dir, switches.Number("days", 30));
        var rounds = switches.Number("rounds", 20);
        var figures = new Figures();
        bool Wanted(string part) => switches.Text("only") is not { } only || only == part;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{filled.Spans:N0} spans from {filled.From} to {filled.To}"));
        if (Wanted("cold")) await ColdAsync(filled, figures);
        await using (var server = await ServerProcess.StartAsync(filled.Folder))
        {
            if (Wanted("ratio") && switches.Text("small") is { } small) await RatioAsync(server, filled, Filled.Open(small, switches.Number("days", 30)), rounds, figures);
            if (Wanted("pages")) await PagesAsync(server, filled, rounds, figures);
            if (Wanted("misses")) await MissesAsync(server, filled, figures);
            if (Wanted("trace")) await TraceAsync(server, rounds, figures);
            if (Wanted("people")) await PeopleAsync(server, filled, switches.Duration(20), switches.Number("rate", 5_000), figures);
        }

        return figures.AllReached ? 0 : 1;
    }

    // The code has run before, over the first two days, the data has not been read: a new process over files the system has forgotten, for each question.
    private static async Task ColdAsync(Filled filled, Figures figures)
    {
        foreach (var question in filled.Charts)
        {
            await using var server = await ServerProcess.StartAsync(filled.Folder);
            using var asker = new Asker(server.Url);
            foreach (var warm in (filled with { To = filled.From.Plus(TimeSpan.FromDays(2)) }).Charts) await asker.TimeAsync(warm.Path);
            PageCache.Forget(filled.Folder);
            figures.Print("cold: " + question.Name, [await asker.TimeAsync(question.Path)], question.Reach);
        }
    }

    private static async Task PeopleAsync(ServerProcess server, Filled filled, TimeSpan duration, int rate, Figures figures)
    {
        // Somebody has looked before: what the first one waits for is told by cold.
        using (var first = new Asker(server.Url))
            foreach (var question in filled.Charts) await first.TimeAsync(question.Path);
        var bodies = Bodies.Plain(SpansPerRequest, json: false);
        using var load = new Load(server.Url, bodies, senders: 4, prepared: Math.Max(8, (int)(duration.TotalSeconds * rate / SpansPerRequest * 1.1)));
        var times = filled.Charts.ToDictionary(question => question, _ => new List<double>());
        var refused = 0;
        var clock = Stopwatch.StartNew();
        var intake = load.PaceAsync((double)rate / SpansPerRequest, duration);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(async person =>
        {
            using var asker = new Asker(server.Url);
            for (var turn = person * 3; clock.Elapsed < duration; turn++)
            {
                var question = filled.Charts[turn % filled.Charts.Length];
                var (took, answered) = await asker.TryTimeAsync(question.Path);
                lock (times) times[question].Add(took);
                if (!answered) Interlocked.Increment(ref refused);
                // A person looks at what has come before asking for more.
                await Task.Delay(TimeSpan.FromMilliseconds(300));
            }
        }));
        var (sent, _) = await intake;
        var more = string.Create(CultureInfo.InvariantCulture, $"; {sent * SpansPerRequest:N0} spans/s come in");
        foreach (var (question, taken) in times)
            if (taken.Count > 0) figures.Print("3 people: " + question.Name, taken, question.Reach, more);
        if (refused > 0) figures.Print("3 people: refused", refused.ToString(CultureInfo.InvariantCulture), reached: false, "none");
    }

    private static async Task RatioAsync(ServerProcess server, Filled filled, Filled small, int rounds, Figures figures)
    {
        await using var other = await ServerProcess.StartAsync(small.Folder);
        using Asker here = new(server.Url), there = new(other.Url);
        for (var i = 0; i < filled.Charts.Length; i++)
        {
            var (large, little) = (new List<double>(), new List<double>());
            var used = TimeSpan.Zero;
            // Not counted: what the first one waits for is told by cold.
            await here.TimeAsync(filled.Charts[i].Path);
            await there.TimeAsync(small.Charts[i].Path);
            // In turns, so that whatever else the machine does falls on both.
            for (var round = 0; round < rounds; round++)
            {
                var before = server.CpuTime;
                large.Add(await here.TimeAsync(filled.Charts[i].Path));
                used += server.CpuTime - before;
                little.Add(await there.TimeAsync(small.Charts[i].Path));
            }

            var ratio = Median(large) / Median(little);
            figures.Print("warm: " + filled.Charts[i].Name, large, filled.Charts[i].Reach, Processor(used, rounds));
            figures.Print("ratio: " + filled.Charts[i].Name, string.Create(CultureInfo.InvariantCulture, $"{ratio:0.00} of {Median(little):0.0} ms at {small.Spans:N0} spans"), ratio <= 1.5, "<= 1.5");
        }
    }

    private static async Task PagesAsync(ServerProcess server, Filled filled, int rounds, Figures figures)
    {
        using var asker = new Asker(server.Url);
        await asker.TimeAsync(filled.Pages[0].Path);
        foreach (var question in filled.Pages)
        {
            var times = new List<double>();
            string? trouble = null;
            var before = server.CpuTime;
            for (var round = 0; round < rounds && trouble is null; round++)
            {
                try
                {
                    times.Add(await asker.TimeAsync(question.Path));
                }
                catch (InvalidOperationException e)
                {
                    trouble = e.Message;
                }
            }

            if (trouble is null) figures.Print(question.Name, times, question.Reach, Processor(server.CpuTime - before, rounds));
            else figures.Print(question.Name, trouble, reached: false, "an answer");
        }
    }

    // Page after page until everything has been looked at.
    private static async Task MissesAsync(ServerProcess server, Filled filled, Figures figures)
    {
        using var asker = new Asker(server.Url);
        // Once, so that the code has run.
        await asker.TimeAsync(filled.Misses[^1].Path);
        foreach (var question in filled.Misses)
        {
            var (pages, found, first) = (0, 0, 0.0);
            var clock = Stopwatch.StartNew();
            string? cursor = null, until = null;
            do
            {
                var page = await asker.JsonAsync(question.Path + (cursor is null ? "" : "&cursor=" + cursor));
                if (pages++ == 0) (first, until) = (clock.Elapsed.TotalMilliseconds, page.GetProperty("searched_until").GetString());
                found += page.GetProperty("items").GetArrayLength();
                cursor = page.GetProperty("next").GetString();
            }
            while (cursor is not null);
            var whole = clock.Elapsed.TotalMilliseconds;
            figures.Print(
                question.Name, string.Create(CultureInfo.InvariantCulture, $"first page {first,6:0} ms{(until is null ? "" : ", searched until " + until[..16])}; whole range {whole,6:0} ms in {pages} pages, {found} found"),
                first < 300 && whole < question.Reach, $"a page in 300 ms, all in {question.Reach} ms");
        }
    }

    private static async Task TraceAsync(ServerProcess server, int rounds, Figures figures)
    {
        const int Spans = 10_000;
        var seed = Environment.TickCount;
        var id = new byte[16];
        new Random(seed).NextBytes(id);
        var bodies = Bodies.Plain(Spans, json: false);
        using (var sender = new HttpSender(server.Url, "/v1/traces", bodies.Headers))
            if (await sender.PostAsync(bodies.Next(new Random(seed), TimeProvider.System.GetUtcNow(), Spans)) != 200) throw new InvalidOperationException("the trace was not taken");
        using var asker = new Asker(server.Url);
        var trace = Convert.ToHexStringLower(id);
        while ((await asker.JsonAsync($"/api/v1/lookup/{trace}")).GetProperty("matches").EnumerateArray().All(match => match.GetProperty("steps").EnumerateArray().Any(step => step.GetProperty("step").GetString() == "stored" && step.GetProperty("state").GetString() != "done"))) await Task.Delay(100);
        while ((await asker.JsonAsync($"/api/v1/traces/{trace}?limit=1")).GetProperty("trace").GetProperty("span_count").GetInt32() < Spans) await Task.Delay(100);
        foreach (var (name, path) in new[] { ("trace of 10,000 spans, API", $"/api/v1/traces/{trace}"), ("trace of 10,000 spans, page", $"/traces/{trace}") })
        {
            var times = new List<double>();
            var before = server.CpuTime;
            for (var round = 0; round < rounds; round++) times.Add(await asker.TimeAsync(path));
            figures.Print(name, times, 500, Processor(server.CpuTime - before, rounds));
        }
    }

    // Which does not depend on what else the machine does.
    private static string Processor(TimeSpan used, int times) => string.Create(CultureInfo.InvariantCulture, $"; {used.TotalMilliseconds / times,5:0} ms of processor");

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);
}
