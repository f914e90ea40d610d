using Callwatch.Spans;

namespace Callwatch.Settle;

/// <summary>Why a revision was taken to be complete. The numbers are stored.</summary>
public enum SettleReason : byte
{
    /// <summary>The root has ended and nothing came for two seconds.</summary>
    RootEnded = 1,

    /// <summary>Nothing came for a minute.</summary>
    Quiet = 2,

    /// <summary>The oldest span of it had waited five minutes.</summary>
    Long = 3,

    /// <summary>It had 5,000 spans or 32 MiB.</summary>
    Large = 4,

    /// <summary>Too much was open at once.</summary>
    Pressure = 5,

    /// <summary>No trace at all: a record of logs or metrics that a destination lists, passed on as it came. <see cref="SettledRevision.FirstNumber"/> says where it lies.</summary>
    PassedOn = 6,
}

/// <summary>Where one span, or one log record that belongs to it, lies in the journal.</summary>
public readonly record struct SettledPlace(SpanId SpanId, long Number, int Offset);

/// <summary>
/// One row of the settled sequence: the spans of a trace that had come since its last revision. <see cref="Seq"/> is dense and never repeats;
/// a lane's cursor is a number of it.
/// </summary>
public sealed record SettledRevision
{
    public required long Seq { get; init; }

    public required int TenantId { get; init; }

    public required TraceId TraceId { get; init; }

    /// <summary>1 for the first of its trace.</summary>
    public required int Revision { get; init; }

    public required SettleReason Reason { get; init; }

    public required Timestamp SettledAt { get; init; }

    /// <summary>When the first and the last record that brought its spans came; replays choose by it.</summary>
    public required Timestamp FirstReceivedAt { get; init; }

    public required Timestamp LastReceivedAt { get; init; }

    /// <summary>Of the journal records that brought it, whatever of them a later copy replaced.</summary>
    public required long FirstNumber { get; init; }

    public required long LastNumber { get; init; }

    /// <summary>In the order they came; of a span sent twice the latest copy.</summary>
    public required IReadOnlyList<SettledPlace> Spans { get; init; }

    /// <summary>Log records that join one of the spans (GenAI events, exceptions), in the order they came.</summary>
    public IReadOnlyList<SettledPlace> Logs { get; init; } = [];
}

/// <summary>Some revisions of one tenant, and the number up to which that tenant has no others.</summary>
public sealed record SettledPage(IReadOnlyList<SettledRevision> Revisions, long Through);

/// <summary>The durable settled sequence as its readers see it.</summary>
public interface ISettledLog
{
    /// <summary>Completes once the sequence has been opened; before that it seems empty.</summary>
    Task Opened { get; }

    /// <summary>The last settled number; 0 when there is none.</summary>
    long Head { get; }

    /// <summary>The oldest number still held; head + 1 when none is.</summary>
    long First { get; }

    /// <summary>Bytes of its files.</summary>
    long SizeBytes => 0;

    /// <summary>The tenant's revisions after the given number in order, waiting (without polling) for new ones at the head. A page may be empty.</summary>
    IAsyncEnumerable<SettledPage> PagesAsync(int tenantId, long after, CancellationToken cancel);

    /// <summary>The same at once: what there is after the number now, in one page.</summary>
    SettledPage Page(int tenantId, long after) => new([], after);

    /// <summary>Null when it is no longer held.</summary>
    SettledRevision? Find(long seq);

    /// <summary>All revisions of a trace that are still held, oldest first.</summary>
    IReadOnlyList<SettledRevision> Of(int tenantId, TraceId traceId);

    /// <summary>How many revisions of the tenant behind the number began within these journal records: what a reader that stands there would lose with them.</summary>
    long CountWaiting(int tenantId, long after, long firstNumber, long lastNumber) => 0;

    /// <summary>The number after which a reader begins that wants what was received from the given moment on; <see cref="Head"/> when all is older.</summary>
    long Before(Timestamp receivedAt);
}
