using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Threading.Channels;
using Callwatch.Client.Api;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Durability.PowerLoss;

/// <summary>
/// The real program under load, its power cut again and again on the same data, at any moment, also while it starts: what was written and not synced
/// is undone, wholly or in part. More rounds: <c>CALLWATCH_POWER_ROUNDS=100</c>, for each way of losing.
/// </summary>
public sealed class PowerLossTests
{
    private const string AdminKey = "cw_power_loss_tests_admin_key_1";
    private const int Senders = 4, LatestTraces = 40;

    // Small, so that files become full, are begun and are put away all the time.
    private static readonly (string, string)[] Small =
    [
        ("CALLWATCH_ADMIN_KEY", AdminKey), ("Callwatch__Journal__SegmentBytes", "40000"), ("Callwatch__Journal__SealWindowBytes", "60000"), ("Callwatch__Journal__SealAge", "00:00:00"), ("Callwatch__Journal__SealShare", "1"), ("Callwatch__Journal__BallastBytes", "65536"),
        ("Callwatch__Journal__MinFreeBytes", "0"), ("Callwatch__Journal__MinFreePercent", "0"), ("Callwatch__Store__MostRows", "1000"), ("Callwatch__Store__CacheKib", "1024"),
        ("Callwatch__Store__BatchDelay", "00:00:00.020"),
    ];

    private static readonly string[] Wanted =
        ["segment_writes", "segment_syncs", "wal_writes", "wal_syncs", "database_writes", "created", "renamed", "folder_syncs", "sealed", "pending_writes", "undone_names"];

    private readonly ServerAddress address = new();
    private readonly Channel<bool> answers = Channel.CreateUnbounded<bool>();
    private readonly ConcurrentBag<string> keys = [];
    private readonly Dictionary<string, long> seen = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("all")]
    [InlineData("some")]
    [InlineData("torn")]
    public async Task Every_acknowledged_span_and_key_is_there_exactly_once_whatever_the_power_cut_took(string mode)
    {
        var rounds = int.Parse(Environment.GetEnvironmentVariable("CALLWATCH_POWER_ROUNDS") ?? "8", CultureInfo.InvariantCulture);
        Assert.Equal([], await RunAsync(mode, rounds, noSync: false));

        // Otherwise nothing would have been tested at all.
        Assert.Empty(Unseen());
    }

    [Theory]
    [InlineData("all")]
    [InlineData("some")]
    [InlineData("torn")]
    public async Task Without_syncs_the_loss_is_found(string mode) => Assert.NotEmpty(await RunAsync(mode, rounds: 3, noSync: true));

    /// <summary>What no cut has met so far.</summary>
    private List<string> Unseen()
    {
        List<string> unseen = [.. Wanted.Where(name => seen.GetValueOrDefault(name) == 0)];
        if (seen.GetValueOrDefault("undone_sectors") + seen.GetValueOrDefault("cut_bytes") == 0) unseen.Add("a write that was undone");
        return unseen;
    }

    /// <summary>Everything that was not as it should be after a cut.</summary>
    private async Task<IReadOnlyList<string>> RunAsync(string mode, int rounds, bool noSync)
    {
        var library = await PowerLossLibrary.PathAsync(Cancel);
        using var temp = new TempFolder();
        Directory.CreateDirectory(temp.At("data"));
        Directory.CreateDirectory(temp.At("lost"));
        var from = TimeProvider.System.GetUtcNow().AddMinutes(-1);
        var senders = Enumerable.Range(1, Senders).Select(number => new LoadSender((uint)number, address, () => answers.Writer.TryWrite(true))).ToList();
        var random = new Random(mode.Length);
        // Where the loss is what is looked for, standing still is one.
        var within = noSync ? TimeSpan.FromSeconds(20) : Patience.Long;
        var cut = new PowerCut(library, temp, mode, Seed: 0, NoSync: noSync);
        var server = await UpAsync(cut);
        try
        {
            // What a few cuts happen to meet hangs on how soon the least important threads of the program get their turn: then some more are made.
            for (var round = 1; round <= rounds || (!noSync && round <= 10 * rounds && Unseen().Count > 0); round++)
            {
                using var stop = new CancellationTokenSource();
                var sending = Task.WhenAll(senders.Select(sender => Task.Run(() => sender.RunAsync(stop.Token), Cancel)));
                using var reading = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
                var asking = AskAsync(server.Url, reading.Token);
                await AnswersAsync(random.Next(5, 60), sending);
                if (random.Next(2) == 0) await MakeKeyAsync(server.Url, round);
                address.IsDown();
                Add(await cut.CutAsync(server));
                if (!noSync) seen["sealed"] = seen.GetValueOrDefault("sealed") + Directory.EnumerateFiles(temp.At("data", "journal"), "*.sealed", SearchOption.AllDirectories).Count();
                await server.DisposeAsync();
                await reading.CancelAsync();
                await asking;
                for (var starts = random.Next(3); starts > 0; starts--) await CutWhileStartingAsync(cut with { Seed = random.Next(), After = random.Next(1, 250) });

                cut = cut with { Seed = random.Next() };
                server = await UpAsync(cut);
                await stop.CancelAsync();
                await sending.WaitAsync(within);
                var sent = senders.SelectMany(sender => sender.Acknowledged).ToList();
                List<string> missed = [.. await MissedAsync(server.Url, sent, from, round >= rounds ? null : LatestTraces, within), .. await SettledSpans.MissedAsync(server.Url, temp.At("data"), sent, Cancel, within)];
                TestContext.Current.TestOutputHelper?.WriteLine($"{mode}: {round} cuts, {sent.Count} spans, {keys.Count} keys");
                if (missed.Count > 0) return [$"after {round} cuts", .. missed];
            }

            return [];
        }
        catch (Exception e) when (noSync && !Cancel.IsCancellationRequested)
        {
            // What is left of files that were never synced need not even let it start, or go on.
            return [e.Message];
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private async Task<CallwatchProcess> UpAsync(PowerCut cut)
    {
        var server = await CallwatchProcess.ServeAsync(cut.Temp.At("data"), [], [.. Small, .. SettledSpans.Soon, .. cut.Environment]);
        address.IsUp(server.Url);
        return server;
    }

    private async Task CutWhileStartingAsync(PowerCut cut)
    {
        await using var starting = CallwatchProcess.Start(["serve", "--data", cut.Temp.At("data"), "--urls", "http://127.0.0.1:0", "--grpc-port", "off"], [.. Small, .. cut.Environment]);
        var report = await starting.IsReadyAsync() ? await cut.CutAsync(starting) : await cut.EndedAsync(starting);
        if (report is null) throw new InvalidOperationException("The start was refused: " + starting.Error);
        Add(report);
    }

    private void Add(IReadOnlyDictionary<string, long>? report)
    {
        Assert.NotNull(report);
        foreach (var (name, count) in report) seen[name] = seen.GetValueOrDefault(name) + count;
    }

    private async Task AnswersAsync(int count, Task sending)
    {
        for (var i = 0; i < count; i++)
        {
            var next = answers.Reader.ReadAsync(Cancel).AsTask();
            if (await Task.WhenAny(next, sending) == sending) await sending;
            await next;
        }
    }

    /// <summary>Somebody looks at the dashboard meanwhile: readers hold back checkpoints.</summary>
    private static async Task AskAsync(Uri url, CancellationToken until)
    {
        using var http = new HttpClient();
        try
        {
            while (!until.IsCancellationRequested)
            {
                foreach (var path in (string[])["api/v1/calls?limit=1000", "api/v1/stats?by=model", "api/v1/traces?limit=100"])
                    (await http.GetAsync(new Uri(url, path), until)).Dispose();
            }
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or OperationCanceledException)
        {
            // The power is gone.
        }
    }

    private async Task MakeKeyAsync(Uri url, int round)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", AdminKey);
        using var answer = await http.PostAsJsonAsync(new Uri(url, "api/v1/keys"), new ApiKeyWish { App = $"app-{round}", Scopes = ["ingest"], Label = $"round {round}" }, ApiJson.Default.ApiKeyWish, Cancel);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        keys.Add((await answer.Content.ReadFromJsonAsync(ApiJson.Default.ApiNewAccessKey, Cancel))!.Secret);
    }

    private async Task<IReadOnlyList<string>> MissedAsync(Uri url, List<SentSpan> sent, DateTimeOffset from, int? looked, TimeSpan within)
    {
        using var http = new HttpClient(new AskingAgain()) { BaseAddress = url, Timeout = Patience.Long };
        List<string> missed = [.. await Kept.MissedAsync(new CallwatchApi(http), sent, from, Cancel, looked, within: within)];
        foreach (var key in keys)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url, "v1/traces"));
            request.Content = new ByteArrayContent([]);
            request.Content.Headers.ContentType = new("application/x-protobuf");
            request.Headers.Authorization = new("Bearer", key);
            using var answer = await http.SendAsync(request, Cancel);
            if (answer.StatusCode != HttpStatusCode.OK) missed.Add($"a key that was made is answered {(int)answer.StatusCode}");
        }

        return missed;
    }
}
