using Callwatch.Control;
using Callwatch.Forward;
using Callwatch.Forward.Lanes;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Callwatch.Tests.Forward;

/// <summary>What lanes know, over damage and over time.</summary>
public sealed class ForwardDbTests : IDisposable
{
    private readonly TempFolder temp = new();
    private readonly ManualTime time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("empty")]
    [InlineData("text")]
    [InlineData("pages")]
    [InlineData("half")]
    public async Task A_damaged_file_is_set_aside_and_a_new_one_says_when_its_places_were_lost(string harm)
    {
        using (var db = new ForwardDb(temp.At("forward.db"), time))
        {
            Assert.Null(db.LostAt);
            var table = new LaneTable(db, time);
            table.Begin(new LaneKey(1, 0), 7);
            for (var seq = 8; seq < 400; seq++) Assert.True(table.TryAdvance(new LaneKey(1, 0), seq - 1, seq, new LaneStep(LaneCounts.None, true, [], [])));
        }

        var bytes = await File.ReadAllBytesAsync(temp.At("forward.db"), Cancel);
        bytes = harm switch
        {
            "text" => "not a database, whatever its name says"u8.ToArray(),
            "half" => bytes[..(bytes.Length / 2)],
            "empty" => [],
            _ => [.. bytes[..4096], .. Enumerable.Repeat((byte)0x5A, bytes.Length - 4096)],
        };
        await File.WriteAllBytesAsync(temp.At("forward.db"), bytes, Cancel);
        time.Advance(TimeSpan.FromHours(1));
        using (var db = new ForwardDb(temp.At("forward.db"), time))
        {
            Assert.Null(new LaneTable(db, time).Find(new LaneKey(1, 0)));

            // Of an empty file nothing tells that it was ever anything else.
            Assert.Equal(harm != "empty", db.SetAside);
            if (harm == "empty") return;
            Assert.Equal(Timestamp.From(time.GetUtcNow()), db.LostAt);
        }

        Assert.True(File.Exists(temp.At("forward.db.damaged")));
        using var again = new ForwardDb(temp.At("forward.db"), time);
        Assert.False(again.SetAside);
        Assert.NotNull(again.LostAt);
    }

    [Fact]
    public void A_file_of_a_newer_program_stops_the_start()
    {
        using (var db = new ForwardDb(temp.At("forward.db"), time)) db.Write(connection => ForwardDb.Command(connection, "PRAGMA user_version = 900").ExecuteNonQuery() + ForwardDb.Command(connection, "PRAGMA application_id = 900").ExecuteNonQuery());
        Assert.Throws<StartRefusedException>(() => new ForwardDb(temp.At("forward.db"), time));
    }

    [Fact]
    public void What_can_be_of_no_more_use_goes_and_a_step_a_minute_stays()
    {
        using var db = new ForwardDb(temp.At("forward.db"), time);
        using var control = new ControlDb(temp.At("control.db"));
        var (table, letters, counters) = (new LaneTable(db, time), new DeadLetters(db, time), new Counters());
        var clock = new RetentionClock(time, temp.At("clock"), () => null, NullLogger.Instance);
        var retention = new RetentionDesk(control, new RetentionRules { Journal = TimeSpan.FromDays(14) });
        var upkeep = new ForwardUpkeep(db, retention, Options.Create(new ForwardOptions()), counters, clock, time, NullLogger<ForwardUpkeep>.Instance);
        var live = new LaneKey(1, 0);
        table.Begin(live, 0);
        var replay = table.BeginReplay(1, 0, 10, default, default).Key;
        table.End(replay);
        letters.Add(1, [new Refusal(1, new OutboundItem { Route = "otlp", TraceId = new TraceId(1, 1), SpanIds = [new SpanId(1)], Payload = default }, new PlatformWords(400, "no"), 1)]);
        for (var seq = 1; seq <= 240; seq++)
        {
            Assert.True(table.TryAdvance(live, seq - 1, seq, new LaneStep(LaneCounts.None, true, [], [])));
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(0, upkeep.Sweep(Cancel));
        Go(TimeSpan.FromDays(2));
        Assert.InRange(upkeep.Sweep(Cancel), 230, 239);
        Assert.Equal(0, upkeep.Sweep(Cancel));
        Assert.NotNull(table.DeliveredAt(1, 1));
        Go(TimeSpan.FromDays(14 + 7 + 1));
        Assert.NotEqual(0, upkeep.Sweep(Cancel));
        Assert.Null(table.DeliveredAt(1, 1));
        Assert.Equal(240, table.Find(live)!.Cursor);
        Assert.Equal(1, letters.Count(1));
        Assert.NotNull(table.Find(replay));
        Go(TimeSpan.FromDays(90));
        Assert.Equal(2, upkeep.Sweep(Cancel));
        Assert.Equal((0, 1), (letters.Count(1), counters.Total(Reason.DeadLetterExpired)));
        Assert.Null(table.Find(replay));
    }

    public void Dispose() => temp.Dispose();

    // A clock that leaps is doubted for a while; time that passes is not.
    private void Go(TimeSpan by)
    {
        for (var hours = 0; hours < by.TotalHours; hours++) time.Advance(TimeSpan.FromHours(1));
    }
}
