using Callwatch.Spans;
using Microsoft.Data.Sqlite;

namespace Callwatch.Forward.Lanes;

/// <summary>A reader of the settled sequence for one destination: <see cref="Replay"/> 0 is its live lane.</summary>
internal readonly record struct LaneKey(int Destination, int Replay);

/// <summary>Where a lane stands, durably.</summary>
internal sealed record LaneRow(
    LaneKey Key, long Cursor, long? Until, Timestamp? From, Timestamp? To, Timestamp Created, Timestamp? Ended,
    long Sent, long Refused, long Retried, long Expired, Timestamp? LastDelivery)
{
    /// <summary>Where it stood when it was made: what had settled before is none of its business.</summary>
    public long Began { get; init; }

    /// <summary>Why it does not go on by itself; null while it does.</summary>
    public string? Stopped { get; init; }

    public Timestamp? StoppedAt { get; init; }
}

/// <summary>What a step of the cursor adds to the lane's counts.</summary>
internal sealed record LaneCounts(long Sent, long Refused, long Retried, long Expired)
{
    public static readonly LaneCounts None = new(0, 0, 0, 0);

    public static LaneCounts operator +(LaneCounts a, LaneCounts b) => new(a.Sent + b.Sent, a.Refused + b.Refused, a.Retried + b.Retried, a.Expired + b.Expired);
}

/// <summary>Something of a settled number that will never arrive.</summary>
/// <param name="What"><see cref="Gone"/> or <see cref="Expired"/>.</param>
/// <param name="Count">Items, or spans.</param>
internal sealed record LaneLoss(long Seq, string What, long Count)
{
    /// <summary>The journal no longer held it.</summary>
    public const string Gone = "gone";

    /// <summary>The platform did not take it within its time.</summary>
    public const string Expired = "expired";
}

/// <summary>What goes to disk together with a step of the cursor.</summary>
/// <param name="Sends">Something was on its way in it.</param>
internal sealed record LaneStep(LaneCounts Counts, bool Sends, IReadOnlyList<LaneLoss> Losses, IReadOnlyList<Refusal> Refusals);

/// <summary>The rows of <c>lanes</c>, <c>steps</c> and <c>losses</c>.</summary>
internal sealed class LaneTable(ForwardDb db, TimeProvider time)
{
    private const string Columns = "destination, replay, cursor, until, from_received, to_received, created, ended, sent, refused, retried, expired, last_delivery, began, stopped, stopped_at";

    /// <summary>See <see cref="ForwardDb.LostAt"/>.</summary>
    public Timestamp? LostAt => db.LostAt;

    public LaneRow? Find(LaneKey key) => db.Read(connection => Find(connection, key));

    public IReadOnlyList<LaneRow> Of(int destination) => db.Read(connection =>
    {
        using var command = ForwardDb.Command(connection, $"SELECT {Columns} FROM lanes WHERE destination = $1 ORDER BY replay", destination);
        return ReadAll(command);
    });

    /// <summary>The destinations that anything is known of.</summary>
    public IReadOnlyList<int> Destinations() => db.Read(connection =>
    {
        using var command = ForwardDb.Command(connection, "SELECT DISTINCT destination FROM lanes");
        List<int> destinations = [];
        using var row = command.ExecuteReader();
        while (row.Read()) destinations.Add(row.GetInt32(0));
        return destinations;
    });

    /// <summary>The row as it is, or a new one that begins at the cursor.</summary>
    public LaneRow Begin(LaneKey key, long cursor) => db.Write(connection =>
    {
        using var command = ForwardDb.Command(
            connection, "INSERT INTO lanes (destination, replay, cursor, began, created) VALUES ($1, $2, $3, $3, $4) ON CONFLICT DO NOTHING",
            key.Destination, key.Replay, cursor, Now);
        command.ExecuteNonQuery();
        return Find(connection, key)!;
    });

    /// <summary>A new replay of the destination.</summary>
    public LaneRow BeginReplay(int destination, long cursor, long until, Timestamp from, Timestamp to) => db.Write(connection =>
    {
        using var command = ForwardDb.Command(
            connection,
            """
            INSERT INTO lanes (destination, replay, cursor, began, until, from_received, to_received, created)
            VALUES ($1, (SELECT coalesce(max(replay), 0) + 1 FROM lanes WHERE destination = $1), $2, $2, $3, $4, $5, $6) RETURNING replay
            """,
            destination, cursor, until, from.UnixNanoseconds, to.UnixNanoseconds, Now);
        var replay = (int)(long)command.ExecuteScalar()!;
        return Find(connection, new LaneKey(destination, replay))!;
    });

    /// <summary>Moves the cursor, on disk on return; false (and nothing changed) when it no longer stands at <paramref name="from"/>.</summary>
    public bool TryAdvance(LaneKey key, long from, long to, LaneStep step) => db.Write(connection =>
    {
        using var move = ForwardDb.Command(
            connection,
            """
            UPDATE lanes SET cursor = $4, sent = sent + $5, refused = refused + $6, retried = retried + $7, expired = expired + $8,
              last_delivery = coalesce($9, last_delivery) WHERE destination = $1 AND replay = $2 AND cursor = $3
            """,
            key.Destination, key.Replay, from, to, step.Counts.Sent, step.Counts.Refused, step.Counts.Retried, step.Counts.Expired, step.Counts.Sent > 0 ? Now : null);
        if (move.ExecuteNonQuery() != 1) return false;
        foreach (var refusal in step.Refusals) DeadLetters.Add(connection, key.Destination, refusal, Now);
        if (key.Replay != 0) return true;
        foreach (var loss in step.Losses)
        {
            using var lost = ForwardDb.Command(
                connection, "INSERT INTO losses (destination, seq, what, count, time) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO UPDATE SET count = count + $4",
                key.Destination, loss.Seq, loss.What, loss.Count, Now);
            lost.ExecuteNonQuery();
        }

        if (!step.Sends) return true;
        using var done = ForwardDb.Command(connection, "INSERT OR REPLACE INTO steps (destination, through, time) VALUES ($1, $2, $3)", key.Destination, to, Now);
        done.ExecuteNonQuery();
        return true;
    });

    /// <summary>Adds to the lane's counts where its cursor does not move.</summary>
    public bool Add(LaneKey key, LaneCounts counts) => db.Write(connection =>
    {
        using var add = ForwardDb.Command(
            connection,
            """
            UPDATE lanes SET sent = sent + $3, refused = refused + $4, retried = retried + $5, expired = expired + $6,
              last_delivery = coalesce($7, last_delivery) WHERE destination = $1 AND replay = $2
            """,
            key.Destination, key.Replay, counts.Sent, counts.Refused, counts.Retried, counts.Expired, counts.Sent > 0 ? Now : null);
        return add.ExecuteNonQuery() == 1;
    });

    /// <summary>The lane waits for a person.</summary>
    public bool Stop(LaneKey key, string why) => db.Write(connection =>
    {
        using var stop = ForwardDb.Command(connection, "UPDATE lanes SET stopped = $3, stopped_at = $4 WHERE destination = $1 AND replay = $2", key.Destination, key.Replay, why, Now);
        return stop.ExecuteNonQuery() == 1;
    });

    /// <summary>The lane goes on from there, wherever it stood.</summary>
    public bool ContinueAt(LaneKey key, long cursor) => db.Write(connection =>
    {
        using var go = ForwardDb.Command(
            connection, "UPDATE lanes SET cursor = $3, began = $3, stopped = NULL, stopped_at = NULL WHERE destination = $1 AND replay = $2", key.Destination, key.Replay, cursor);
        return go.ExecuteNonQuery() == 1;
    });

    /// <summary>What of a settled number will never arrive by the live lane; null when nothing is known of that.</summary>
    public LaneLoss? LossOf(int destination, long seq) => db.Read(connection =>
    {
        using var command = ForwardDb.Command(connection, "SELECT what, count FROM losses WHERE destination = $1 AND seq = $2 ORDER BY what LIMIT 1", destination, seq);
        using var row = command.ExecuteReader();
        return row.Read() ? new LaneLoss(seq, row.GetString(0), row.GetInt64(1)) : null;
    });

    /// <summary>False when it had ended before.</summary>
    public bool End(LaneKey key) => db.Write(connection =>
    {
        using var command = ForwardDb.Command(connection, "UPDATE lanes SET ended = $3 WHERE destination = $1 AND replay = $2 AND ended IS NULL", key.Destination, key.Replay, Now);
        return command.ExecuteNonQuery() == 1;
    });

    /// <summary>When the live lane was done with the number; null when it is not, never had to do with it, or that is no longer known.</summary>
    public Timestamp? DeliveredAt(int destination, long seq) => db.Read(connection =>
    {
        using var command = ForwardDb.Command(
            connection,
            """
            SELECT time FROM steps WHERE destination = $1 AND through >= $2
              AND $2 > (SELECT began FROM lanes WHERE destination = $1 AND replay = 0) ORDER BY through LIMIT 1
            """,
            destination, seq);
        return command.ExecuteScalar() is long time ? new Timestamp(time) : (Timestamp?)null;
    });

    /// <summary>The highest settled number that anything refers to.</summary>
    public long HighestSeq() => db.Read(connection =>
    {
        using var command = ForwardDb.Command(
            connection, "SELECT max(coalesce((SELECT max(max(cursor, coalesce(until, 0))) FROM lanes), 0), coalesce((SELECT max(seq) FROM dead_letters), 0), coalesce((SELECT max(through) FROM steps), 0))");
        return (long)command.ExecuteScalar()!;
    });

    /// <summary>What was lost to the lane without its having read it.</summary>
    public void AddExpired(LaneKey key, long count) => db.Write(connection =>
    {
        using var command = ForwardDb.Command(connection, "UPDATE lanes SET expired = expired + $3 WHERE destination = $1 AND replay = $2", key.Destination, key.Replay, count);
        return command.ExecuteNonQuery();
    });

    /// <summary>Takes away all that is known of a destination that is gone.</summary>
    public void Forget(int destination) => db.Write(connection =>
    {
        foreach (var table in (string[])["lanes", "anchors", "dead_letters", "steps", "losses"])
        {
            using var command = ForwardDb.Command(connection, $"DELETE FROM {table} WHERE destination = $1", destination);
            command.ExecuteNonQuery();
        }

        return true;
    });

    private long Now => Timestamp.From(time.GetUtcNow()).UnixNanoseconds;

    private static LaneRow? Find(SqliteConnection connection, LaneKey key)
    {
        using var command = ForwardDb.Command(connection, $"SELECT {Columns} FROM lanes WHERE destination = $1 AND replay = $2", key.Destination, key.Replay);
        return ReadAll(command) is [var row] ? row : null;
    }

    private static List<LaneRow> ReadAll(SqliteCommand command)
    {
        List<LaneRow> rows = [];
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            rows.Add(new LaneRow(
                new LaneKey(row.GetInt32(0), row.GetInt32(1)), row.GetInt64(2), row.IsDBNull(3) ? null : row.GetInt64(3), At(4), At(5), At(6)!.Value, At(7),
                row.GetInt64(8), row.GetInt64(9), row.GetInt64(10), row.GetInt64(11), At(12))
            {
                Began = row.GetInt64(13),
                Stopped = row.IsDBNull(14) ? null : row.GetString(14),
                StoppedAt = At(15),
            });
        }

        return rows;

        Timestamp? At(int column) => row.IsDBNull(column) ? null : new Timestamp(row.GetInt64(column));
    }
}
