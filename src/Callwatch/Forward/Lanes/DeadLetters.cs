using System.Buffers.Binary;
using System.Globalization;
using Callwatch.Spans;
using Microsoft.Data.Sqlite;

namespace Callwatch.Forward.Lanes;

/// <summary>Something a platform refused for good.</summary>
/// <param name="IsMarked">A person wants it sent again, and that has not come to its end.</param>
public sealed record DeadLetter(
    long Id, int Destination, long Seq, TraceId TraceId, string Route, string? Item, IReadOnlyList<SpanId> SpanIds, Timestamp Time, int? Status, string Message, int Attempts, bool IsMarked);

/// <summary>Which dead letters of a destination: those that all of it holds for; empty for all.</summary>
public sealed record LetterChoice
{
    public static readonly LetterChoice All = new();

    /// <summary>Those of other destinations, and those that are gone, choose nothing.</summary>
    public IReadOnlyList<long>? Ids { get; init; }

    /// <summary>Refused with this status.</summary>
    public int? Status { get; init; }

    /// <summary>Refused from then on.</summary>
    public Timestamp? From { get; init; }

    /// <summary>Refused before then.</summary>
    public Timestamp? To { get; init; }
}

/// <summary>The rows of <c>dead_letters</c>.</summary>
public sealed class DeadLetters
{
    private const string Columns = "id, destination, seq, trace, route, item, spans, time, status, message, attempts, retry";

    private readonly ForwardDb db;
    private readonly TimeProvider time;

    internal DeadLetters(ForwardDb db, TimeProvider time) => (this.db, this.time) = (db, time);

    /// <summary>Newest first, before the given id.</summary>
    public IReadOnlyList<DeadLetter> List(int destination, long? before, int limit) => db.Read(connection =>
    {
        using var command = ForwardDb.Command(
            connection, $"SELECT {Columns} FROM dead_letters WHERE destination = $1 AND id < $2 ORDER BY id DESC LIMIT $3", destination, before ?? long.MaxValue, limit);
        return ReadAll(command);
    });

    public long Count(int destination) => db.Read(connection =>
    {
        using var command = ForwardDb.Command(connection, "SELECT count(*) FROM dead_letters WHERE destination = $1", destination);
        return (long)command.ExecuteScalar()!;
    });

    public IReadOnlyList<DeadLetter> Of(int destination, TraceId trace) => db.Read(connection =>
    {
        using var command = ForwardDb.Command(connection, $"SELECT {Columns} FROM dead_letters WHERE trace = $2 AND destination = $1", destination, trace.ToBytes());
        return ReadAll(command);
    });

    /// <summary>Marks them to be sent again; the lane takes them up when it is told to try at once. How many there were.</summary>
    public int Retry(int destination, LetterChoice choice) => Each(destination, choice, "UPDATE dead_letters SET retry = 1");

    /// <summary>How many were thrown away.</summary>
    public int Discard(int destination, LetterChoice choice) => Each(destination, choice, "DELETE FROM dead_letters");

    /// <summary>On disk on return. An item that is refused again stays one letter.</summary>
    internal void Add(int destination, IReadOnlyList<Refusal> refusals) => db.Write(connection =>
    {
        foreach (var refusal in refusals) Add(connection, destination, refusal, Now);
        return true;
    });

    /// <summary>Within a transaction of the caller's.</summary>
    internal static void Add(SqliteConnection connection, int destination, Refusal refusal, long now)
    {
        var (item, words) = (refusal.Item, refusal.Words);
        var spans = new byte[item.SpanIds.Count * 8];
        for (var i = 0; i < item.SpanIds.Count; i++) BinaryPrimitives.WriteUInt64BigEndian(spans.AsSpan(i * 8), item.SpanIds[i].Value);
        using var again = ForwardDb.Command(
            connection, "UPDATE dead_letters SET time = $6, status = $7, message = $8, attempts = attempts + $9, retry = 0 WHERE destination = $1 AND seq = $2 AND route = $3 AND item IS $4 AND spans = $5",
            destination, refusal.Seq, item.Route, item.Id, spans, now, words.Status, words.Message, refusal.Attempts);
        if (again.ExecuteNonQuery() > 0) return;
        using var add = ForwardDb.Command(
            connection,
            "INSERT INTO dead_letters (destination, seq, trace, route, item, spans, time, status, message, attempts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            destination, refusal.Seq, item.TraceId.ToBytes(), item.Route, item.Id, spans, now, words.Status, words.Message, refusal.Attempts);
        add.ExecuteNonQuery();
    }

    /// <summary>They were sent again: gone, but for those the platform has refused once more meanwhile.</summary>
    internal bool Retried(IReadOnlyList<DeadLetter> letters) => db.Write(connection =>
    {
        foreach (var letter in letters)
        {
            using var command = ForwardDb.Command(connection, "DELETE FROM dead_letters WHERE id = $1 AND retry = 1", letter.Id);
            command.ExecuteNonQuery();
        }

        return true;
    });

    /// <summary>They cannot be sent again: they stay, with the reason.</summary>
    internal bool CannotRetry(IReadOnlyList<DeadLetter> letters, string why) => db.Write(connection =>
    {
        foreach (var letter in letters)
        {
            using var command = ForwardDb.Command(connection, "UPDATE dead_letters SET time = $2, status = NULL, message = $3, retry = 0 WHERE id = $1", letter.Id, Now, why);
            command.ExecuteNonQuery();
        }

        return true;
    });

    internal IReadOnlyList<DeadLetter> ToRetry(int destination, int limit) => db.Read(connection =>
    {
        using var command = ForwardDb.Command(connection, $"SELECT {Columns} FROM dead_letters WHERE destination = $1 AND retry = 1 ORDER BY id LIMIT $2", destination, limit);
        return ReadAll(command);
    });

    private int Each(int destination, LetterChoice choice, string action) => db.Write(connection =>
    {
        var ids = choice.Ids is null ? null : "[" + string.Join(',', choice.Ids.Select(id => id.ToString(CultureInfo.InvariantCulture))) + "]";
        using var command = ForwardDb.Command(
            connection,
            action + """
             WHERE destination = $1 AND ($2 IS NULL OR id IN (SELECT value FROM json_each($2))) AND ($3 IS NULL OR status = $3) AND time >= $4 AND time < $5
            """,
            destination, ids, choice.Status, choice.From?.UnixNanoseconds ?? 0, choice.To?.UnixNanoseconds ?? long.MaxValue);
        return command.ExecuteNonQuery();
    });

    private long Now => Timestamp.From(time.GetUtcNow()).UnixNanoseconds;

    private static List<DeadLetter> ReadAll(SqliteCommand command)
    {
        List<DeadLetter> letters = [];
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            // None for a record of logs or metrics.
            TraceId.TryRead(row.GetFieldValue<byte[]>(3), out var trace);
            var spans = row.GetFieldValue<byte[]>(6);
            letters.Add(new DeadLetter(
                row.GetInt64(0), row.GetInt32(1), row.GetInt64(2), trace, row.GetString(4), row.IsDBNull(5) ? null : row.GetString(5),
                [.. Enumerable.Range(0, spans.Length / 8).Select(i => new SpanId(BinaryPrimitives.ReadUInt64BigEndian(spans.AsSpan(i * 8))))],
                new Timestamp(row.GetInt64(7)), row.IsDBNull(8) ? null : row.GetInt32(8), row.GetString(9), row.GetInt32(10), row.GetInt64(11) != 0));
        }

        return letters;
    }
}
