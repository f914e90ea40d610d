using System.Globalization;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Journal;

/// <summary>Kills a real process in the middle of its writing and sealing, again and again on the same folder. More rounds: <c>CALLWATCH_KILL_ROUNDS=500</c>.</summary>
public sealed class KillTests : IDisposable
{
    private const int Senders = 8;

    private readonly TempFolder temp = new();
    private readonly Counters counters = new();
    private readonly Dictionary<long, string> acknowledged = [];
    private readonly List<(long Number, string Body)> seen = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task Whatever_the_moment_of_the_kill_every_acknowledged_record_is_there_once_and_in_order()
    {
        var rounds = int.Parse(Environment.GetEnvironmentVariable("CALLWATCH_KILL_ROUNDS") ?? "50", CultureInfo.InvariantCulture);
        var seed = Environment.TickCount;
        var random = new Random(seed);
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var failed = 0;
        for (var round = 0; round < rounds; round++)
        {
            // One in five while it is still starting, and so recovering from the kill before.
            if (!await KillOneAsync(random.Next(5) == 0 ? 0 : random.Next(1, 400), random.Next(200_000))) failed++;
            await CheckAsync($"round {round}, seed {seed}");
        }

        // Sealing is the least important of all it does: where a machine has much to do, no process may have lived long enough for it.
        if (!HasSealed) await SealOnceAsync();
        await CheckAsync($"sealed, seed {seed}");
        await using (var journal = TestJournal.Open(temp.At("journal"), CrashHost.Options))
            Assert.Equal(seen, (await journal.RecordsAsync()).Select(record => (record.Number, record.Text())));
        TestContext.Current.TestOutputHelper?.WriteLine($"{rounds} kills, {acknowledged.Count} acknowledged records, {seen.Count} kept, {counters.Total(Reason.TornTail)} torn tails");
        Assert.Equal(0, failed);
        Assert.True(acknowledged.Count > rounds);
        Assert.True(HasSealed);
    }

    private bool HasSealed => Directory.EnumerateFiles(temp.At("journal"), "*.sealed").Any();

    private async Task SealOnceAsync()
    {
        using var process = CrashHost.Start(temp.At("journal"), senders: 1, filler: null, seals: true);
        for (var lines = 0; lines < 100_000 && !HasSealed && await process.StandardOutput.ReadLineAsync(Cancel) is { } line; lines++) Note(line);
        process.Kill();
        while (await process.StandardOutput.ReadLineAsync(Cancel) is { } line) Note(line);
        await process.WaitForExitAsync(Cancel);
    }

    /// <summary>Lets it acknowledge so many requests and a few more; false when it refused one.</summary>
    private async Task<bool> KillOneAsync(int requests, int spins)
    {
        using var process = CrashHost.Start(temp.At("journal"), Senders, filler: null, seals: true);
        var fine = true;
        for (var answered = 0; answered < Math.Max(requests, 1) && await process.StandardOutput.ReadLineAsync(Cancel) is { } line; answered++) fine &= Note(line);
        Thread.SpinWait(spins);
        process.Kill();
        while (await process.StandardOutput.ReadLineAsync(Cancel) is { } line) fine &= Note(line);
        await process.WaitForExitAsync(Cancel);
        Assert.Equal("", await process.StandardError.ReadToEndAsync(Cancel));
        return fine;
    }

    private bool Note(string line)
    {
        // A short line goes into the pipe whole or not at all.
        if (line.Split(' ') is not ["stored", var number, var sender, var count, ..]) return !line.StartsWith("refused", StringComparison.Ordinal);
        for (var i = 0; i < 2; i++)
        {
            var at = long.Parse(number, CultureInfo.InvariantCulture) + i;
            Assert.True(acknowledged.TryAdd(at, CrashHost.Body(sender, int.Parse(count, CultureInfo.InvariantCulture) + i)), $"number {at} was given away twice");
        }

        return true;
    }

    private async Task CheckAsync(string when)
    {
        await using var journal = TestJournal.Open(temp.At("journal"), CrashHost.Options, counters: counters);
        var after = seen.Count == 0 ? 0 : seen[^1].Number;
        foreach (var record in await journal.RecordsAsync(after))
        {
            var body = record.Text();
            var parts = body.Split('/');
            Assert.True(body == CrashHost.Body(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture)), $"{when}: record {record.Number} is not what was sent");
            Assert.True(seen.Count == 0 || record.Number > seen[^1].Number, $"{when}: out of order at {record.Number}");
            seen.Add((record.Number, body));
        }

        // Seen once: the numbers grow strictly. Each sender's own order:
        var bodies = new HashSet<string>(seen.Select(record => record.Body), StringComparer.Ordinal);
        Assert.True(bodies.Count == seen.Count, $"{when}: a record is there twice");
        var byNumber = seen.ToDictionary(record => record.Number, record => record.Body);
        foreach (var (number, body) in acknowledged)
            Assert.True(byNumber.TryGetValue(number, out var found) && found == body, $"{when}: acknowledged record {number} is missing or another");
        Assert.Equal(0, journal.Status().DamagedRecords);
        Assert.Equal(0, journal.Status().DamagedSegments);
    }
}
