using System.Buffers.Binary;
using Callwatch.Normalize.Reading;
using Callwatch.Search.Documents;
using Callwatch.Search.Files;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Search.Finding;

/// <summary>A span that was found.</summary>
internal readonly record struct FoundSpan(TraceId Trace, SpanId Span);

/// <summary>
/// The spans in which a query is met. Few of a day are had as a list; of many it can only be asked whether a span is among them, and what is
/// needed for that is read in pieces of neighbouring documents, of which no more than a bound are kept: a word of every call costs no more than others.
/// </summary>
internal sealed class SpanHits(WordSearch search, string query) : IDisposable
{
    /// <summary>More than these of a day are many.</summary>
    public const int Few = 4_000;

    private const int MostPieces = 128;

    private readonly Dictionary<DateOnly, IReadOnlyList<FoundSpan>?> few = [];
    private readonly Dictionary<string, Block[]> blocks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Statement> statements = new(StringComparer.Ordinal);
    private readonly Dictionary<(string File, long Block), Piece> pieces = [];
    private readonly Queue<(string File, long Block)> order = new();
    private readonly Dictionary<DateOnly, Piece> days = [];

    private readonly record struct Block(long Number, long First, long Last);

    private sealed record Piece(HashSet<ulong> Spans, HashSet<ulong> Traces)
    {
        public void Add(ReadOnlySpan<byte> key)
        {
            var trace = Hash.Of(key[..16]);
            Traces.Add(trace);
            Spans.Add(Hash.Mix(trace, BinaryPrimitives.ReadUInt64LittleEndian(key[16..])));
        }
    }

    public string Query => query;

    /// <summary>All of a day; null when they are many.</summary>
    public IReadOnlyList<FoundSpan>? All(DateOnly day)
    {
        if (few.TryGetValue(day, out var known)) return known;
        List<FoundSpan> found = [];
        foreach (var file in search.Files(day))
        {
            Reading(file, connection =>
            {
                using var statement = new Statement(
                    connection, "SELECT d.key FROM words JOIN docs d ON d.id = words.rowid WHERE words MATCH ?1 LIMIT ?2");
                statement.BindText(1, query).Bind(2, Few + 1 - found.Count);
                while (statement.Step()) found.Add(Key(statement.Blob(0)));
            });
            if (found.Count > Few) break;
        }

        return few[day] = found.Count > Few ? null : found;
    }

    /// <summary>Whether it is met in a span.</summary>
    /// <param name="trace">16 bytes.</param>
    public bool Has(ReadOnlySpan<byte> trace, long span, Timestamp end)
    {
        var hash = Hash.Mix(Hash.Of(trace), (ulong)span);
        foreach (var piece in Pieces(Partition.DayOf(end), end.UnixNanoseconds, end.UnixNanoseconds))
            if (piece.Spans.Contains(hash)) return true;
        return false;
    }

    /// <summary>Whether it is met in any span of a trace.</summary>
    public bool HasIn(ReadOnlySpan<byte> trace, Timestamp start, Timestamp end)
    {
        var hash = Hash.Of(trace);
        var first = Partition.DayOf(start);
        // Its newest day first: most end on the day they began.
        for (var day = Partition.DayOf(end); ; day = day.AddDays(-1))
        {
            foreach (var piece in Pieces(day, start.UnixNanoseconds, end.UnixNanoseconds))
                if (piece.Traces.Contains(hash)) return true;
            if (day <= first || day == DateOnly.MinValue) return false;
        }
    }

    /// <summary>Its connection is about to be closed.</summary>
    public void LetGo(string file)
    {
        if (statements.Remove(file, out var statement)) statement.Dispose();
    }

    public void Dispose()
    {
        foreach (var statement in statements.Values) statement.Dispose();
        statements.Clear();
    }

    private IEnumerable<Piece> Pieces(DateOnly day, long from, long to)
    {
        var wasRead = few.ContainsKey(day);
        var found = All(day);
        if (!wasRead && search.IsBroken(day)) search.MissedSome = true;
        if (found is not null)
        {
            yield return WholeDay(day, found);
            yield break;
        }

        foreach (var file in search.Files(day))
        {
            foreach (var block in BlocksOf(file))
                if (block.First <= to && from <= block.Last) yield return PieceOf(file, block.Number);
        }
    }

    private Piece WholeDay(DateOnly day, IReadOnlyList<FoundSpan> found)
    {
        if (days.TryGetValue(day, out var known)) return known;
        var piece = new Piece([], []);
        Span<byte> key = stackalloc byte[SearchDocument.KeySize];
        foreach (var span in found)
        {
            SearchDocument.WriteKey(key, span.Trace, span.Span);
            piece.Add(key);
        }

        return days[day] = piece;
    }

    private Block[] BlocksOf(SearchFile file)
    {
        if (blocks.TryGetValue(file.Name, out var known)) return known;
        List<Block> read = [];
        var isRead = Reading(file, connection =>
        {
            using var statement = new Statement(connection, "SELECT block, first_end, last_end FROM blocks ORDER BY block DESC");
            while (statement.Step()) read.Add(new Block(statement.Long(0), statement.Long(1), statement.Long(2)));
        });
        if (!isRead) search.MissedSome = true;
        return blocks[file.Name] = [.. read];
    }

    private Piece PieceOf(SearchFile file, long block)
    {
        var key = (file.Name, block);
        if (pieces.TryGetValue(key, out var known)) return known;
        var piece = new Piece([], []);
        var isRead = Reading(file, connection =>
        {
            if (!statements.TryGetValue(file.Name, out var statement))
            {
                statements[file.Name] = statement = new Statement(
                    connection, "SELECT d.key FROM words JOIN docs d ON d.id = words.rowid WHERE words MATCH ?1 AND words.rowid BETWEEN ?2 AND ?3");
            }

            statement.BindText(1, query).Bind(2, block * SearchWriter.BlockSize).Bind(3, ((block + 1) * SearchWriter.BlockSize) - 1);
            while (statement.Step()) piece.Add(KeyOf(statement.Blob(0)));
        });
        // Rows have been told "no" that would have been looked through otherwise.
        if (!isRead) search.MissedSome = true;
        while (order.Count >= MostPieces) pieces.Remove(order.Dequeue());
        order.Enqueue(key);
        return pieces[key] = piece;
    }

    // False when the file turned out damaged.
    private bool Reading(SearchFile file, Action<SqliteConnection> read)
    {
        try
        {
            if (search.Connection(file) is { } connection) read(connection);
            return true;
        }
        catch (SqliteException e) when (search.IsBeyondUse(file, e))
        {
            search.Broken(file);
            return false;
        }
    }

    private static ReadOnlySpan<byte> KeyOf(ReadOnlySpan<byte> stored) =>
        stored.Length == SearchDocument.KeySize ? stored : throw new SqliteException("A key of the full-text index has another length than was written.", SQLitePCL.raw.SQLITE_CORRUPT);

    private static FoundSpan Key(ReadOnlySpan<byte> key)
    {
        TraceId.TryRead(KeyOf(key)[..16], out var trace);
        return new FoundSpan(trace, new SpanId(BinaryPrimitives.ReadUInt64LittleEndian(key[16..SearchDocument.KeySize])));
    }
}
