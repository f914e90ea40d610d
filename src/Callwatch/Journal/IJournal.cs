using Callwatch.Spans;

namespace Callwatch.Journal;

/// <summary>What a record holds. The numbers are stored.</summary>
public enum Signal : byte
{
    Traces = 1,
    Logs = 2,
    Metrics = 3,
    Feedback = 4,
}

/// <summary>
/// A place in the journal. Numbers start at 1, grow by one and never repeat; the epoch is made when a journal is created or restored.
/// Number 0 is "before the first".
/// </summary>
public readonly record struct Position(Guid Epoch, long Number);

/// <summary>One canonical payload on its way into the journal.</summary>
public sealed record JournalEntry
{
    public required Signal Signal { get; init; }

    public required int TenantId { get; init; }

    public required int AppId { get; init; }

    /// <summary>Number of the key it came with; 0 for trusted loopback.</summary>
    public required int KeyId { get; init; }

    public required Timestamp ReceivedAt { get; init; }

    public required int ItemCount { get; init; }

    /// <summary>The OTLP request message. The journal has its own copy once the append has completed.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }
}

/// <summary>One record as read back.</summary>
public sealed record JournalRecord
{
    public required long Number { get; init; }

    public required Signal Signal { get; init; }

    public required int TenantId { get; init; }

    public required int AppId { get; init; }

    public required int KeyId { get; init; }

    public required Timestamp ReceivedAt { get; init; }

    public required int ItemCount { get; init; }

    public required ReadOnlyMemory<byte> Payload { get; init; }
}

/// <summary>How an append ended.</summary>
public abstract record AppendResult
{
    private AppendResult()
    {
    }

    /// <summary>On disk and synced; the position of the first entry, the others follow it without a gap.</summary>
    public sealed record Stored(Position First) : AppendResult;

    /// <summary>The bounded queue is full: try again after the given time.</summary>
    public sealed record Busy(TimeSpan RetryAfter) : AppendResult;

    /// <summary>The disk has no room, or writing failed; reading goes on. The reason is fit for an answer.</summary>
    public sealed record Unavailable(string Reason, TimeSpan RetryAfter) : AppendResult;
}

/// <summary>The durable truth: what was received, in the order it was acknowledged.</summary>
public interface IJournal
{
    Guid Epoch { get; }

    /// <summary>The last synced record; number 0 when there is none.</summary>
    Position Head { get; }

    /// <summary>The highest number that may ever have been given away: beyond the head where the newest records were damaged or a write was torn.</summary>
    long LastGiven => Head.Number;

    /// <summary>The oldest record still held; head + 1 when none is.</summary>
    long FirstNumber { get; }

    /// <summary>From where on records of a tenant, or of one app of it, may still be held: an app may be kept for a shorter time than others.</summary>
    long FirstNumberOf(int tenantId, int? appId = null) => FirstNumber;

    /// <summary>Appends all entries next to each other and completes after the sync. Never throws for a full disk or queue.</summary>
    ValueTask<AppendResult> AppendAsync(IReadOnlyList<JournalEntry> entries, CancellationToken cancel);

    /// <summary>
    /// Records after <paramref name="after"/> in order, waiting (without polling) for new ones at the head.
    /// Numbers below <see cref="FirstNumber"/> are skipped: retention has taken them. Only synced records are seen.
    /// </summary>
    IAsyncEnumerable<JournalRecord> ReadAsync(long after, CancellationToken cancel);

    /// <summary>One record; null when retention has taken it or it was damaged and set aside.</summary>
    JournalRecord? Find(long number);

    /// <summary>
    /// The same for a reader of some spans or log records: what stands at these places of the payload, and all that says whose it is, are there; other items
    /// may be zeros instead, which saves looking for them. Lengths and places are those of the whole payload.
    /// </summary>
    /// <param name="offsets">None: all of it.</param>
    JournalRecord? FindItems(long number, params ReadOnlySpan<int> offsets) => Find(number);

    /// <summary>
    /// One record, for a reader who will ask for those behind it, too: where these cost little more together, as in a sealed window, as many of the
    /// same tenant as have so many bytes. Empty when <see cref="Find"/> would find nothing.
    /// </summary>
    /// <param name="memory">Asked, where there are many, for memory to put payloads into: their records are good until it is used again. Null: each has its own.</param>
    IReadOnlyList<JournalRecord> FindOn(long number, int tenantId, long mostBytes, Func<byte[]>? memory = null) => Find(number) is { } record ? [record] : [];

    /// <summary>From here on nothing has been taken: before it retention may have taken some apps and left others. At least <see cref="FirstNumber"/>.</summary>
    long CompleteFrom => FirstNumber;

    /// <summary>Whether all records from one number to another are still held, as far as anybody knows.</summary>
    bool IsWhole(long first, long last) => first >= CompleteFrom;

    /// <summary>About how many records lie after one number and up to another: numbers may leap far, after a restore.</summary>
    long CountBetween(long after, long through) => Math.Max(0, through - after);

    JournalStatus Status();
}

/// <summary>What System shows of the journal. Sizes in bytes.</summary>
public sealed record JournalStatus(
    Guid Epoch, long FirstNumber, long HeadNumber, int Segments, long SizeBytes, long FreeDiskBytes,
    Timestamp? OldestReceivedAt, int Waiting, int DamagedRecords, int DamagedSegments, bool AcceptsWrites, string? RefusalReason)
{
    /// <summary>Records still held, about.</summary>
    public long Records { get; init; } = Math.Max(0, HeadNumber - FirstNumber + 1);

    /// <summary>On disk, of what is sealed.</summary>
    public long SealedBytes { get; init; }

    /// <summary>The same before it was sealed.</summary>
    public long SealedPayloadBytes { get; init; }

    /// <summary>Of what is not sealed yet, the segment being written included.</summary>
    public long UnsealedBytes { get; init; }

    /// <summary>Of full segments that wait for being sealed: how far it is behind.</summary>
    public long ToSealBytes { get; init; }

    /// <summary>Why the last window could not be sealed; null when it could.</summary>
    public string? SealingError { get; init; }

    /// <summary>The first places found damaged since the start.</summary>
    public IReadOnlyList<JournalDamage> Damage { get; init; } = [];

    /// <summary>Records that are missing between others, though retention did not take them; oldest first.</summary>
    public IReadOnlyList<JournalGap> Gaps { get; init; } = [];

    /// <summary>Records that retention took before a reader had seen them, since the start.</summary>
    public IReadOnlyList<ReaderLoss> Losses { get; init; } = [];
}

/// <summary>Something that cannot be read any more.</summary>
/// <param name="FirstNumber">What was lost lies from here...</param>
/// <param name="LastNumber">... to here; 0 when not known.</param>
public sealed record JournalDamage(string File, long FirstNumber, long LastNumber, string What);

/// <summary>Acknowledged records whose file has vanished. Inclusive.</summary>
/// <param name="Tenants">Of so many tenants only; 0: of all.</param>
public sealed record JournalGap(long First, long Last, int Tenants);

/// <summary>Records that are gone before a reader had seen them; of a lane (<c>lane NAME</c>) traces that it had not delivered.</summary>
public sealed record ReaderLoss(string Reader, long ByAge, long ByDisk);

/// <summary>A named reader's durable place, advanced by compare-and-set so that two workers fail loudly instead of skipping.</summary>
public interface ICursors
{
    /// <summary>Null when the reader has never advanced.</summary>
    Position? Find(string reader);

    /// <summary>Durable on return; false (and nothing changed) when the cursor no longer stands at <paramref name="from"/>.</summary>
    /// <exception cref="IOException">The disk refused; the cursor still stands where it stood and the same step may be tried again.</exception>
    bool TryAdvance(string reader, Position? from, Position to);

    IReadOnlyDictionary<string, Position> All();
}
