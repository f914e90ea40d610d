using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Durability;

/// <summary>The real program under load, backed up by its own command, killed, and restored.</summary>
public sealed class BackupTests : IDisposable
{
    private const int Senders = 4;

    private readonly TempFolder temp = new();
    private readonly ServerAddress address = new();
    private readonly Channel<bool> answers = Channel.CreateUnbounded<bool>();
    private readonly DateTimeOffset from = TimeProvider.System.GetUtcNow().AddMinutes(-1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task A_backup_under_load_restores_what_was_acknowledged_once_and_takes_what_comes_after()
    {
        var expected = new Dictionary<string, long>(StringComparer.Ordinal);
        using var stop = new CancellationTokenSource();
        var server = await CallwatchProcess.ServeAsync(temp.At("data"));
        address.IsUp(server.Url);
        var senders = NewSenders();
        var sending = Run(senders, stop.Token);
        await AnswersAsync(100, sending);
        var before = senders.Select(sender => sender.Acknowledged.Count).ToList();
        var (code, output, error) = await RunAsync("backup", temp.At("backup"), "--server", server.Url.ToString(), "--json");
        Assert.True(code == 0, error + output);
        Assert.Equal("done", (string?)JsonNode.Parse(output)!["state"]);
        await AnswersAsync(50, sending);

        address.IsDown();
        await server.KillAsync();
        await server.DisposeAsync();
        Assert.Equal(0, (await RunAsync("restore", temp.At("backup"), "--data", temp.At("restored"))).Code);
        await using (var restored = await CallwatchProcess.ServeAsync(temp.At("restored")))
        {
            var kept = await StoredSpans.ReadAsync(restored, from);
            for (var i = 0; i < Senders; i++)
                foreach (var span in senders[i].Acknowledged.Take(before[i]).Where(span => span.InputTokens is not null)) Assert.Equal(span.InputTokens, kept[Name(span)]);
            foreach (var (name, tokens) in kept) expected[name] = tokens;

            // The senders that were waiting go on, and others send all from the beginning again, with the same ids.
            var again = NewSenders();
            address.IsUp(restored.Url);
            var resending = Run(again, stop.Token);
            await AnswersAsync(150, Task.WhenAll(sending, resending));
            await stop.CancelAsync();
            await Task.WhenAll(sending, resending).WithPatience("the last requests are answered");
            foreach (var span in again.SelectMany(sender => sender.Acknowledged).Where(span => span.InputTokens is not null)) expected[Name(span)] = span.InputTokens!.Value;

            // Lost with the source, because it came after the backup: only what the senders still held is there.
            var found = await StoredSpans.ReadAsync(restored, from);
            foreach (var (name, tokens) in expected) Assert.Equal(tokens, found[name]);
            var sent = senders.Concat(again).SelectMany(sender => sender.Acknowledged).Where(span => span.InputTokens is not null)
                .GroupBy(Name, span => span.InputTokens!.Value, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Last(), StringComparer.Ordinal);
            Assert.All(found, pair => Assert.Equal(sent[pair.Key], pair.Value));
            expected = found.ToDictionary(StringComparer.Ordinal);
        }

        await using var restarted = await CallwatchProcess.ServeAsync(temp.At("restored"));
        Assert.Equal(expected.OrderBy(pair => pair.Key, StringComparer.Ordinal), (await StoredSpans.ReadAsync(restarted, from)).OrderBy(pair => pair.Key, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Backups_made_while_retention_and_sealing_work_are_whole_and_can_be_used()
    {
        using var stop = new CancellationTokenSource();
        (string, string)[] busy =
        [
            ("Callwatch__Journal__SegmentBytes", "65536"), ("Callwatch__Journal__MaxBytes", "1500000"), ("Callwatch__Journal__SweepInterval", "00:00:01"), ("Callwatch__Journal__BallastBytes", "0"),
        ];
        await using var server = await CallwatchProcess.ServeAsync(temp.At("data"), [], busy);
        address.IsUp(server.Url);
        var sending = Run(NewSenders(), stop.Token);
        string? since = null;
        for (var round = 0; round < 3; round++)
        {
            await AnswersAsync(300, sending);
            var to = temp.At("backup" + round.ToString(CultureInfo.InvariantCulture));
            var (code, output, error) = await RunAsync(["backup", to, "--server", server.Url.ToString(), .. since is null ? [] : (string[])["--since", since]]);
            Assert.True(code == 0, error + output);
            Assert.Equal(0, (await RunAsync("backup", "--verify", to)).Code);
            since = to;
        }

        await stop.CancelAsync();
        await sending.WithPatience("the last requests are answered");
        Assert.Equal(0, (await RunAsync("restore", since!, "--data", temp.At("restored"))).Code);
        await using var restored = await CallwatchProcess.ServeAsync(temp.At("restored"), [], busy);
        Assert.NotEmpty(await StoredSpans.ReadAsync(restored, from));
    }

    [Fact]
    public async Task A_server_killed_while_it_makes_a_backup_leaves_none_and_loses_nothing()
    {
        var random = new Random();
        using var stop = new CancellationTokenSource();
        var server = await CallwatchProcess.ServeAsync(temp.At("data"));
        address.IsUp(server.Url);
        var senders = NewSenders();
        var sending = Run(senders, stop.Token);
        for (var round = 0; round < 3; round++)
        {
            await AnswersAsync(60, sending);
            var to = temp.At("backup" + round.ToString(CultureInfo.InvariantCulture));
            var command = RunAsync("backup", to, "--server", server.Url.ToString());
            // Not to wait for something, but to hit any moment of the copying.
            await Task.WhenAny(command, Task.Delay(random.Next(50, 900), Cancel));
            address.IsDown();
            await server.KillAsync();
            await server.DisposeAsync();
            await command;
            var whole = File.Exists(Path.Combine(to, "manifest.json"));
            Assert.Equal(whole ? 0 : 1, (await RunAsync("backup", "--verify", to)).Code);
            var (code, _, error) = await RunAsync("restore", to, "--data", temp.At("restored" + round.ToString(CultureInfo.InvariantCulture)));
            Assert.Equal(whole ? 0 : 1, code);
            if (!whole) Assert.Contains("manifest.json", error, StringComparison.Ordinal);
            server = await CallwatchProcess.ServeAsync(temp.At("data"));
            address.IsUp(server.Url);
        }

        await stop.CancelAsync();
        await sending.WithPatience("the last requests are answered");
        await using (server)
        {
            var found = await StoredSpans.ReadAsync(server, from);
            Assert.Equal(
                senders.SelectMany(sender => sender.Acknowledged).Where(span => span.InputTokens is not null).Select(Name).Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task A_restore_killed_at_any_moment_keeps_the_server_away_until_it_is_repeated()
    {
        await using (var server = await CallwatchProcess.ServeAsync(temp.At("data")))
        {
            address.IsUp(server.Url);
            using var stop = new CancellationTokenSource();
            var sending = Run(NewSenders(), stop.Token);
            await AnswersAsync(100, sending);
            await stop.CancelAsync();
            await sending.WithPatience("the last requests are answered");
            Assert.Equal(0, (await RunAsync("backup", temp.At("backup"), "--data", temp.At("data"))).Code);
        }

        var random = new Random();
        for (var round = 0; round < 4; round++)
        {
            var to = temp.At("restored" + round.ToString(CultureInfo.InvariantCulture));
            await using (var restore = CallwatchProcess.Start(["restore", temp.At("backup"), "--data", to]))
            {
                await Task.WhenAny(restore.ExitAsync(), Task.Delay(random.Next(150, 700), Cancel));
                if (!restore.HasExited) await restore.KillAsync();
            }

            if (File.Exists(Path.Combine(to, "restoring")))
            {
                var (code, _, error) = await RunAsync("serve", "--data", to, "--urls", "http://127.0.0.1:0", "--grpc-port", "off");
                Assert.Equal(2, code);
                Assert.Contains("restore that was not finished", error, StringComparison.Ordinal);
            }

            if (!File.Exists(Path.Combine(to, "control.db")) || File.Exists(Path.Combine(to, "restoring"))) Assert.Equal(0, (await RunAsync("restore", temp.At("backup"), "--data", to)).Code);
        }

        await using var restored = await CallwatchProcess.ServeAsync(temp.At("restored0"));
        Assert.NotEmpty(await StoredSpans.ReadAsync(restored, from));
    }

    private List<LoadSender> NewSenders() => [.. Enumerable.Range(1, Senders).Select(number => new LoadSender((uint)number, address, () => answers.Writer.TryWrite(true)))];

    private static Task Run(List<LoadSender> senders, CancellationToken stop) => Task.WhenAll(senders.Select(sender => Task.Run(() => sender.RunAsync(stop), Cancel)));

    private async Task AnswersAsync(int count, Task sending)
    {
        for (var i = 0; i < count; i++)
        {
            var next = answers.Reader.ReadAsync(Cancel).AsTask();
            if (await Task.WhenAny(next, sending) == sending) await sending;
            await next;
        }
    }

    private static Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) => CallwatchProcess.RunAsync(arguments);

    private static string Name(SentSpan span) => $"{span.TraceId}/{span.SpanId}";
}
