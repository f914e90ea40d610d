using Callwatch.Control;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Callwatch.Forward;

/// <summary>
/// Keeps <c>forward.db</c> small: anchors and steps go once the journal can hold nothing of their traces any more, dead letters a while after
/// that, ended replays after three months. Of steps older than a day one a minute stays.
/// </summary>
internal sealed partial class ForwardUpkeep(ForwardDb db, RetentionDesk retention, IOptions<ForwardOptions> options, Counters counters, RetentionClock clock, TimeProvider time, ILogger<ForwardUpkeep> log)
    : BackgroundService
{
    /// <summary>Rows taken in one transaction: lanes wait for it.</summary>
    private const int AtOnce = 2_000;

    private static readonly TimeSpan Every = TimeSpan.FromHours(1);
    private static readonly TimeSpan FirstAfter = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LettersLonger = TimeSpan.FromDays(30);
    private static readonly TimeSpan KeepReplays = TimeSpan.FromDays(90);
    private static readonly TimeSpan KeepSteps = TimeSpan.FromDays(1);

    /// <summary>Takes what is due; how many rows.</summary>
    public int Sweep(CancellationToken cancel)
    {
        // A trace may have waited for MaxAge before it was tried for the first time, and is late by a day at most.
        var gone = clock.GetUtcNow() - retention.Longest.Journal - options.Value.MaxAge - KeepSteps;
        var taken = All("DELETE FROM anchors WHERE (destination, trace) IN (SELECT destination, trace FROM anchors WHERE made < $1 LIMIT $2)", gone, cancel);
        taken += All("DELETE FROM steps WHERE (destination, through) IN (SELECT destination, through FROM steps WHERE time < $1 LIMIT $2)", gone, cancel);
        taken += All("DELETE FROM losses WHERE (destination, seq, what) IN (SELECT destination, seq, what FROM losses WHERE time < $1 LIMIT $2)", gone, cancel);
        taken += All("DELETE FROM lanes WHERE (destination, replay) IN (SELECT destination, replay FROM lanes WHERE replay <> 0 AND ended < $1 LIMIT $2)", clock.GetUtcNow() - KeepReplays, cancel);
        var letters = All("DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters WHERE time < $1 LIMIT $2)", gone - LettersLonger, cancel);
        counters.Add(Reason.DeadLetterExpired, letters);
        return taken + letters + All(Thin, clock.GetUtcNow() - KeepSteps, cancel);
    }

    // A step goes when the next one of its destination is of the same minute: what it told is told by that one, a little late.
    private const string Thin = """
        DELETE FROM steps WHERE (destination, through) IN (
          SELECT destination, through FROM (
            SELECT destination, through, time, lead(time) OVER (PARTITION BY destination ORDER BY through) AS next FROM steps WHERE time < $1)
          WHERE next / 60000000000 = time / 60000000000 LIMIT $2)
        """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            for (var wait = FirstAfter; ; wait = Every)
            {
                await Task.Delay(wait, time, stoppingToken);
                try
                {
                    await Task.Run(() => Sweep(stoppingToken), stoppingToken);
                }
                catch (SqliteException e)
                {
                    // The disk is full or fails: it can wait for the next time.
                    Delayed(e.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The next start goes on.
        }
    }

    private int All(string delete, DateTimeOffset before, CancellationToken cancel)
    {
        var all = 0;
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var count = db.Write(connection =>
            {
                using var command = ForwardDb.Command(connection, delete, Timestamp.From(before).UnixNanoseconds, AtOnce);
                return command.ExecuteNonQuery();
            });
            all += count;
            if (count < AtOnce) return all;
        }
    }

    [LoggerMessage(EventId = 660, Level = LogLevel.Warning, Message = "Upkeep of forward.db has to wait: {Why}")]
    private partial void Delayed(string why);
}
