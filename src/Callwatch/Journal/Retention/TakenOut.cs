using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Callwatch.Journal.Segments;
using Callwatch.Journal.Writing;

namespace Callwatch.Journal.Retention;

/// <summary>
/// What retention has taken out of the journal, in the file <c>taken</c>: without it a file that somebody has deleted, or a file system lost, would look
/// the same. Noted before anything goes, so that a crash in between leaves a note too many and never one too few.
/// </summary>
internal sealed record TakenOut(ImmutableSortedSet<(long First, long Last)> Ranges, ImmutableHashSet<(long First, int Tenant)> Files)
{
    private const string File = "taken";

    public static TakenOut Nothing { get; } = new([], []);

    /// <summary>Null where nothing was ever noted of this journal: what is missing then was taken by a program that did not note it.</summary>
    public static TakenOut? Read(string folder, Guid epoch)
    {
        var path = Path.Combine(folder, File);
        if (!System.IO.File.Exists(path)) return null;
        var lines = System.IO.File.ReadAllText(path).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        // The last line is the checksum of all before it.
        if (lines.Length < 2 || lines[^1] != CheckOf(lines[..^1]) || lines[0] != epoch.ToString()) return null;
        var (ranges, files) = (Nothing.Ranges, Nothing.Files);
        foreach (var line in lines[1..^1])
        {
            if (line.Split(' ') is not [var from, var to] || !TryNumber(from, out var first)) return null;
            // Below zero: gone before anybody noted whose it was.
            if (to.StartsWith('t') && int.TryParse(to.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var tenant)) files = files.Add((first, tenant));
            else if (TryNumber(to, out var last)) ranges = ranges.Add((first, last));
            else return null;
        }

        return new TakenOut(ranges, files);
    }

    public void Write(string folder, Guid epoch, IJournalFiles files)
    {
        string[] lines =
        [
            epoch.ToString(),
            .. Ranges.Select(range => string.Create(CultureInfo.InvariantCulture, $"{range.First} {range.Last}")),
            .. Files.Order().Select(file => string.Create(CultureInfo.InvariantCulture, $"{file.First} t{file.Tenant}")),
        ];
        var path = Path.Combine(folder, File);
        using (var file = files.Create(path + ".tmp", 0))
        {
            file.Write([Encoding.ASCII.GetBytes(string.Concat(lines.Append(CheckOf(lines)).Select(line => line + "\n")))], 0);
            file.Sync();
        }

        files.Rename(path + ".tmp", path);
        files.SyncFolder(folder);
    }

    /// <summary>All records from one number to another.</summary>
    public TakenOut With(long first, long last)
    {
        // Neighbours become one: what is taken oldest first is one range.
        var met = Ranges.Where(range => range.First <= last + 1 && first <= range.Last + 1).ToList();
        return this with { Ranges = Ranges.Except(met).Add((met.Select(range => range.First).Append(first).Min(), met.Select(range => range.Last).Append(last).Max())) };
    }

    /// <summary>One tenant's file of a window.</summary>
    public TakenOut WithFile(long first, int tenant) => this with { Files = Files.Add((first, tenant)) };

    /// <summary>Of windows before a number it need not be known any more. Ranges stay: they become one as the oldest goes.</summary>
    public TakenOut From(long number) => this with { Files = [.. Files.Where(file => file.First >= number)] };

    /// <summary>Those of the numbers that it does not know of.</summary>
    public IEnumerable<(long First, long Last)> Without(long first, long last)
    {
        foreach (var range in Ranges)
        {
            if (range.Last < first || range.First > last) continue;
            if (range.First > first) yield return (first, range.First - 1);
            first = Math.Max(first, range.Last + 1);
        }

        if (first <= last) yield return (first, last);
    }

    private static bool TryNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static string CheckOf(IEnumerable<string> lines) =>
        Crc32C.Of(Encoding.ASCII.GetBytes(string.Join('\n', lines))).ToString("x8", CultureInfo.InvariantCulture);
}
