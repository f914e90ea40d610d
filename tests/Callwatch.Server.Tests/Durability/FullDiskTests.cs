using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Callwatch.Client.Api;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Durability;

/// <summary>
/// The real program on a real disk of 64 MiB that becomes full to the last byte while it works: a memory disk mounted in a namespace of the program's
/// own, so that nothing of it stays. Needs Linux, and root.
/// </summary>
public sealed class FullDiskTests
{
    // $0 is the folder to mount over, the rest the program.
    private const string OnASmallDisk = """mount -t tmpfs -o size=64m tmpfs "$0" && exec "$@" """;

    private static readonly (string, string)[] Small =
    [
        ("Callwatch__Http__Urls", "http://127.0.0.1:0"), ("Callwatch__Http__GrpcPort", "off"), ("Callwatch__Journal__SegmentBytes", "1000000"),
        ("Callwatch__Journal__BallastBytes", "1000000"), ("Callwatch__Journal__MinFreeBytes", "2000000"), ("Callwatch__Journal__MinFreePercent", "0"),
        ("Callwatch__Journal__MaxBytes", "1000000000"), ("Callwatch__Journal__SweepInterval", "00:00:01"), ("Callwatch__Journal__SealWindowBytes", "1000000"), ("Callwatch__Journal__SealAge", "00:00:00"),
    ];

    private readonly ServerAddress address = new();
    private readonly Channel<bool> answers = Channel.CreateUnbounded<bool>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_disk_is_answered_503_reading_goes_on_and_all_goes_on_by_itself_with_nothing_lost_when_there_is_room()
    {
        Assert.SkipUnless(await CanMountAsync(), "this user cannot mount a disk");
        using var temp = new TempFolder();
        var from = TimeProvider.System.GetUtcNow().AddMinutes(-1);
        await using var server = CallwatchProcess.Start(["unshare", "-m", "sh", "-c", OnASmallDisk, temp.Path], ["serve", "--data", temp.At("data")], Small);
        Assert.True(await server.IsReadyAsync(), server.Error);
        address.IsUp(server.Url);
        using var http = server.NewHttp();
        var api = new CallwatchApi(http);
        var senders = Enumerable.Range(1, 2).Select(number => new LoadSender((uint)number, address, () => answers.Writer.TryWrite(true))).ToList();
        for (var round = 0; round < 2; round++)
        {
            await SendingAsync(senders, 150);
            Assert.Null(await Kept.CaughtUpAsync(api, Cancel));

            // The program's own view of the disk: nobody else has it mounted.
            var filler = $"/proc/{server.Id}/root{temp.At("filler")}";
            Fill(filler);
            await RefusedAsync(http);
            foreach (var path in (string[])["api/v1/calls?limit=10", "api/v1/stats", "api/v1/system", "healthz"])
                using (var answer = await http.GetAsync(new Uri(path, UriKind.Relative), Cancel)) Assert.Equal((path, HttpStatusCode.OK), (path, answer.StatusCode));

            File.Delete(filler);
            await SendingAsync(senders, 20);
        }

        // What the journal held alone may have gone, and was counted: a full disk takes the oldest bodies before it takes new data.
        Assert.Equal([], await Kept.MissedAsync(api, [.. senders.SelectMany(sender => sender.Acknowledged)], from, Cancel, bodies: false));
        await UntilAsync(http, system => system["readers"]!.AsArray().Single(reader => (string)reader!["name"]! == "settle") is var settle && (string?)settle!["state"] == "running" && settle["position"]!.ToString() == system["head"]!.ToString());
    }

    [Fact]
    public async Task Sealing_indexing_rebuilding_and_backup_say_that_the_disk_is_full_leave_nothing_behind_and_go_on_when_there_is_room()
    {
        Assert.SkipUnless(await CanMountAsync(), "this user cannot mount a disk");
        using var temp = new TempFolder();
        var from = TimeProvider.System.GetUtcNow().AddMinutes(-1);
        // Room for a rebuilding, which wants 64 MB beside what it needs.
        await using var server = CallwatchProcess.Start(["unshare", "-m", "sh", "-c", OnASmallDisk.Replace("64m", "192m", StringComparison.Ordinal), temp.Path], ["serve", "--data", temp.At("data")], Small);
        Assert.True(await server.IsReadyAsync(), server.Error);
        address.IsUp(server.Url);
        var seen = $"/proc/{server.Id}/root{temp.Path}";
        using var http = server.NewHttp();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(seen + "/data/admin.key", Cancel)).Trim());
        var api = new CallwatchApi(http);
        var senders = Enumerable.Range(1, 2).Select(number => new LoadSender((uint)number, address, () => answers.Writer.TryWrite(true))).ToList();
        await SendingAsync(senders, 300);
        Assert.Null(await Kept.CaughtUpAsync(api, Cancel));

        // Enough for what comes, too little for a rebuilding.
        var filler = seen + "/filler";
        Fill(filler, new DriveInfo(seen).AvailableFreeSpace - (24L << 20));
        var (state, reason) = await RebuildAsync(http, from);
        Assert.Equal("failed", state);
        Assert.Contains("not enough room", reason, StringComparison.Ordinal);
        File.Delete(filler);
        Assert.Equal(("done", null), await RebuildAsync(http, from));

        Fill(filler);
        await RefusedAsync(http);
        await using (new KeptFull(filler))
        {
            Assert.NotEmpty(await NoBackupAsync(http, seen, temp.At("backup")));
            Assert.False(File.Exists(seen + "/backup/manifest.json"));
            var refusing = await UntilAsync(http, system => !(bool)system["journal"]!["accepts_writes"]!);
            Assert.NotEmpty((string)refusing["journal"]!["reason"]!);
            Assert.DoesNotContain("stopped", refusing["readers"]!.AsArray().Select(reader => (string)reader!["state"]!));
        }

        File.Delete(filler);
        // While others filled the disk, retention may have had to give up all that was sealed: enough for two segments more.
        await SendingAsync(senders, 400);
        var acknowledged = senders.SelectMany(sender => sender.Acknowledged).ToList();
        Assert.Equal([], await Kept.MissedAsync(api, acknowledged, from, Cancel, bodies: false));
        await UntilAsync(http, system => (string?)system["journal"]!["sealing_error"] is null && (long)system["journal"]!["sealed_bytes"]! > 0 && (long)system["journal"]!["to_seal_bytes"]! == 0);
        await UntilAsync(http, system => system["readers"]!.AsArray().Single(reader => (string)reader!["name"]! == "search")!["position"]!.ToString() == system["head"]!.ToString());
        Assert.Equal(("done", null), await BackUpAsync(http, temp.At("backup2")));
        Assert.Equal("done", (await RebuildAsync(http, from)).State);
        Assert.Equal([], await Kept.MissedAsync(api, acknowledged, from, Cancel, bodies: false));
        Assert.True(File.Exists(seen + "/backup2/manifest.json"));
        Assert.DoesNotContain(Directory.EnumerateFiles(seen + "/data", "*.tmp", SearchOption.AllDirectories), file => Path.GetFileName(file) != "next.tmp");
        Assert.Empty(Directory.EnumerateFiles(seen + "/data", "*.damaged*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_destination_that_is_saved_on_a_full_disk_is_answered_disk_full_and_stays_as_it_was()
    {
        Assert.SkipUnless(await CanMountAsync(), "this user cannot mount a disk");
        using var temp = new TempFolder();
        await using var server = CallwatchProcess.Start(["unshare", "-m", "sh", "-c", OnASmallDisk, temp.Path], ["serve", "--data", temp.At("data")], Small);
        Assert.True(await server.IsReadyAsync(), server.Error);
        var seen = $"/proc/{server.Id}/root{temp.Path}";
        using var http = server.NewHttp();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(seen + "/data/admin.key", Cancel)).Trim());
        using var made = await http.PostAsJsonAsync("api/v1/destinations", Wish("kept"), Cancel);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var id = (int)(await made.Content.ReadFromJsonAsync<JsonNode>(Cancel))!["id"]!;
        var filler = seen + "/filler";
        await using (new KeptFull(filler))
        {
            // Retention gives this back once, at a moment of its own.
            await Eventually.HoldsAsync(() => !File.Exists(seen + "/data/journal/ballast"), "the ballast is given up");

            // What the log of the database has room for still goes; each that is answered well is there, the first that is not is not.
            var name = "kept";
            for (var number = 0; ; number++)
            {
                var next = "name " + number.ToString(CultureInfo.InvariantCulture);
                using var saved = await http.PutAsJsonAsync($"api/v1/destinations/{id}", Wish(next), Cancel);
                if (saved.StatusCode == HttpStatusCode.OK)
                {
                    name = next;
                    Assert.InRange(number, 0, 5_000);
                    continue;
                }

                Assert.Equal((HttpStatusCode.ServiceUnavailable, "application/problem+json"), (saved.StatusCode, saved.Content.Headers.ContentType?.MediaType));
                Assert.Equal("disk_full", (string?)(await saved.Content.ReadFromJsonAsync<JsonNode>(Cancel))!["code"]);
                Assert.NotNull(saved.Headers.RetryAfter);
                break;
            }

            using var another = await http.PostAsJsonAsync("api/v1/destinations", Wish("another"), Cancel);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, another.StatusCode);
            var there = Assert.Single((await http.GetFromJsonAsync<JsonNode>("api/v1/destinations", Cancel))!["items"]!.AsArray())!;
            Assert.Equal(name, (string?)there["name"]);
        }

        File.Delete(filler);
        using var again = await http.PutAsJsonAsync($"api/v1/destinations/{id}", Wish("mended"), Cancel);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        var secrets = (await http.GetFromJsonAsync<JsonNode>("api/v1/secrets", Cancel))!;
        Assert.Equal((1, 0), ((int)secrets["sealed"]!, (int)secrets["locked"]!));

        static JsonObject Wish(string name) => new()
        {
            ["name"] = name,
            ["kind"] = "otlp",
            ["config"] = new JsonObject { ["endpoint"] = "https://collector.example:4318", ["headers"] = new JsonObject { ["Authorization"] = "Bearer " + name + new string('x', 4_000) } },
            ["enabled"] = false,
        };
    }

    private static async Task<(string State, string? Reason)> RebuildAsync(HttpClient http, DateTimeOffset from)
    {
        using var begun = await http.PostAsJsonAsync("api/v1/reindex", new JsonObject { ["from"] = Day(from), ["to"] = Day(from.AddDays(2)), ["apply"] = true }, Cancel);
        Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
        var job = await UntilAsync(http, answer => (string)answer["job"]!["state"]! != "running", "api/v1/reindex");
        return ((string)job["job"]!["state"]!, (string?)job["job"]!["reason"]);
    }

    private static async Task<(string State, string? Error)> BackUpAsync(HttpClient http, string directory)
    {
        using var begun = await http.PostAsJsonAsync("api/v1/backup", new JsonObject { ["directory"] = directory }, Cancel);
        Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
        var status = await UntilAsync(http, answer => (string)answer["state"]! != "running", "api/v1/backup");
        return ((string)status["state"]!, (string?)status["error"]);
    }

    /// <summary>Why none can be made. One that is made after all has found the room that retention had just given back; it is taken away.</summary>
    private static async Task<string> NoBackupAsync(HttpClient http, string seen, string directory)
    {
        return await Eventually.AnswersAsync(
            async () =>
            {
                var (state, error) = await BackUpAsync(http, directory);
                if (state == "failed") return error!;
                Assert.Equal("done", state);
                Directory.Delete(Path.Combine(seen, Path.GetFileName(directory)), recursive: true);
                return null;
            },
            () => "no backup can be made");
    }

    private static async Task<JsonNode> UntilAsync(HttpClient http, Func<JsonNode, bool> holds, string path = "api/v1/system")
    {
        JsonNode? last = null;
        return await Eventually.AnswersAsync(async () => await http.GetFromJsonAsync<JsonNode>(path, Cancel) is { } answer && holds(last = answer) ? answer : null, () => $"{path} is as it should be: {last}");
    }

    private static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private async Task SendingAsync(List<LoadSender> senders, int count)
    {
        // Answers that came after the last time was over are not those waited for now.
        while (answers.Reader.TryRead(out _))
        {
        }

        using var stop = new CancellationTokenSource();
        var sending = Task.WhenAll(senders.Select(sender => Task.Run(() => sender.RunAsync(stop.Token), Cancel)));
        for (var i = 0; i < count; i++) await answers.Reader.ReadAsync(Cancel).AsTask().WithPatience("a request is acknowledged");
        await stop.CancelAsync();
        await sending.WithPatience("the last requests are answered");
    }

    private static void Fill(string path, long most = 1L << 30)
    {
        using var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write);
        var size = RandomAccess.GetLength(file);
        foreach (var bytes in (int[])[1 << 20, 4096, 1])
        {
            try
            {
                for (var block = new byte[bytes]; size + bytes <= most; size += bytes) RandomAccess.Write(file, block, size);
            }
            catch (IOException)
            {
                // Full, for blocks of this size.
            }
        }
    }

    /// <summary>Takes all room that becomes free. Retention gives some back once a second, which is its work: no test may hang on which of them comes first.</summary>
    private sealed class KeptFull : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly Task filling;

        public KeptFull(string path) => filling = Task.Run(() => FillAsync(path));

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await filling;
            stop.Dispose();
        }

        private async Task FillAsync(string path)
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
            while (!stop.IsCancellationRequested)
            {
                Fill(path);
                await timer.WaitForNextTickAsync(stop.Token).AsTask().ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
        }
    }

    /// <summary>Sends until it is told that there is no room.</summary>
    private static async Task RefusedAsync(HttpClient http)
    {
        // A hundred times what the disk holds.
        for (var number = 1UL; number < 100_000; number++)
        {
            using var content = new ByteArrayContent(A.Traces(A.Span("large, and of another time").Trace(1_000_000 + number).With(("text", new string('x', 200_000)))));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
            using var answer = await http.PostAsync(new Uri("v1/traces", UriKind.Relative), content, Cancel);
            if (answer.StatusCode == HttpStatusCode.OK) continue;
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
            return;
        }

        Assert.Fail("The disk never became full.");
    }

    private static async Task<bool> CanMountAsync()
    {
        if (!OperatingSystem.IsLinux()) return false;
        using var process = Process.Start(new ProcessStartInfo("unshare", ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]) { UseShellExecute = false, RedirectStandardError = true })!;
        await process.WaitForExitAsync(Cancel);
        return process.ExitCode == 0;
    }
}
