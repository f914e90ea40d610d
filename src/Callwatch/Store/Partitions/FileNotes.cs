using System.Buffers.Binary;
using Callwatch.Journal.Segments;

namespace Callwatch.Store.Partitions;

/// <summary>
/// Notes on the files of the store, so that a question over all days need not open each of them. A note is of one state of its file, told by
/// how the file lies on the disk: late spans, figures made anew and rebuilt days are seen at once, whoever writes. They are kept in a file of
/// their own, which only saves reading: without it, or where it is damaged, they are made again. Thread-safe.
/// </summary>
/// <param name="clock">The one that file systems go by.</param>
internal sealed class FileNotes(string folder, TimeProvider clock)
{
    public const string Name = "files.notes";

    private const int Format = 1;

    // Format, and the CRC-32C of all that follows.
    private const int HeadBytes = 8;

    private const long MostFailuresInAll = 1_000_000, MostReleasesInAll = 100_000;

    /// <summary>What is noted changes once a day for each file, and a little more while many are noted for the first time.</summary>
    private static readonly TimeSpan SaveEvery = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly Lock writing = new();
    private Dictionary<string, (FileStamp Stamp, FileNote Note)>? notes;
    private long failures;
    private long releases;
    private long? saved;
    private bool changed;

    /// <summary>How many files were read for a note.</summary>
    internal int Made { get; private set; }

    /// <summary>What is noted of a file as it stands now; null where nothing is.</summary>
    public FileNote? Find(string file)
    {
        if (FileStamp.Of(Path.Combine(folder, file)) is not { } now) return null;
        lock (gate) return Notes().TryGetValue(file, out var known) && known.Stamp == now ? known.Note : null;
    }

    /// <summary>The state of a file that is about to be read for a note; null where it is being written, and not worth one.</summary>
    public FileStamp? Begin(string file) => FileStamp.Of(Path.Combine(folder, file)) is { } stamp && stamp.IsSettled(clock.GetUtcNow()) ? stamp : null;

    /// <param name="stamp">From before it was read.</param>
    public void Keep(string file, FileStamp stamp, FileNote note)
    {
        lock (gate)
        {
            Forget(file);
            if (failures + (note.Failures?.Count ?? 0) > MostFailuresInAll) note = note with { Failures = null };
            failures += note.Failures?.Count ?? 0;
            if (releases + (note.Releases?.Count ?? 0) > MostReleasesInAll) note = note with { Releases = null };
            releases += note.Releases?.Count ?? 0;
            Notes()[file] = (stamp, note);
            changed = true;
            Made++;
        }
    }

    public void Remove(string file)
    {
        lock (gate) Forget(file);
    }

    /// <summary>Writes down what has come, now and then. Not synced: what a power cut takes is made again.</summary>
    public void Save()
    {
        KeyValuePair<string, (FileStamp Stamp, FileNote Note)>[] all;
        lock (gate)
        {
            if (!changed || (saved is { } last && clock.GetElapsedTime(last) < SaveEvery)) return;
            (saved, changed) = (clock.GetTimestamp(), false);
            all = [.. Notes()];
        }

        // Nobody waits for the disk who only wants to know.
        lock (writing)
        {
            try
            {
                var path = Path.Combine(folder, Name);
                File.WriteAllBytes(path + ".tmp", ToBytes(all));
                File.Move(path + ".tmp", path, overwrite: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A full disk: the next start reads the files instead.
            }
        }
    }

    private void Forget(string file)
    {
        if (!Notes().Remove(file, out var old)) return;
        failures -= old.Note.Failures?.Count ?? 0;
        releases -= old.Note.Releases?.Count ?? 0;
    }

    private Dictionary<string, (FileStamp Stamp, FileNote Note)> Notes()
    {
        if (notes is not null) return notes;
        notes = Load();
        failures = notes.Values.Sum(known => (long)(known.Note.Failures?.Count ?? 0));
        releases = notes.Values.Sum(known => (long)(known.Note.Releases?.Count ?? 0));
        return notes;
    }

    private static byte[] ToBytes(KeyValuePair<string, (FileStamp Stamp, FileNote Note)>[] all)
    {
        using var bytes = new MemoryStream();
        using var to = new BinaryWriter(bytes);
        to.Write(Format);
        to.Write(0);
        to.Write(all.Length);
        foreach (var (file, (stamp, note)) in all)
        {
            to.Write(file);
            to.Write(stamp.Bytes);
            to.Write(stamp.Written);
            to.Write(stamp.LogBytes);
            to.Write(stamp.LogWritten);
            note.Write(to);
        }

        to.Flush();
        var content = bytes.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(sizeof(int)), Crc32C.Of(content.AsSpan(HeadBytes)));
        return content;
    }

    private Dictionary<string, (FileStamp Stamp, FileNote Note)> Load()
    {
        var found = new Dictionary<string, (FileStamp, FileNote)>(StringComparer.Ordinal);
        try
        {
            var content = File.ReadAllBytes(Path.Combine(folder, Name));
            if (content.Length < HeadBytes || BinaryPrimitives.ReadInt32LittleEndian(content) != Format
                || BinaryPrimitives.ReadUInt32LittleEndian(content.AsSpan(sizeof(int))) != Crc32C.Of(content.AsSpan(HeadBytes))) return found;
            using var from = new BinaryReader(new MemoryStream(content, HeadBytes, content.Length - HeadBytes));
            for (var left = from.ReadInt32(); left > 0; left--)
            {
                var file = from.ReadString();
                var stamp = new FileStamp(from.ReadInt64(), from.ReadInt64(), from.ReadInt64(), from.ReadInt64());
                var note = FileNote.Read(from);
                // A file that has gone meanwhile is nobody's any more.
                if (File.Exists(Path.Combine(folder, file))) found[file] = (stamp, note);
            }

            return found;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
