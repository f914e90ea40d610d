namespace Callwatch.Client.Api;

/// <summary>How the instance is. A tenant's key sees its own part: its counters, and not the disk.</summary>
public sealed record ApiSystem
{
    /// <summary>Version of the program.</summary>
    public required string Version { get; init; }

    /// <summary>When it started, RFC 3339 in UTC.</summary>
    public required string StartedAt { get; init; }

    /// <summary>The journal's epoch: made when a journal is created or restored.</summary>
    public required string Epoch { get; init; }

    /// <summary>Number of the last record in the journal; 0 when there is none.</summary>
    public required long Head { get; init; }

    /// <summary>Everything that reads the journal, with how far it is.</summary>
    public required IReadOnlyList<ApiReader> Readers { get; init; }

    /// <summary>Deliveries to destinations; empty while there is none.</summary>
    public required IReadOnlyList<ApiLane> Lanes { get; init; }

    /// <summary>Reason to how often something was rejected, mended, cut or dropped for it since the start.</summary>
    public required IReadOnlyDictionary<string, long> Counters { get; init; }

    /// <summary>The journal's files; null for keys that may not see the instance.</summary>
    public ApiJournal? Journal { get; init; }

    /// <summary>The store's files; null for keys that may not see the instance.</summary>
    public ApiStore? Store { get; init; }

    /// <summary>The full-text index; null for keys that may not see the instance.</summary>
    public ApiSearch? Search { get; init; }

    /// <summary>The files of media; null for keys that may not see the instance.</summary>
    public ApiMediaFiles? Media { get; init; }

    /// <summary>The disk; null for keys that may not see the instance.</summary>
    public ApiDisk? Disk { get; init; }
}

/// <summary>A reader of the journal.</summary>
/// <param name="Name">Which: <c>store</c>, ...</param>
/// <param name="Epoch">Epoch its position belongs to.</param>
/// <param name="Position">Last record it is done with.</param>
/// <param name="Lag">Records it has still to read.</param>
/// <param name="LagS">Age of the oldest of them in seconds; 0 at the head.</param>
/// <param name="State"><c>starting</c>, <c>running</c>, <c>failing</c> (and tried again) or <c>stopped</c> (until somebody acts).</param>
/// <param name="Reason">What is wrong; null for keys that may not see the instance.</param>
/// <param name="Waits"><c>other_epoch</c> or <c>beyond_head</c> while it waits for somebody to say where it goes on; else null.</param>
public sealed record ApiReader(string Name, string? Epoch, long Position, long Lag, double LagS, string State, string? Reason, string? Waits = null);

/// <summary>Deliveries to one destination.</summary>
/// <param name="Destination">Its name.</param>
/// <param name="State"><c>idle</c>, <c>running</c>, <c>retrying</c>, <c>blocked</c> or <c>paused</c>.</param>
/// <param name="Backlog">Traces waiting.</param>
public sealed record ApiLane(string Destination, string State, long Backlog)
{
    /// <summary>The destination's id.</summary>
    public int Id { get; init; }

    /// <summary>What kind of platform: <c>langfuse</c>, ...</summary>
    public string? Kind { get; init; }

    /// <summary>Age of the oldest trace that waits, in seconds; 0 when none does.</summary>
    public double OldestAgeS { get; init; }

    /// <summary>Traces that it had still to deliver when a full disk took what was received of them, since the start.</summary>
    public long ExpiredByDisk { get; init; }

    /// <summary>The platform's words where it is in trouble; else null.</summary>
    public string? Reason { get; init; }
}

/// <summary>The journal's files.</summary>
/// <param name="First">Oldest record still held.</param>
/// <param name="Segments">Number of files.</param>
/// <param name="SizeBytes">Their size.</param>
/// <param name="OldestReceivedAt">When the oldest record came, RFC 3339 in UTC.</param>
/// <param name="Waiting">Requests waiting for the disk.</param>
/// <param name="DamagedRecords">Records set aside as damaged.</param>
/// <param name="DamagedSegments">Files set aside as damaged.</param>
/// <param name="AcceptsWrites">False while intake answers 503.</param>
/// <param name="Reason">Why it refuses.</param>
public sealed record ApiJournal(
    long First, int Segments, long SizeBytes, string? OldestReceivedAt, int Waiting, int DamagedRecords, int DamagedSegments, bool AcceptsWrites, string? Reason)
{
    /// <summary>Records still held, about; their numbers may leap.</summary>
    public long Records { get; init; }

    /// <summary>Size on disk of what is sealed: regrouped by session and compressed.</summary>
    public long SealedBytes { get; init; }

    /// <summary>The same before it was sealed.</summary>
    public long SealedPayloadBytes { get; init; }

    /// <summary>Size of what is not sealed yet.</summary>
    public long UnsealedBytes { get; init; }

    /// <summary>Of that, what is full and waits for being sealed.</summary>
    public long ToSealBytes { get; init; }

    /// <summary>Why the last window could not be sealed; null when it could.</summary>
    public string? SealingError { get; init; }

    /// <summary>The first places found damaged since the start.</summary>
    public IReadOnlyList<ApiJournalDamage> Damage { get; init; } = [];

    /// <summary>Records that are missing between others though retention did not take them: their file has vanished.</summary>
    public IReadOnlyList<ApiJournalGap> Gaps { get; init; } = [];

    /// <summary>Records that were removed before a reader had seen them, since the start.</summary>
    public IReadOnlyList<ApiReaderLoss> Losses { get; init; } = [];
}

/// <summary>Something in the journal that cannot be read any more.</summary>
/// <param name="File">Which file.</param>
/// <param name="First">What was lost lies from this number on.</param>
/// <param name="Last">It lies up to this number; null when that is not known.</param>
/// <param name="What">What was lost.</param>
public sealed record ApiJournalDamage(string File, long First, long? Last, string What);

/// <summary>Records whose file has vanished from the journal.</summary>
/// <param name="First">The first of them.</param>
/// <param name="Last">The last of them.</param>
/// <param name="Tenants">Only those of so many tenants are missing; 0: all.</param>
public sealed record ApiJournalGap(long First, long Last, int Tenants);

/// <summary>Records that were removed before a reader had seen them; of a lane traces that it had not delivered.</summary>
/// <param name="Reader">Its name; of a lane <c>lane</c> and the destination's.</param>
/// <param name="ExpiredByAge">Past their retention.</param>
/// <param name="ExpiredByDisk">Because the disk was needed.</param>
public sealed record ApiReaderLoss(string Reader, long ExpiredByAge, long ExpiredByDisk);

/// <summary>The store's files.</summary>
/// <param name="Partitions">Number of files.</param>
/// <param name="SizeBytes">Their size.</param>
/// <param name="StoredSpans">Spans stored since the start.</param>
/// <param name="StoredCalls">Calls stored since the start.</param>
/// <param name="OldestEnd">Oldest span, by its end; RFC 3339 in UTC.</param>
public sealed record ApiStore(int Partitions, long SizeBytes, long StoredSpans, long StoredCalls, string? OldestEnd)
{
    /// <summary>Files that could not be read and were set aside, or have vanished; a reindex of their day brings back what the journal still holds of it.</summary>
    public IReadOnlyList<ApiDamagedFile> Damaged { get; init; } = [];
}

/// <summary>A file of the store that was set aside, or has vanished: figures and lists of its day are incomplete.</summary>
/// <param name="File">Its name now; of a vanished one with <c>.missing</c> behind it.</param>
/// <param name="Day">The UTC day of its rows; null when it held none.</param>
/// <param name="SizeBytes">Its size.</param>
public sealed record ApiDamagedFile(string File, string? Day, long SizeBytes)
{
    /// <summary>The command that brings back what the journal still holds of the day.</summary>
    public string? Command { get; init; }
}

/// <summary>The full-text index.</summary>
/// <param name="SizeBytes">Size of its files; 0 while it is switched off.</param>
public sealed record ApiSearch(long SizeBytes)
{
    /// <summary>Days of which a file was lost: what came before a record is found by names and previews only.</summary>
    public IReadOnlyList<ApiTextLeftOut> LeftOut { get; init; } = [];
}

/// <summary>A day of which the full-text index has lost a file.</summary>
/// <param name="Day">The UTC day.</param>
/// <param name="From">The first record that is indexed again; 1 where the journal has all of the day and it is being read again.</param>
public sealed record ApiTextLeftOut(string Day, long From);

/// <summary>The files of media.</summary>
/// <param name="Files">How many.</param>
/// <param name="SizeBytes">Their size.</param>
public sealed record ApiMediaFiles(long Files, long SizeBytes);

/// <summary>The disk that holds the data folder.</summary>
/// <param name="FreeBytes">Room left.</param>
/// <param name="UsedBytes">Size of the data folder's journal, store, media, full-text index and settled sequence.</param>
public sealed record ApiDisk(long FreeBytes, long UsedBytes);

/// <summary>Whether the process is up or ready.</summary>
/// <param name="Status"><c>ok</c> or <c>unavailable</c>.</param>
/// <param name="Reason">Why not.</param>
public sealed record ApiHealth(string Status, string? Reason);

/// <summary>An error answer (RFC 9457).</summary>
public sealed record ApiProblem
{
    /// <summary>HTTP status.</summary>
    public int Status { get; init; }

    /// <summary>What kind of error.</summary>
    public string? Title { get; init; }

    /// <summary>What is wrong and what would be right.</summary>
    public string? Detail { get; init; }

    /// <summary>Stable name of the error.</summary>
    public string? Code { get; init; }

    /// <summary>The parameter or field to blame.</summary>
    public string? Field { get; init; }

    /// <summary>The character in a filter to blame.</summary>
    public int? Offset { get; init; }
}
