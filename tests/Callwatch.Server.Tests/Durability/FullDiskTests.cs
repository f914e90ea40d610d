using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
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
        using var http = new HttpClient();
        http.BaseAddress = server.Url;
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
    }

    private async Task SendingAsync(List<LoadSender> senders, int count)
    {
        using var stop = new CancellationTokenSource();
        var sending = Task.WhenAll(senders.Select(sender => Task.Run(() => sender.RunAsync(stop.Token), Cancel)));
        for (var i = 0; i < count; i++) await answers.Reader.ReadAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromMinutes(1), Cancel);
        await stop.CancelAsync();
        await sending.WaitAsync(TimeSpan.FromMinutes(1), Cancel);
    }

    private static void Fill(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        var size = 0L;
        foreach (var bytes in (int[])[1 << 20, 4096, 1])
        {
            try
            {
                for (var block = new byte[bytes]; size < 1L << 30; size += bytes) RandomAccess.Write(file, block, size);
            }
            catch (IOException)
            {
                // Full, for blocks of this size.
            }
        }
    }

    /// <summary>Sends until it is told that there is no room.</summary>
    private static async Task RefusedAsync(HttpClient http)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        for (var number = 1UL; ; number++)
        {
            using var content = new ByteArrayContent(A.Traces(A.Span("large, and of another time").Trace(1_000_000 + number).With(("text", new string('x', 200_000)))));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
            using var answer = await http.PostAsync(new Uri("v1/traces", UriKind.Relative), content, limit.Token);
            if (answer.StatusCode == HttpStatusCode.OK) continue;
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
            return;
        }
    }

    private static async Task<bool> CanMountAsync()
    {
        if (!OperatingSystem.IsLinux()) return false;
        using var process = Process.Start(new ProcessStartInfo("unshare", ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]) { UseShellExecute = false, RedirectStandardError = true })!;
        await process.WaitForExitAsync(Cancel);
        return process.ExitCode == 0;
    }
}
