using System.Buffers;
using Callwatch.Journal.Segments;
using Microsoft.Win32.SafeHandles;

namespace Callwatch.Journal.Sealing;

/// <summary>
/// Reads a sealed window in the order of numbers. The pieces of neighbouring records lie all over the window, so records are put together in
/// chunks: for each, every frame that has something for it is inflated once.
/// </summary>
internal sealed class SealedReader : IPartReader
{
    public const long ChunkBytes = 32L << 20;

    private const int ChunkRecords = 50_000;

    private readonly JournalPart window;
    private readonly Damage damage;
    private readonly List<Source> sources = [];
    private readonly Queue<JournalRecord> ready = new();

    private readonly byte[]? arena;
    private readonly long chunkBytes;

    /// <param name="chunkBytes">Most bytes of payload put together at a time; a single larger record is a chunk of its own.</param>
    /// <param name="arena">Memory for the payloads, used again for each chunk: for one who is done with a record before he asks for the next. Null: each has its own.</param>
    public SealedReader(JournalPart window, IReadOnlyList<SealedFile> files, long from, Damage damage, byte[]? arena = null, long chunkBytes = ChunkBytes)
    {
        (this.window, this.damage, this.arena, this.chunkBytes) = (window, damage, arena, chunkBytes);
        try
        {
            foreach (var file in files) sources.Add(new Source(file, from, damage));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public JournalRecord? Read(long from, long through)
    {
        while (true)
        {
            while (ready.TryPeek(out var record))
            {
                if (record.Number > through) return null;
                ready.Dequeue();
                if (record.Number >= from) return record;
            }

            if (!Fill()) return null;
        }
    }

    /// <summary>The next records, as many as are put together at a time; may come out empty, where all of them are damaged.</summary>
    public IReadOnlyList<JournalRecord> ReadChunk()
    {
        if (ready.Count == 0) Fill();
        JournalRecord[] chunk = [.. ready];
        ready.Clear();
        return chunk;
    }

    public void Dispose()
    {
        foreach (var source in sources) source.Dispose();
        sources.Clear();
    }

    /// <summary>The next chunk; false when the window has ended. A chunk may come out empty, where all of it is damaged.</summary>
    private bool Fill()
    {
        var (chunk, bytes) = (new List<Part>(), 0L);
        while (chunk.Count < ChunkRecords && (chunk.Count == 0 || bytes < chunkBytes) && Lowest() is { } source)
        {
            var header = source.Current with { TenantId = source.File.TenantId };
            var part = new Part(header, arena is not null && bytes + header.Length <= arena.Length ? arena.AsMemory((int)bytes, header.Length) : GC.AllocateUninitializedArray<byte>(header.Length));
            source.TakePieces(part, chunk.Count);
            chunk.Add(part);
            bytes += part.Payload.Length;
            source.Advance();
        }

        foreach (var source in sources) source.FillIn(chunk);
        foreach (var part in chunk)
        {
            if (!part.IsLost && Crc32C.Of(part.Payload.Span) == part.Header.PayloadCrc) ready.Enqueue(part.Header.ToRecord(part.Payload));
            else damage.Lost(window, part.Header.Number);
        }

        return chunk.Count > 0;
    }

    private Source? Lowest()
    {
        Source? lowest = null;
        foreach (var source in sources)
            if (source.HasCurrent && (lowest is null || source.Current.Number < lowest.Current.Number)) lowest = source;
        return lowest;
    }

    private sealed class Part(RecordHeader header, Memory<byte> payload)
    {
        public RecordHeader Header { get; } = header;

        public Memory<byte> Payload { get; } = payload;

        public bool IsLost { get; set; }
    }

    /// <summary>One tenant's file.</summary>
    private sealed class Source : IDisposable
    {
        private readonly SafeFileHandle handle;
        private readonly SealedDirectory directory;
        private readonly Damage damage;
        private readonly List<PlacedPiece> pieces = [];
        private readonly List<(int Record, PlacedPiece Piece)> wanted = [];
        private HeadWalk? heads;
        private int nextHeads;

        public Source(SealedFile file, long from, Damage damage)
        {
            (File, this.damage) = (file, damage);
            handle = file.OpenToRead();
            directory = file.Directory(handle, damage);
            nextHeads = directory.FirstFrom(from);
            do Advance();
            while (HasCurrent && Current.Number < from);
        }

        public SealedFile File { get; }

        public bool HasCurrent { get; private set; }

        public RecordHeader Current => heads!.Header;

        public void Advance()
        {
            while (true)
            {
                if (heads is not null && heads.MoveNext())
                {
                    HasCurrent = true;
                    return;
                }

                if (nextHeads >= directory.Heads.Length)
                {
                    HasCurrent = false;
                    return;
                }

                var entry = directory.Heads[nextHeads++];
                heads = File.Read(handle, entry, damage) is { } bytes ? new HeadWalk(bytes, entry.First) : null;
            }
        }

        public void TakePieces(Part part, int record)
        {
            heads!.Pieces(pieces, part.Payload.Span);
            foreach (var piece in pieces) wanted.Add((record, piece));
        }

        public void FillIn(List<Part> chunk)
        {
            wanted.Sort(static (a, b) => a.Piece.Frame.CompareTo(b.Piece.Frame));
            var buffer = ArrayPool<byte>.Shared.Rent(FrameEntry.MostBytes);
            var (number, length) = (-1, 0);
            foreach (var (record, piece) in wanted)
            {
                if (piece.Frame != number)
                {
                    number = piece.Frame;
                    // Of a frame that is lost or damaged nothing is taken.
                    length = directory.Bodies.TryGetValue(number, out var entry) && entry.RawLength <= buffer.Length && File.TryRead(handle, entry, buffer.AsSpan(0, entry.RawLength), damage) ? entry.RawLength : 0;
                }

                if (piece.FrameOffset + piece.Length > length) chunk[record].IsLost = true;
                else buffer.AsSpan(piece.FrameOffset, piece.Length).CopyTo(chunk[record].Payload.Span[piece.At..]);
            }

            ArrayPool<byte>.Shared.Return(buffer);
            wanted.Clear();
        }

        public void Dispose() => handle.Dispose();
    }
}
