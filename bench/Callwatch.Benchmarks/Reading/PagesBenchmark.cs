using System.Diagnostics;
using System.Globalization;

namespace Callwatch.Benchmarks.Reading;

/// <summary>
/// Every page and every address that is asked with GET, over a folder that <c>fill</c> has made (--dir): the first time, then --rounds times (20), and
/// against a folder with a tenth of the calls (--small). With --people three people click through all of them while calls of 10 KB come in
/// at --rate (3,000/s), after the same without anybody looking. --only TEXT takes those with this text in their address.
/// </summary>
internal static class PagesBenchmark
{
    // What takes longer than this need not be asked as often.
    private const double Slow = 400;
    private const int SlowRounds = 5;

    public static async Task<int> RunAsync(Switches switches)
    {
        if (switches.Text("dir") is not { } dir || !Directory.Exists(dir))
        {
            Console.WriteLine("--dir FOLDER: one that 'fill' has made");
            return 2;
        }

        var routes = Routes.All.Where(route => switches.Text("only") is not { } only || route.Path.Contains(only, StringComparison.Ordinal)).ToList();
        var figures = new Figures();
        await using var here = await LookedAt.OpenAsync(dir, switches.Number("days", 30));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{here.Filled.Spans:N0} spans from {here.Filled.From} to {here.Filled.To}"));
        if (switches.Has("people"))
        {
            await PagePeople.RunAsync(here, routes, switches.Duration(90), switches.Number("rate", 3_000), figures);
            return figures.AllReached ? 0 : 1;
        }

        await using var there = switches.Text("small") is { } small ? await LookedAt.OpenAsync(small, switches.Number("days", 30)) : null;
        foreach (var route in routes)
        {
            await WarmAsync(here, route);
            if (there is not null) await WarmAsync(there, route);
            foreach (var stretch in StretchesOf(route)) await MeasureAsync(here, there, route, stretch, switches.Number("rounds", 20), figures);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{here.Server.PrivateMegabytes:N0} MB of memory of its own afterwards"));
        return figures.AllReached ? 0 : 1;
    }

    /// <summary>What somebody sees in the lines.</summary>
    public static string NameOf(Route route, Stretch? stretch) => stretch is null ? route.Name : $"{route.Name}, {stretch.Name}";

    private static IEnumerable<Stretch?> StretchesOf(Route route) => route.IsStream ? Stretch.All.Take(1) : route.IsRanged ? Stretch.All : (IEnumerable<Stretch?>)[null];

    // The code has run before, as it has when people come to a server; what it reads has not been read.
    private static async Task WarmAsync(LookedAt at, Route route)
    {
        for (var i = 0; i < 2; i++) await at.Asker.AskAsync(at.EarlyPath(route));
    }

    private static async Task MeasureAsync(LookedAt here, LookedAt? there, Route route, Stretch? stretch, int rounds, Figures figures)
    {
        var (path, name) = (here.Path(route, stretch), NameOf(route, stretch));
        var first = await here.Asker.AskAsync(path);
        if (there is not null) await there.Asker.AskAsync(there.Path(route, stretch));
        var (times, others, used) = (new List<double>(), new List<double>(), TimeSpan.Zero);
        var trouble = first.Trouble;
        for (var round = 0; round < (first.Milliseconds > Slow ? SlowRounds : rounds) && trouble is null; round++)
        {
            var before = here.Server.CpuTime;
            var asked = await here.Asker.AskAsync(path);
            used += here.Server.CpuTime - before;
            times.Add(asked.Milliseconds);
            trouble = asked.Trouble;
            // In turns, so that whatever else the machine does falls on both.
            if (there is not null) others.Add((await there.Asker.AskAsync(there.Path(route, stretch))).Milliseconds);
        }

        if (trouble is not null)
        {
            figures.Print(name, trouble, reached: false, "an answer");
            return;
        }

        var reach = stretch is { IsWide: true } ? route.Wide : route.Reach;
        var more = string.Create(CultureInfo.InvariantCulture, $"  first {first.Milliseconds,7:0.0}; {used.TotalMilliseconds / times.Count,5:0} ms of processor");
        if (others.Count > 0) more += string.Create(CultureInfo.InvariantCulture, $"; {Figures.At(times, 0.5) / Figures.At(others, 0.5):0.00} of the time at a tenth");
        figures.Print(name, times, reach, more);
    }
}

/// <summary>Three people click through everything while calls come in: what they wait for, and what that does to intake and storing.</summary>
internal static class PagePeople
{
    private const int People = 3, CallsPerRequest = 32;

    // A person looks at what has come before asking for more.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    public static async Task RunAsync(LookedAt at, IReadOnlyList<Route> routes, TimeSpan duration, int rate, Figures figures)
    {
        List<(Route Route, Stretch? Stretch)> all = [.. routes.Where(route => !route.IsStream).SelectMany(route => (route.IsRanged ? Stretch.All : (IEnumerable<Stretch?>)[null]).Select(stretch => (route, stretch)))];
        using var load = new Load(at.Server.Url, Bodies.Calls(CallsPerRequest), senders: 16, prepared: (int)(duration.TotalSeconds * rate / CallsPerRequest * 1.1));
        await load.PaceAsync((double)rate / CallsPerRequest, TimeSpan.FromSeconds(5));
        var alone = await RoundAsync(at, load, rate, duration / 3);
        var times = new Dictionary<(Route, Stretch?), List<double>>();
        var clock = Stopwatch.StartNew();
        var looking = Task.WhenAll(Enumerable.Range(0, People).Select(person => LookAsync(at, all, person, times, clock, duration, figures)));
        var beside = await RoundAsync(at, load, rate, duration);
        await looking;
        foreach (var group in times.GroupBy(pair => ReachOf(pair.Key)).OrderBy(group => group.Key))
            figures.Print(string.Create(CultureInfo.InvariantCulture, $"3 people, all that is to be there in {group.Key} ms"), [.. group.SelectMany(pair => pair.Value)], group.Key);
        foreach (var ((route, stretch), taken) in times.Where(pair => pair.Value.Max() >= ReachOf(pair.Key)).OrderByDescending(pair => pair.Value.Max()))
            figures.Print("  longer at least once: " + PagesBenchmark.NameOf(route, stretch), taken, 0, string.Create(CultureInfo.InvariantCulture, $"; to be there in {ReachOf((route, stretch))} ms"));
        figures.Print(
            "intake beside 3 people", string.Create(CultureInfo.InvariantCulture, $"{beside.Sent:N0} calls/s acknowledged, p99 {beside.P99:0.0} ms; alone {alone.Sent:N0}/s, {alone.P99:0.0} ms"),
            beside.Sent >= rate * 0.98 && beside.P99 < Math.Max(50, alone.P99 * 1.5), ">= 0.98 of the rate, p99 <= 1.5 times or below 50 ms");
        figures.Print(
            "storing beside 3 people", string.Create(CultureInfo.InvariantCulture, $"{beside.Stored:N0} calls/s, alone {alone.Stored:N0}; {at.Server.PrivateMegabytes:N0} MB of memory of its own"),
            beside.Stored >= alone.Stored * 0.9, ">= 0.9 of alone");
    }

    private static int ReachOf((Route Route, Stretch? Stretch) asked) => asked.Stretch is { IsWide: true } ? asked.Route.Wide : asked.Route.Reach;

    private static async Task<(double Sent, double P99, double Stored)> RoundAsync(LookedAt at, Load load, int rate, TimeSpan duration)
    {
        using var http = new HttpClient();
        http.BaseAddress = at.Server.Url;
        var before = await WorstBenchmark.StoredAsync(http);
        var clock = Stopwatch.StartNew();
        var (sent, times) = await load.PaceAsync((double)rate / CallsPerRequest, duration);
        var stored = (await WorstBenchmark.StoredAsync(http) - before) * CallsPerRequest / clock.Elapsed.TotalSeconds;
        return (sent * CallsPerRequest, times.Milliseconds(0.99), stored);
    }

    private static async Task LookAsync(
        LookedAt at, List<(Route Route, Stretch? Stretch)> all, int person, Dictionary<(Route, Stretch?), List<double>> times, Stopwatch clock, TimeSpan duration, Figures figures)
    {
        using var asker = new PageAsker(at.Server);
        var random = new Random(person);
        while (clock.Elapsed < duration)
        {
            var next = all[random.Next(all.Count)];
            var asked = await asker.AskAsync(at.Path(next.Route, next.Stretch));
            lock (times)
            {
                if (asked.Trouble is { } trouble) figures.Print("3 people: " + PagesBenchmark.NameOf(next.Route, next.Stretch), trouble, reached: false, "an answer");
                else if (times.TryGetValue(next, out var known)) known.Add(asked.Milliseconds);
                else times[next] = [asked.Milliseconds];
            }

            await Task.Delay(Look);
        }
    }
}
