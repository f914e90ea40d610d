using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Callwatch;

/// <summary>
/// The time by which things grow old. What retention takes is gone, so a clock that leaps ahead is not believed at once: it has to stand for as long as
/// it leapt, at most a day of running, during which this one goes on by the machine's own count of seconds. A clock that goes back is followed at once:
/// that takes nothing. Where it had come to is kept in a file, so that a wrong clock at a start is doubted too. Thread-safe.
/// </summary>
public sealed partial class RetentionClock : TimeProvider
{
    /// <summary>A leap up to this is believed at once: a time server puts a clock right, a machine is started again.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromHours(1);

    private static readonly TimeSpan LongestDoubt = TimeSpan.FromDays(1);

    private static readonly TimeSpan SaveEvery = TimeSpan.FromMinutes(5);

    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly string file;
    private readonly ILogger log;
    private DateTimeOffset reached;
    private TimeSpan doubted;
    private bool doubts;
    private long looked;
    private long? saved;

    /// <param name="file">Where it is kept how far this clock had come.</param>
    /// <param name="newest">When the last record was received, for a folder that has no such file yet; null when there is none.</param>
    public RetentionClock(TimeProvider time, string file, Func<DateTimeOffset?> newest, ILogger log)
    {
        (this.time, this.file, this.log) = (time, file, log);
        looked = time.GetTimestamp();
        (reached, doubted) = Read(file) ?? (newest() ?? time.GetUtcNow(), TimeSpan.Zero);
    }

    public override TimeZoneInfo LocalTimeZone => time.LocalTimeZone;

    public override long TimestampFrequency => time.TimestampFrequency;

    public override long GetTimestamp() => time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => time.CreateTimer(callback, state, dueTime, period);

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
        {
            var (now, said) = (time.GetTimestamp(), time.GetUtcNow());
            var passed = time.GetElapsedTime(looked, now);
            looked = now;
            reached += passed;
            doubted += passed;
            var leap = said - reached;
            if (leap > Slack && doubted < (leap < LongestDoubt ? leap : LongestDoubt))
            {
                if (!doubts) LeaptAhead(said, reached);
                doubts = true;
                return reached;
            }

            (reached, doubted, doubts) = (said, TimeSpan.Zero, false);
            return said;
        }
    }

    /// <summary>Writes down now and then how far it has come. A disk that refuses costs a start some patience, and nothing else.</summary>
    public void Save()
    {
        var now = GetUtcNow();
        lock (gate)
        {
            if (saved is { } last && time.GetElapsedTime(last) < SaveEvery) return;
            try
            {
                Folders.WriteWhole(file, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{now.UtcDateTime:O} {(long)doubted.TotalSeconds}\n")));
                saved = time.GetTimestamp();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The next sweep tries again.
            }
        }
    }

    private static (DateTimeOffset, TimeSpan)? Read(string file)
    {
        try
        {
            if (!File.Exists(file) || new FileInfo(file).Length > 100) return null;
            return File.ReadAllText(file).TrimEnd('\n').Split(' ') is [var time, var seconds]
                && DateTime.TryParseExact(time, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var reached) && reached is { Kind: DateTimeKind.Utc, Year: > 1970 and < 2262 }
                && long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var doubted) && doubted <= LongestDoubt.TotalSeconds
                ? (new DateTimeOffset(reached), TimeSpan.FromSeconds(doubted)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LoggerMessage(EventId = 244, Level = LogLevel.Warning, Message = "The clock says {Said:u}, further on than can have passed since {Reached:u}: nothing is taken for its age until it has said so for a while")]
    private partial void LeaptAhead(DateTimeOffset said, DateTimeOffset reached);
}
