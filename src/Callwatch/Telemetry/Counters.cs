using System.Collections.Concurrent;
using System.Collections.Frozen;

namespace Callwatch.Telemetry;

/// <summary>
/// Every reason for which something is rejected, mended, cut, merged or dropped: a closed list, so that nothing vanishes silently.
/// In the API and in metrics a reason is its name in snake_case.
/// </summary>
public enum Reason
{
    // Whole requests, refused at the door.
    BodyTooLarge, InflatedTooLarge, MalformedBody, UnsupportedMediaType, UnsupportedEncoding, TooManyInFlight, JournalBusy, JournalUnavailable, SlowSender,

    // Single items, refused for good; the rest of their request goes on.
    TooManySpans, BadTraceId, BadSpanId, BadTime, PendingSpan, RecordRefused,

    // Mended, and kept.
    BadParentId, InvalidUtf8, DuplicateKey, NotANumber, EndBeforeStart, ClockAhead, TooManyAttributes, TextCut, NestingTooDeep,

    // Nobody keeps them.
    NoDestinationKeepsMetrics, NoDestinationKeepsLogs,

    // Media in messages: kept in files of their own, not kept, or not what they claim to be; or the request was asked to come again.
    MediaStored, MediaTooLarge, MediaMalformed, MediaUnavailable,

    // Owners.
    AppBoundReached,

    // Later stages.
    RecordUnreadable, TornTail, DamagedRecord, DamagedSegment, MissingRecord, ExpiredByAge, ExpiredByDisk, SpanReplaced, CallMerged, TraceTooLong, PastRetention,
    MediaExpiredByAge, MediaExpiredByDisk, RowsExpiredByDisk, ErrorGroupForgotten, DamagedPartition,

    // The full-text index.
    DamagedSearchFile,

    // On the way to other platforms.
    ExpiredBeforeDelivery, RefusedByPlatform, DeadLetterExpired, DamagedSettledFile, DamagedForwardFile,
}

/// <summary>How often each <see cref="Reason"/> has applied since the start, per tenant (0: before the tenant was known).</summary>
public sealed class Counters
{
    private readonly ConcurrentDictionary<(int Tenant, Reason Reason), long> counts = new();

    public void Add(Reason reason, long count = 1, int tenantId = 0)
    {
        if (count != 0) counts.AddOrUpdate((tenantId, reason), count, (_, before) => before + count);
    }

    public long Total(Reason reason) => counts.Where(entry => entry.Key.Reason == reason).Sum(entry => entry.Value);

    /// <summary>All that are not 0; of one tenant, or of all together.</summary>
    public IReadOnlyDictionary<Reason, long> Snapshot(int? tenantId = null) =>
        counts.Where(entry => tenantId is null || entry.Key.Tenant == tenantId)
            .GroupBy(entry => entry.Key.Reason, entry => entry.Value)
            .ToDictionary(group => group.Key, group => group.Sum());
}

public static class Reasons
{
    private static readonly FrozenDictionary<string, Reason> ByWord = Enum.GetValues<Reason>().ToFrozenDictionary(Word, StringComparer.Ordinal);

    /// <summary>The reason in snake_case.</summary>
    public static string Word(this Reason reason) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString());

    /// <summary>The reason whose <see cref="Word"/> it is.</summary>
    public static bool TryParse(string word, out Reason reason) => ByWord.TryGetValue(word, out reason);
}
