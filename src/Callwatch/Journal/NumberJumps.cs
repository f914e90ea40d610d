using System.Globalization;
using Callwatch.Journal.Writing;

namespace Callwatch.Journal;

/// <summary>
/// Where the journal's numbers leap, in the file <c>jumps</c>: a line "last first" for each. After a restore nobody knows how far the lost end
/// had counted, and rows of a surviving store may refer to it; so new numbers begin far above all that was ever seen, and no number ever
/// stands for two records. The file only makes counting right; what may be given away follows from the segments.
/// </summary>
internal static class NumberJumps
{
    public const string File = "jumps";

    /// <summary>Numbers go on behind a multiple of this: room for more than three years of 5,000 requests a second that were lost.</summary>
    private const long Stride = 1_000_000_000_000;

    /// <summary>The number to go on with behind one that may have been given away.</summary>
    public static long Behind(long number)
    {
        var next = ((number / Stride) + 1) * Stride;
        return (next - number < Stride / 2 ? next + Stride : next) + 1;
    }

    public static IReadOnlyList<(long Last, long First)> Read(string folder)
    {
        var path = Path.Combine(folder, File);
        if (!System.IO.File.Exists(path)) return [];
        var jumps = new List<(long, long)>();
        foreach (var line in System.IO.File.ReadLines(path))
        {
            if (line.Split(' ') is [var last, var first] && long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var from)
                && long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var to) && to > from) jumps.Add((from, to));
        }

        return jumps;
    }

    public static void Write(string folder, IEnumerable<(long Last, long First)> jumps, IJournalFiles files)
    {
        var path = Path.Combine(folder, File);
        var lines = string.Concat(jumps.Select(jump => string.Create(CultureInfo.InvariantCulture, $"{jump.Last} {jump.First}\n")));
        using (var file = files.Create(path + ".tmp", 0))
        {
            file.Write([System.Text.Encoding.ASCII.GetBytes(lines)], 0);
            file.Sync();
        }

        files.Rename(path + ".tmp", path);
        files.SyncFolder(folder);
    }

    /// <summary>How many numbers after <paramref name="after"/> and up to <paramref name="through"/> were not leapt over.</summary>
    public static long Count(IReadOnlyList<(long Last, long First)> jumps, long after, long through)
    {
        var count = Math.Max(0, through - after);
        foreach (var (last, first) in jumps) count -= Math.Max(0, Math.Min(first - 1, through) - Math.Max(last, after));
        return Math.Max(0, count);
    }
}
