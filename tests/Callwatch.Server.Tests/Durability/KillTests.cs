using System.Globalization;
using System.Threading.Channels;
using Callwatch.Client.Api;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Durability;

/// <summary>
/// The real program under load, killed again and again on the same data, with SIGKILL, at any moment, also while it starts. More rounds:
/// <c>CALLWATCH_KILL_ROUNDS=500</c>.
/// </summary>
public sealed class KillTests
{
    private const int Senders = 6, RoundsBetweenChecks = 10;

    private readonly ServerAddress address = new();
    private readonly Channel<bool> answers = Channel.CreateUnbounded<bool>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_acknowledged_span_is_there_exactly_once_whatever_the_moment_of_the_kill()
    {
        var rounds = int.Parse(Environment.GetEnvironmentVariable("CALLWATCH_KILL_ROUNDS") ?? "50", CultureInfo.InvariantCulture);
        var random = new Random();
        using var temp = new TempFolder();
        var from = TimeProvider.System.GetUtcNow().AddMinutes(-1);
        var senders = Enumerable.Range(1, Senders).Select(number => new LoadSender((uint)number, address, () => answers.Writer.TryWrite(true))).ToList();
        var server = await UpAsync(temp.Path);
        try
        {
            for (var round = 0; round < rounds;)
            {
                using var stop = new CancellationTokenSource();
                var sending = Task.WhenAll(senders.Select(sender => Task.Run(() => sender.RunAsync(stop.Token), Cancel)));
                for (var end = Math.Min(rounds, round + RoundsBetweenChecks); round < end; round++)
                {
                    await AnswersAsync(random.Next(1, 60), sending);
                    address.IsDown();
                    await server.KillAsync();
                    await server.DisposeAsync();
                    if (random.Next(4) == 0) await KillWhileStartingAsync(temp.Path, random);
                    server = await UpAsync(temp.Path);
                }

                await stop.CancelAsync();
                await sending.WithPatience("the last requests are answered");
                using var http = server.NewHttp();
                var sent = senders.SelectMany(sender => sender.Acknowledged).ToList();
                Assert.Equal([], await Kept.MissedAsync(new CallwatchApi(http), sent, from, Cancel));
                if (round == rounds) Assert.Equal([], await SettledSpans.MissedAsync(server.Url, temp.Path, sent, Cancel));
                TestContext.Current.TestOutputHelper?.WriteLine($"{round} kills, {sent.Count} spans");
            }
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private async Task<CallwatchProcess> UpAsync(string data)
    {
        var server = await CallwatchProcess.ServeAsync(data, [], SettledSpans.Soon);
        address.IsUp(server.Url);
        return server;
    }

    private static async Task KillWhileStartingAsync(string data, Random random)
    {
        await using var starting = CallwatchProcess.Start(["serve", "--data", data, "--urls", "http://127.0.0.1:0", "--grpc-port", "off"]);
        // Not to wait for something, but to hit any moment of the start and of its recovery.
        await Task.Delay(random.Next(1200), Cancel);
        await starting.KillAsync();
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
