using System.Diagnostics;
using System.Globalization;
using Callwatch.Client.Api;

namespace Callwatch.Benchmarks.Reading;

/// <summary>
/// Intake and storing without anybody asking, then while four askers repeat the worst questions without a pause, in turns: how much later the
/// 99th of a hundred acknowledgements comes, and how many spans are stored. Over a folder that <c>fill</c> has made (--dir), at --rate spans/s.
/// </summary>
internal static class WorstBenchmark
{
    private const int SpansPerRequest = 512;
    private const int Askers = 4;

    public static async Task<int> RunAsync(Switches switches)
    {
        if (switches.Text("dir") is not { } dir || !Directory.Exists(dir))
        {
            Console.WriteLine("--dir FOLDER: one that 'fill' has made");
            return 2;
        }

        var filled = Filled.Open(dir, switches.Number("days", 30));
        var (rate, duration, rounds) = (switches.Number("rate", 15_000), switches.Duration(8), switches.Number("rounds", 2));
        await using var server = await ServerProcess.StartAsync(filled.Folder);
        var bodies = Bodies.Plain(SpansPerRequest, json: false);
        using var load = new Load(server.Url, bodies, senders: 16, prepared: (int)(duration.TotalSeconds * rate / SpansPerRequest * 1.1));
        await load.PaceAsync((double)rate / SpansPerRequest, TimeSpan.FromSeconds(3));
        var (alone, beside) = (new List<(double P99, double Stored)>(), new List<(double P99, double Stored)>());
        var asked = 0;
        for (var round = 0; round < rounds; round++)
        {
            alone.Add(await RoundAsync(server, load, rate, duration));
            using var stop = new CancellationTokenSource();
            var asking = Task.WhenAll(Enumerable.Range(0, Askers).Select(asker => AskAsync(server, Worst(filled), asker, () => Interlocked.Increment(ref asked), stop.Token)));
            beside.Add(await RoundAsync(server, load, rate, duration));
            await stop.CancelAsync();
            await asking;
        }

        var (quiet, busy) = (alone.Average(one => one.P99), beside.Average(one => one.P99));
        var figures = new Figures();
        figures.Print(
            "worst questions: acknowledgement", string.Create(CultureInfo.InvariantCulture, $"p99 {quiet:0.0} ms alone, {busy:0.0} ms beside {asked:N0} of the worst questions: {busy / quiet:0.00} times"), busy < Math.Max(50, quiet * 1.5), "<= 1.5 times, or below 50 ms");
        var (stored, storedBeside) = (alone.Average(one => one.Stored), beside.Average(one => one.Stored));
        figures.Print(
            "worst questions: storing", string.Create(CultureInfo.InvariantCulture, $"{stored:N0} spans/s stored alone, {storedBeside:N0} beside them: {storedBeside / stored:0.00} of it; {server.PrivateMegabytes:N0} MB of memory of its own afterwards"), storedBeside / stored >= 0.9, ">= 0.9");
        return figures.AllReached ? 0 : 1;
    }

    private static async Task<(double P99, double Stored)> RoundAsync(ServerProcess server, Load load, int rate, TimeSpan duration)
    {
        using var http = new HttpClient();
        http.BaseAddress = server.Url;
        var before = await StoredAsync(http);
        var clock = Stopwatch.StartNew();
        var (_, times) = await load.PaceAsync((double)rate / SpansPerRequest, duration);
        var stored = (await StoredAsync(http) - before) * SpansPerRequest / clock.Elapsed.TotalSeconds;
        return (times.Milliseconds(0.99), stored);
    }

    /// <summary>The last journal record that is stored.</summary>
    internal static async Task<long> StoredAsync(HttpClient http) => await new CallwatchApi(http).SystemAsync() is ApiAnswer<ApiSystem>.Found { Value: var system }
        ? system.Readers.Single(reader => reader.Name == "store").Position : throw new InvalidOperationException("System does not answer");

    private static async Task AskAsync(ServerProcess server, string[] questions, int first, Action answered, CancellationToken stop)
    {
        using var http = new HttpClient();
        http.BaseAddress = server.Url;
        for (var turn = first * 3; !stop.IsCancellationRequested; turn++)
        {
            try
            {
                // Whatever it says: that it takes longer than allowed is an answer too.
                using var response = await http.GetAsync(questions[turn % questions.Length], stop);
                await response.Content.ReadAsByteArrayAsync(stop);
                answered();
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static string[] Worst(Filled filled) =>
    [
        $"/api/v1/stats?{filled.Whole}&by=user&by=session",
        filled.Calls("\"no such words anywhere\""),
        $"/api/v1/stats?{filled.Whole}&by=metadata.plan&q=tag:vip",
        filled.Calls("-tag:vip latency>1ms") + "&sort=-total_tokens",
        $"/api/v1/traces?{filled.Whole}&q=" + Uri.EscapeDataString("-model:gpt* -tag:vip metadata.plan:nothing"),
        $"/api/v1/facets/metadata.region?{filled.Whole}",
        $"/api/v1/users?{filled.Whole}&q=" + Uri.EscapeDataString("tag:vip latency>1s") + "&limit=1000",
        filled.Calls("") + "&sort=ttft&limit=1000",
        $"/api/v1/errors?{filled.Whole}&q=" + Uri.EscapeDataString("error_message:*character*"),
        "/api/v1/lookup/00f067aa0ba902b7",
    ];
}
