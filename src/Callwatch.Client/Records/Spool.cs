using System.Globalization;
using System.Text.Json;

namespace Callwatch.Client.Records;

/// <summary>
/// A folder of packs that wait to be sent, oldest first, one file each (<c>00000000000000000042.records.json</c> holds a list, <c>.feedback.json</c> a
/// judgement). A file appears whole or not at all, and goes when it has been acknowledged: after a crash in between it is sent once more, which
/// changes nothing at the server. For one process.
/// </summary>
internal sealed class Spool
{
    private const string Records = ".records.json";
    private const string Feedback = ".feedback.json";

    private readonly string folder;
    private readonly long mostBytes;
    private readonly Tally tally;
    private readonly Lock gate = new();
    private readonly SortedDictionary<long, (string File, long Bytes, int Count)> waiting = [];
    private long bytes;
    private long next = 1;

    private Spool(string folder, long mostBytes, Tally tally) => (this.folder, this.mostBytes, this.tally) = (folder, mostBytes, tally);

    /// <summary>Null, said to <see cref="RecordEvents"/>, when the folder cannot be used.</summary>
    public static Spool? Open(string folder, long mostBytes, Tally tally)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var spool = new Spool(Path.GetFullPath(folder), mostBytes, tally);
            spool.Look();
            return spool;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            RecordEvents.Log.SpoolUnusable(e.GetType().Name);
            return null;
        }
    }

    public bool IsEmpty
    {
        get
        {
            lock (gate) return waiting.Count == 0;
        }
    }

    /// <summary>Keeps a pack; false when the disk refuses.</summary>
    public bool TryAdd(RecordPack pack)
    {
        try
        {
            var body = pack.ToBody();
            long number;
            lock (gate) number = next++;
            var file = Path.Combine(folder, number.ToString("D20", CultureInfo.InvariantCulture) + (pack.IsFeedback ? Feedback : Records));
            using (var handle = File.OpenHandle(file + ".new", FileMode.Create, FileAccess.Write, FileShare.None))
            {
                RandomAccess.Write(handle, body, 0);
                RandomAccess.FlushToDisk(handle);
            }

            File.Move(file + ".new", file, overwrite: true);
            lock (gate)
            {
                waiting[number] = (file, body.Length, pack.Items.Count);
                bytes += body.Length;
            }

            MakeRoom();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            RecordEvents.Log.SpoolUnusable(e.GetType().Name);
            return false;
        }
    }

    /// <summary>The oldest pack; what cannot be read is dropped and counted. Null when none waits.</summary>
    public (long Number, RecordPack Pack)? Oldest()
    {
        while (true)
        {
            KeyValuePair<long, (string File, long Bytes, int Count)> first;
            lock (gate)
            {
                if (waiting.Count == 0) return null;
                first = waiting.First();
            }

            if (Read(first.Value.File) is { } pack) return (first.Key, pack);
            tally.Dropped(Drop.Unreadable, Math.Max(1, first.Value.Count));
            Remove(first.Key);
        }
    }

    public void Remove(long number)
    {
        lock (gate)
        {
            if (!waiting.Remove(number, out var gone)) return;
            bytes -= gone.Bytes;
            Delete(gone.File);
        }
    }

    private void Look()
    {
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            var name = Path.GetFileName(file);
            if (name.EndsWith(".new", StringComparison.Ordinal)) Delete(file);
            if (name.Length < 20 || !name.EndsWith(".json", StringComparison.Ordinal) || !long.TryParse(name.AsSpan(0, 20), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) continue;
            var length = new FileInfo(file).Length;
            waiting[number] = (file, length, 0);
            bytes += length;
            next = Math.Max(next, number + 1);
        }

        MakeRoom();
    }

    private void MakeRoom()
    {
        lock (gate)
        {
            while (bytes > mostBytes && waiting.Count > 1)
            {
                var (number, oldest) = waiting.First();
                waiting.Remove(number);
                bytes -= oldest.Bytes;
                tally.Dropped(Drop.SpoolFull, Math.Max(1, oldest.Count == 0 ? Read(oldest.File)?.Items.Count ?? 1 : oldest.Count));
                Delete(oldest.File);
            }
        }
    }

    private static RecordPack? Read(string file)
    {
        try
        {
            var body = File.ReadAllBytes(file);
            using var json = JsonDocument.Parse(body);
            if (file.EndsWith(Feedback, StringComparison.Ordinal)) return json.RootElement.ValueKind == JsonValueKind.Object ? new RecordPack(true, [body]) : null;
            return json.RootElement.ValueKind == JsonValueKind.Array
                ? new RecordPack(false, [.. json.RootElement.EnumerateArray().Select(item => System.Text.Encoding.UTF8.GetBytes(item.GetRawText()))])
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static void Delete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is sent once more after the next start, which changes nothing.
        }
    }
}
