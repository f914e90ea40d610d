using System.Globalization;

namespace Callwatch.Client.Spooling;

/// <summary>
/// A folder of things that wait to be sent, oldest first, one file each: a number of 20 digits and an ending (<c>00000000000000000042.records.json</c>). A
/// file appears whole or not at all, and goes when what it holds has been taken: after a crash in between it is sent once more, which changes nothing
/// where it goes. Bounded in bytes: beyond, the oldest go. Meant for one process; another one that works in the same folder, as the next does while
/// the last still ends, may send the same twice but loses nothing. The folder is looked through when it is first needed, not while the application starts.
/// Thread-safe.
/// </summary>
internal sealed class Spool<T>
    where T : class
{
    private const int Digits = 20;
    private const string Unfinished = ".new";
    private const int MostTries = 3;
    private const int MostTaken = 100;

    private readonly string folder;
    private readonly long mostBytes;
    private readonly ISpoolFormat<T> format;
    private readonly Lock gate = new();
    private readonly SortedDictionary<long, Kept> waiting = [];
    private bool isKnown;
    private long bytes;
    private long next = 1;

    private Spool(string folder, long mostBytes, ISpoolFormat<T> format) => (this.folder, this.mostBytes, this.format) = (folder, mostBytes, format);

    /// <summary>Null, told to the format, when the folder cannot be used.</summary>
    public static Spool<T>? Open(string folder, long mostBytes, ISpoolFormat<T> format)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return new Spool<T>(Path.GetFullPath(folder), mostBytes, format);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            format.Unusable(e);
            return null;
        }
    }

    public bool IsEmpty
    {
        get
        {
            lock (gate) return !Look() || waiting.Count == 0;
        }
    }

    /// <summary>Its number, once it is on disk; null when the disk refuses, or it is larger than all that may be kept.</summary>
    public long? TryAdd(T item)
    {
        var body = format.Write(item);
        if (body.Length > mostBytes) return null;
        try
        {
            var ending = format.EndingOf(item);
            if (Place(body, ending) is not { } number) return null;
            lock (gate)
            {
                waiting[number] = new Kept(ending, body.Length, format.CountOf(item));
                bytes += body.Length;
                MakeRoom();
            }

            return number;
        }
        catch (Exception e) when (IsTrouble(e))
        {
            format.Unusable(e);
            return null;
        }
    }

    /// <summary>The oldest that can be read; what is not whole is dropped and counted. Null when there is none now.</summary>
    public (long Number, T Item)? Oldest()
    {
        long after = -1;
        var failed = new List<Kept>();
        while (true)
        {
            long number;
            Kept kept;
            lock (gate)
            {
                if (!Look() || Next(after) is not { } found) return null;
                (number, kept) = (found.Key, found.Value);
            }

            try
            {
                if (format.Read(File.ReadAllBytes(PathOf(number, kept.Ending)), kept.Ending) is { } item)
                {
                    // Others can be read, so it was these files and not the disk.
                    foreach (var one in failed) one.Failures++;
                    return (number, item);
                }
            }
            catch (Exception e) when (IsTrouble(e))
            {
                // The disk may think better of it (too many files are open, for instance): only what fails again and again is given up.
                after = number;
                if (e is not (FileNotFoundException or DirectoryNotFoundException) && kept.Failures < MostTries)
                {
                    failed.Add(kept);
                    continue;
                }
            }

            Remove(number);
            format.Lost(SpoolLoss.Unreadable, kept.Ending, Math.Max(1, kept.Count));
        }
    }

    public void Remove(long number)
    {
        lock (gate)
        {
            if (!waiting.Remove(number, out var gone)) return;
            bytes -= gone.Bytes;
            Delete(PathOf(number, gone.Ending));
        }
    }

    private KeyValuePair<long, Kept>? Next(long after)
    {
        foreach (var one in waiting)
            if (one.Key > after) return one;
        return null;
    }

    // A number that is taken belongs to another process, whose numbers are ahead of ours.
    private long? Place(byte[] body, string ending)
    {
        for (var taken = 0; taken < MostTaken; taken++)
        {
            long number;
            lock (gate)
            {
                if (!Look()) return null;
                number = next++;
            }

            var file = PathOf(number, ending);
            try
            {
                Write(file + Unfinished, body);
            }
            catch (IOException) when (File.Exists(file + Unfinished) || File.Exists(file))
            {
                continue;
            }

            try
            {
                File.Move(file + Unfinished, file);
                return number;
            }
            catch (IOException) when (File.Exists(file))
            {
                Delete(file + Unfinished);
            }
        }

        return null;
    }

    private static void Write(string file, byte[] body)
    {
        using var handle = File.OpenHandle(file, FileMode.CreateNew, FileAccess.Write, FileShare.Delete);
        try
        {
            RandomAccess.Write(handle, body, 0);
            RandomAccess.FlushToDisk(handle);
        }
        catch (IOException)
        {
            // A full disk is not helped by halves.
            Delete(file);
            throw;
        }
    }

    /// <summary>What lies there from earlier, once; false while the folder cannot be read.</summary>
    private bool Look()
    {
        if (isKnown) return true;
        try
        {
            waiting.Clear();
            bytes = 0;
            foreach (var file in new DirectoryInfo(folder).EnumerateFiles())
            {
                if (Parse(file.Name) is not var (number, ending)) continue;
                if (ending.EndsWith(Unfinished, StringComparison.Ordinal))
                {
                    if (format.Knows(ending[..^Unfinished.Length])) Delete(file.FullName);
                    continue;
                }

                if (!format.Knows(ending)) continue;
                waiting[number] = new Kept(ending, file.Length, 0);
                bytes += file.Length;
                next = Math.Max(next, number + 1);
            }

            isKnown = true;
            MakeRoom();
            return true;
        }
        catch (Exception e) when (IsTrouble(e))
        {
            format.Unusable(e);
            return false;
        }
    }

    private static (long Number, string Ending)? Parse(string name) =>
        name.Length > Digits + 1 && name[Digits] == '.' && long.TryParse(name.AsSpan(0, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < long.MaxValue
            ? (number, name[(Digits + 1)..])
            : null;

    private void MakeRoom()
    {
        while (bytes > mostBytes && waiting.Count > 1)
        {
            var (number, oldest) = waiting.First();
            format.Lost(SpoolLoss.Full, oldest.Ending, oldest.Count > 0 ? oldest.Count : CountOf(number, oldest));
            Remove(number);
        }
    }

    // Of an earlier run it is not known how much was in a file.
    private int CountOf(long number, Kept kept)
    {
        try
        {
            return format.Read(File.ReadAllBytes(PathOf(number, kept.Ending)), kept.Ending) is { } item ? format.CountOf(item) : 1;
        }
        catch (Exception e) when (IsTrouble(e))
        {
            return 1;
        }
    }

    private string PathOf(long number, string ending) => Path.Combine(folder, number.ToString("D20", CultureInfo.InvariantCulture) + "." + ending);

    private static bool IsTrouble(Exception e) => e is IOException or UnauthorizedAccessException;

    private static void Delete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (IsTrouble(e))
        {
            // It is sent once more after the next start, which changes nothing.
        }
    }

    /// <param name="count">How much is in it; 0 when that is not known.</param>
    private sealed class Kept(string ending, long bytes, int count)
    {
        public string Ending => ending;

        public long Bytes => bytes;

        public int Count => count;

        public int Failures { get; set; }
    }
}
