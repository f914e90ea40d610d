using System.Collections.Immutable;
using System.Globalization;
using Callwatch.Journal;
using Callwatch.Spans;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Partitions;

/// <summary>
/// The table of contents, <c>catalog.db</c>: partitions, and the journal position after which reading resumes. It is committed after the
/// partitions, so it never claims what they do not hold; what it does not know yet is found again in the folder at the next start.
/// Used by the writer's thread only, after the start.
/// </summary>
internal sealed class PartitionCatalog : IDisposable
{
    private readonly SqliteConnection connection;
    private readonly Dictionary<string, Partition> partitions = [];

    /// <param name="isMoved">Whether retention has taken a file.</param>
    public PartitionCatalog(string folder, Func<string, bool> isMoved)
    {
        var file = Path.Combine(folder, "catalog.db");
        try
        {
            (connection, Swaps) = Open(folder, file);
        }
        catch (Exception e) when (IsDamage(e))
        {
            // Set aside: what it said is found again in the files, and from the journal's beginning nothing is stored twice.
            partitions.Clear();
            (Position, Synced) = (null, 0);
            File.Move(file, file + ".damaged", overwrite: true);
            foreach (var part in (string[])["-wal", "-shm"]) File.Delete(file + part);
            (connection, Swaps) = Open(folder, file);
        }

        try
        {
            CompareWith(folder, isMoved);
            Partitions = Sorted();
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Set aside when the store was opened, as they were known.</summary>
    public IReadOnlyList<Partition> Damaged { get; private set; } = [];

    /// <summary>Found to have vanished when the store was opened.</summary>
    public IReadOnlyList<Partition> Missing { get; private set; } = [];

    /// <summary>Newest first.</summary>
    public ImmutableArray<Partition> Partitions { get; private set; } = [];

    /// <summary>The record after which reading resumes; null when nothing was ever stored.</summary>
    public Position? Position { get; private set; }

    /// <summary>The record up to which every file of the store is known to be on disk for good.</summary>
    public long Synced { get; private set; }

    public SwapTables Swaps { get; }

    /// <summary>Puts down, in one synced transaction, that files have taken the place of others.</summary>
    public void Swap(IReadOnlyList<Partition> gone, IReadOnlyList<Partition> come, IEnumerable<Writing.TraceKey> unjudged)
    {
        Swaps.Swap(gone.Select(partition => partition.File), unjudged, () =>
        {
            foreach (var partition in gone) Remove(partition);
            foreach (var partition in come) Write(partition);
        });
        Partitions = Sorted();
    }

    /// <summary>Puts down, in one transaction, what a batch has changed.</summary>
    public void Commit(Position position, IEnumerable<Partition> touched)
    {
        using var transaction = connection.BeginTransaction();
        foreach (var partition in touched) Write(partition);
        Write(position, Synced);
        transaction.Commit();
        Position = position;
        Partitions = Sorted();
    }

    /// <summary>Before a new file is made, so that a batch that fails and is tried again finds it.</summary>
    public void Add(Partition partition)
    {
        Write(partition);
        Partitions = Sorted();
    }

    /// <summary>The highest number that anything in the store may refer to.</summary>
    public long HighestNumber => partitions.Values.Select(partition => partition.Applied).Append(Position?.Number ?? 0).Max();

    /// <summary>Reading goes on behind this record, because a person said so. What is stored stays.</summary>
    public void MoveTo(Position position)
    {
        using var transaction = connection.BeginTransaction();
        Write(position, position.Number);
        transaction.Commit();
        (Position, Synced) = (position, position.Number);
    }

    public void CommitSynced(long number)
    {
        if (Position is not { } position || number <= Synced) return;
        using var transaction = connection.BeginTransaction();
        Write(position, number);
        transaction.Commit();
        Synced = number;
    }

    public void Remove(Partition partition)
    {
        using var command = Command("DELETE FROM partitions WHERE file = $file", ("$file", partition.File));
        command.ExecuteNonQuery();
        partitions.Remove(partition.File);
        Partitions = Sorted();
    }

    public void Dispose() => connection.Dispose();

    private (SqliteConnection Connection, SwapTables Swaps) Open(string folder, string file)
    {
        var opened = StoreDatabase.OpenForWriting(file, "catalog", cacheKib: 512);
        try
        {
            StoreDatabase.Execute(opened, "PRAGMA wal_autocheckpoint = 1000");
            var swaps = new SwapTables(opened, folder);
            swaps.Clean();
            ReadPartitions(opened);
            ReadPosition(opened);
            return (opened, swaps);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    // A byte harmed may also make the file one that is only to be read, a table of another shape, a value of another type.
    private static bool IsDamage(Exception e) => e is FormatException or InvalidCastException or InvalidOperationException or OverflowException or ArgumentException
        || (e is SqliteException { SqliteErrorCode: var code }
            && code is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_READONLY or SQLitePCL.raw.SQLITE_ERROR);

    private ImmutableArray<Partition> Sorted() =>
        [.. partitions.Values.OrderByDescending(partition => partition.Day).ThenByDescending(partition => partition.Sequence)];

    private void ReadPartitions(SqliteConnection from)
    {
        using var command = Command(from, "SELECT file, day, sequence, rows, first_end, last_end, closed, applied FROM partitions");
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            var partition = new Partition(
                row.GetString(0), DateOnly.FromDayNumber(row.GetInt32(1)), row.GetInt32(2), row.GetInt64(3),
                row.IsDBNull(4) ? null : new Timestamp(row.GetInt64(4)), row.IsDBNull(5) ? null : new Timestamp(row.GetInt64(5)),
                row.GetInt64(6) != 0, row.GetInt64(7));
            partitions.Add(partition.File, partition);
        }
    }

    private void ReadPosition(SqliteConnection from)
    {
        using var command = Command(from, "SELECT epoch, number, synced FROM position");
        using var row = command.ExecuteReader();
        if (!row.Read()) return;
        Position = new Position(Guid.Parse(row.GetString(0), CultureInfo.InvariantCulture), row.GetInt64(1));
        Synced = row.GetInt64(2);
    }

    private void CompareWith(string folder, Func<string, bool> isMoved)
    {
        var files = Directory.EnumerateFiles(folder, "*.db").Select(path => Path.GetFileName(path)).Where(file => Partition.TryParse(file, out _)).ToList();
        foreach (var gone in SwapTables.ReplacedAmong(folder, files.Where(file => !partitions.ContainsKey(file))))
        {
            SwapTables.Unlink(folder, gone);
            if (partitions.TryGetValue(gone, out var known)) Remove(known);
            files.Remove(gone);
        }

        var found = new FoundFiles(folder, partitions, Synced, isMoved);
        var resume = found.CompareWith(files, Position?.Number ?? 0);
        (Damaged, Missing) = (found.Damaged, found.Missing);
        // What was on disk for good is so no more.
        if (found.Older is { } older) (Synced, resume) = (Math.Min(Synced, older), Math.Min(resume, older));
        TakeOver(found, Math.Max(resume, Math.Min(Synced, Position?.Number ?? 0)));
        foreach (var lost in found.Lost) SwapTables.Unlink(folder, lost.File);
    }

    // In one transaction: a crash after one of the two would leave a store that misses a file and reads on behind what was in it. With the rows
    // as the files say them: a file put back, into which nothing more is written, would else send each start back again.
    private void TakeOver(FoundFiles found, long resume)
    {
        using var transaction = connection.BeginTransaction();
        foreach (var partition in found.Lost) Remove(partition);
        foreach (var partition in found.Adopted) Write(partition);
        if (Position is { } position && resume < position.Number) Write(position with { Number = resume }, Synced);
        transaction.Commit();
        if (Position is { } before && resume < before.Number) Position = before with { Number = resume };
    }

    private void Write(Partition partition)
    {
        using var command = Command(
            """
            INSERT INTO partitions (file, day, sequence, rows, first_end, last_end, closed, applied)
            VALUES ($file, $day, $sequence, $rows, $first, $last, $closed, $applied)
            ON CONFLICT (file) DO UPDATE SET rows = excluded.rows, first_end = excluded.first_end, last_end = excluded.last_end,
              closed = excluded.closed, applied = excluded.applied
            """,
            ("$file", partition.File), ("$day", partition.Day.DayNumber), ("$sequence", partition.Sequence), ("$rows", partition.Rows),
            ("$first", partition.FirstEnd?.UnixNanoseconds), ("$last", partition.LastEnd?.UnixNanoseconds),
            ("$closed", partition.Closed ? 1 : 0), ("$applied", partition.Applied));
        command.ExecuteNonQuery();
        partitions[partition.File] = partition;
    }

    private void Write(Position position, long synced)
    {
        using var command = Command(
            "INSERT OR REPLACE INTO position (id, epoch, number, synced) VALUES (1, $epoch, $number, $synced)",
            ("$epoch", position.Epoch.ToString()), ("$number", position.Number), ("$synced", synced));
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters) => Command(connection, sql, parameters);

    private static SqliteCommand Command(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }
}
