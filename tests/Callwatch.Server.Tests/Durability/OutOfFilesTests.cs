using System.Net.Sockets;
using System.Threading.Channels;
using Callwatch.Client.Api;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Durability;

/// <summary>
/// The real program with as few files as an operator may leave it, all of them taken by connections that say nothing: a file that cannot be
/// opened just now is neither gone nor damaged.
/// </summary>
public sealed class OutOfFilesTests
{
    private const int Files = 200, Senders = 3;

    private readonly ServerAddress address = new();
    private readonly Channel<bool> answers = Channel.CreateUnbounded<bool>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_process_that_has_no_files_left_for_a_while_loses_and_doubles_nothing_and_goes_on_by_itself()
    {
        if (!OperatingSystem.IsLinux()) return;
        using var temp = new TempFolder();
        var from = TimeProvider.System.GetUtcNow().AddMinutes(-1);
        await using var server = CallwatchProcess.Start(
            ["/bin/sh", "-c", $"ulimit -n {Files} && exec \"$0\" \"$@\""], ["serve", "--data", temp.Path],
            [
                ("Callwatch__Http__Urls", "http://127.0.0.1:0"), ("Callwatch__Http__GrpcPort", "off"), ("Callwatch__Http__MaxConnections", "1000"),
                ("Callwatch__Journal__SegmentBytes", "16384"), ("Callwatch__Journal__BallastBytes", "0"), .. SettledSpans.Soon,
            ]);
        Assert.True(await server.IsReadyAsync(), server.Error);
        address.IsUp(server.Url);
        using var http = new HttpClient();
        http.BaseAddress = server.Url;
        var senders = Enumerable.Range(1, Senders).Select(number => new LoadSender((uint)number, address, () => answers.Writer.TryWrite(true))).ToList();
        using var stop = new CancellationTokenSource();
        var sending = Task.WhenAll(senders.Select(sender => Task.Run(() => sender.RunAsync(stop.Token), Cancel)));
        for (var round = 0; round < 3; round++)
        {
            await AnswersAsync(20, sending);
            var silent = new List<TcpClient>();
            try
            {
                await Eventually.HoldsAsync(
                    () =>
                    {
                        // More than there are files: what is not accepted waits in the system's own queue.
                        if (silent.Count < 2 * Files) silent.Add(new TcpClient(server.Url.Host, server.Url.Port));
                        return Directory.EnumerateFileSystemEntries($"/proc/{server.Id}/fd").Count() >= Files - 1;
                    },
                    "all files are taken");

                // On a connection that stands: whatever it says, it answers.
                for (var i = 0; i < 20; i++)
                {
                    using var answer = await http.GetAsync(new Uri("/healthz", UriKind.Relative), Cancel);
                    Assert.True(answer.IsSuccessStatusCode);
                }
            }
            finally
            {
                foreach (var client in silent) client.Dispose();
            }
        }

        await AnswersAsync(60, sending);
        await stop.CancelAsync();
        await sending.WaitAsync(TimeSpan.FromMinutes(1), Cancel);
        Assert.False(server.HasExited);
        var sent = senders.SelectMany(sender => sender.Acknowledged).ToList();
        Assert.Equal([], await Kept.MissedAsync(new CallwatchApi(http), sent, from, Cancel));
        Assert.Equal([], await SettledSpans.MissedAsync(server.Url, temp.Path, sent, Cancel));
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
}
