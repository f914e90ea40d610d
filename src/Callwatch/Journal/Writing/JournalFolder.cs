using System.Globalization;
using System.Text;
using Callwatch.Journal.Sealing;
using Callwatch.Journal.Segments;

namespace Callwatch.Journal.Writing;

/// <summary>The folder itself: made, locked against a second process, and the epoch in it.</summary>
internal sealed class JournalFolder : IDisposable
{
    public const string EpochName = "epoch";

    private readonly FileStream lockFile;

    private JournalFolder(string path, FileStream lockFile)
    {
        Path = path;
        this.lockFile = lockFile;
    }

    public string Path { get; }

    /// <exception cref="StartRefusedException">Another process has it, or it cannot be made or written.</exception>
    public static JournalFolder Take(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(path);
            return new JournalFolder(path, new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1));
        }
        catch (IOException e) when (IsHeldElsewhere(e))
        {
            throw new StartRefusedException(new StartRefusal.DataLocked(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException(new StartRefusal.DataUnwritable(path, e.Message.ReplaceLineEndings(" ").TrimEnd('.')));
        }
    }

    /// <summary>The epoch kept in the folder; null when there is none that can be read.</summary>
    public Guid? ReadEpoch()
    {
        // Two lines: the epoch and its CRC-32C, which the first program did not write. A flipped bit would make it another journal's.
        var lines = File.Exists(EpochFile) ? File.ReadAllText(EpochFile).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [];
        return lines.Length is 1 or 2 && Guid.TryParse(lines[0], out var epoch) && (lines.Length == 1 || lines[1] == CheckOf(epoch)) ? epoch : null;
    }

    public void WriteEpoch(Guid epoch, IJournalFiles files)
    {
        using (var file = files.Create(EpochFile + ".tmp", 0))
        {
            file.Write([Encoding.ASCII.GetBytes($"{epoch}\n{CheckOf(epoch)}\n")], 0);
            file.Sync();
        }

        files.Rename(EpochFile + ".tmp", EpochFile);
        files.SyncFolder(Path);
        if (System.IO.Path.GetDirectoryName(Path) is { } parent) files.SyncFolder(parent);
    }

    /// <summary>Segment files in order of their numbers, and the first numbers of those set aside earlier.</summary>
    public (List<string> Segments, List<string> SetAside) List()
    {
        var all = Directory.EnumerateFiles(Path).Where(file => Segment.NumberIn(file) is not null).Order(StringComparer.Ordinal).ToList();
        return ([.. all.Where(file => file.EndsWith(".seg", StringComparison.Ordinal))], [.. all.Where(file => file.EndsWith(Segment.SetAsideEnding, StringComparison.Ordinal))]);
    }

    /// <summary>Sealed files.</summary>
    public List<string> ListSealed() =>
        [.. Directory.EnumerateFiles(Path).Where(file => file.EndsWith(SealedFile.Ending, StringComparison.Ordinal) && SealedFile.NameParts(file) is not null).Order(StringComparer.Ordinal)];

    /// <summary>Whether it holds no records, not even such as nobody can read.</summary>
    public bool IsNew() => !Directory.EnumerateFiles(Path).Any(file => Segment.NumberIn(file) is not null || SealedFile.NameParts(file) is not null);

    /// <summary>What an interrupted write left behind.</summary>
    public void RemoveUnfinished()
    {
        foreach (var file in Directory.EnumerateFiles(Path, "*.tmp")) File.Delete(file);
    }

    public void Dispose() => lockFile.Dispose();

    private static string CheckOf(Guid epoch) => Crc32C.Of(epoch.ToByteArray()).ToString("x8", CultureInfo.InvariantCulture);

    private string EpochFile => System.IO.Path.Combine(Path, EpochName);

    // EWOULDBLOCK of Linux and of macOS, and the sharing violation of Windows.
    private static bool IsHeldElsewhere(IOException e) => (e.HResult & 0xFFFF) is 11 or 35 or 32;
}
