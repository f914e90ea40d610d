using System.Security.Cryptography;
using Callwatch.Journal.Segments;
using Callwatch.Spans;

namespace Callwatch.Journal.Writing;

/// <summary>
/// Makes segment files. A file gets its name only when its header is on disk, so a name always stands for a whole header.
/// The next one is made beforehand and filled with zeros: a sync then has nothing but the records to write.
/// </summary>
internal sealed class SegmentFactory(string folder, Guid epoch, JournalOptions options, IJournalFiles files, TimeProvider time) : IDisposable
{
    private const int ZeroBytes = 1 << 20;

    private readonly string preparedPath = Path.Combine(folder, "next.tmp");
    private readonly Lock gate = new();
    private IJournalFile? prepared;
    private bool asked;
    private bool disposed;

    public string Folder => folder;

    public (Segment Segment, IJournalFile File) Create(long firstNumber, long numberBefore, long recordBytes)
    {
        var size = Math.Max(options.SegmentBytes, SegmentHeader.Size + recordBytes);
        var header = new SegmentHeader
        {
            Epoch = epoch,
            FirstNumber = firstNumber,
            NumberBefore = numberBefore,
            CreatedAt = Timestamp.From(time.GetUtcNow()),
            Mark = NewMark(),
        };
        var path = Path.Combine(folder, Segment.FileName(firstNumber));
        var (file, temporary) = size == options.SegmentBytes && TakePrepared() is { } ready ? (ready, preparedPath) : (files.Create(path + ".tmp", size), path + ".tmp");
        try
        {
            var bytes = new byte[SegmentHeader.Size];
            header.Write(bytes);
            file.Write([bytes], 0);
            file.Sync();
            files.Rename(temporary, path);
            files.SyncFolder(folder);
            var segment = new Segment(path, header) { FileBytes = size };
            segment.Index.IsBuilt = true;
            return (segment, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Begins to make the next file in the background; once per segment, further calls do nothing.</summary>
    public void Prepare()
    {
        lock (gate)
        {
            if (asked || disposed) return;
            asked = true;
        }

        _ = Task.Factory.StartNew(MakeNext, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            prepared?.Dispose();
            prepared = null;
        }
    }

    private IJournalFile? TakePrepared()
    {
        lock (gate)
        {
            var taken = prepared;
            prepared = null;
            // One still being made goes on and serves the segment after this one.
            if (taken is not null) asked = false;
            return taken;
        }
    }

    private void MakeNext()
    {
        IJournalFile? file = null;
        try
        {
            file = files.Create(preparedPath, options.SegmentBytes);
            var zeros = new byte[Math.Min(ZeroBytes, options.SegmentBytes)];
            for (long offset = 0; offset < options.SegmentBytes; offset += zeros.Length)
            {
                file.Write([zeros.AsMemory(0, (int)Math.Min(zeros.Length, options.SegmentBytes - offset))], offset);
                // Piece by piece, so that the records' own syncs never wait behind a whole file.
                file.Sync();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // No room or a disk in trouble: the writer will make the file when it needs it, or say why it cannot.
            file?.Dispose();
            file = null;
        }

        lock (gate)
        {
            asked = file is not null;
            if (disposed) file?.Dispose();
            else prepared = file;
        }
    }

    internal static ulong NewMark()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        // No zero byte, so that unused room never looks like the beginning of one.
        foreach (ref var single in bytes) single |= 1;
        return BitConverter.ToUInt64(bytes);
    }
}
