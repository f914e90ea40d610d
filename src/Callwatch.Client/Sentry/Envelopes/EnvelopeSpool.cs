using System.Globalization;

namespace Callwatch.Client.Sentry.Envelopes;

/// <summary>
/// A folder of envelopes that wait to be sent, oldest first, one file each (<c>00000000000000000042.error.envelope</c>). A file appears whole or not at all.
/// For one process.
/// </summary>
internal sealed class EnvelopeSpool
{
    private const string Ending = ".envelope";

    private readonly string folder;
    private readonly long mostBytes;
    private readonly Discards discards;
    private readonly Lock gate = new();
    private readonly SortedDictionary<long, (string File, long Bytes, string Category)> waiting = [];
    private long bytes;
    private long next = 1;

    private EnvelopeSpool(string folder, long mostBytes, Discards discards) => (this.folder, this.mostBytes, this.discards) = (folder, mostBytes, discards);

    /// <summary>Null when the folder cannot be used.</summary>
    public static EnvelopeSpool? Open(string folder, long mostBytes, Discards discards)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var spool = new EnvelopeSpool(Path.GetFullPath(folder), mostBytes, discards);
            spool.Look();
            return spool;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            SentryEvents.Log.SpoolUnusable(e.GetType().Name);
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

    /// <summary>Its number; null when the disk refuses.</summary>
    public long? TryAdd(Envelope envelope)
    {
        try
        {
            var body = envelope.ToKeep();
            long number;
            lock (gate) number = next++;
            var file = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{number:D20}.{envelope.Category}{Ending}"));
            using (var handle = File.OpenHandle(file + ".new", FileMode.Create, FileAccess.Write, FileShare.None))
            {
                RandomAccess.Write(handle, body, 0);
                RandomAccess.FlushToDisk(handle);
            }

            File.Move(file + ".new", file, overwrite: true);
            lock (gate)
            {
                waiting[number] = (file, body.Length, envelope.Category);
                bytes += body.Length;
            }

            discards.Spooled();
            MakeRoom();
            return number;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            SentryEvents.Log.SpoolUnusable(e.GetType().Name);
            return null;
        }
    }

    /// <summary>The oldest; what cannot be read is dropped and counted. Null when none waits.</summary>
    public (long Number, Envelope Envelope)? Oldest()
    {
        while (true)
        {
            KeyValuePair<long, (string File, long Bytes, string Category)> first;
            lock (gate)
            {
                if (waiting.Count == 0) return null;
                first = waiting.First();
            }

            if (Read(first.Value.File, first.Value.Category) is { } envelope) return (first.Key, envelope);
            discards.Dropped(Discard.InternalSdkError, first.Value.Category);
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
            if (name.EndsWith(Ending + ".new", StringComparison.Ordinal)) Delete(file);
            if (name.Length < 22 || !name.EndsWith(Ending, StringComparison.Ordinal) || !long.TryParse(name.AsSpan(0, 20), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) continue;
            var category = name.Length > 21 + Ending.Length ? name[21..^Ending.Length] : Category.Error;
            var length = new FileInfo(file).Length;
            waiting[number] = (file, length, category);
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
                discards.Dropped(Discard.CacheOverflow, oldest.Category);
                Delete(oldest.File);
            }
        }
    }

    private Envelope? Read(string file, string category)
    {
        try
        {
            return new FileInfo(file).Length <= mostBytes ? Envelope.FromKept(File.ReadAllBytes(file), category) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
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
            // It is sent once more after the next start; a project discards an event id that it has seen.
        }
    }
}
