namespace Callwatch.Diagnose.Checks;

/// <summary>Whether this user may read and write all in the folder and nobody else may, and whether all in it is of its kind: a start as another user, a copy, a link to a disk that is not mounted.</summary>
internal sealed class RightsCheck : ICheck
{
    private const int MostNamed = 5;

    private static readonly string[] Folders = ["journal", "journal/cursors", "store", "search", "settled", "media", "forms"];

    private static readonly string[] Files = ["control.db", "forward.db", "clock", "format", "numbers", "admin.key", "master.key"];

    private const string OfTheFileSystem = "lost+found";

    public string Name => "rights";

    public IEnumerable<Finding> Run(Examined data, CancellationToken cancel)
    {
        foreach (var name in Folders.Where(name => IsNoFolder(Path.Combine(data.Data, name))))
            yield return Problem($"{name} is no folder.", "Stop the server and move it away; put the folder back that it stands for, or let the next start make a new one.");
        foreach (var name in Files.Where(name => IsNoFile(Path.Combine(data.Data, name))))
            yield return Problem($"{name} is no file.", "Stop the server and move it away; put the file back that it stands for.");
        var closed = All(data.Data, cancel).Where(path => !Callwatch.Folders.MayUse(path)).Take(MostNamed + 1).Select(path => Path.GetRelativePath(data.Data, path)).ToList();
        if (closed.Count > 0)
        {
            var named = string.Join(", ", closed.Take(MostNamed)) + (closed.Count > MostNamed ? " and more" : "");
            yield return Problem($"This user may not read and write {named}.", "chown -R USER the data folder, with the user that callwatch runs as.");
        }

        if (OperatingSystem.IsWindows()) yield break;
        if (IsOpenToAll(data.Data))
            yield return new Finding(Name, FindingLevel.Warning, "Every user of this machine may look into the data folder; it holds prompts and answers.", "chmod 700 the data folder.");
    }

    // Whoever may not enter a folder above it does not get there.
    private static bool IsOpenToAll(string folder)
    {
        for (var at = Path.GetFullPath(folder); at is not null; at = Path.GetDirectoryName(at))
            if (!OperatingSystem.IsWindows() && !File.GetUnixFileMode(at).HasFlag(UnixFileMode.OtherExecute)) return false;
        return true;
    }

    // Of the folder itself only what is callwatch's: others may keep things beside it, and a file system of its own has some, too.
    internal static IEnumerable<string> All(string data, CancellationToken cancel)
    {
        foreach (var folder in (string[])["", .. Folders.Where(name => name is not "media" and not "forms")])
        {
            var path = Path.Combine(data, folder);
            if (!Directory.Exists(path)) continue;
            foreach (var entry in Directory.EnumerateFileSystemEntries(path))
            {
                cancel.ThrowIfCancellationRequested();
                if (Path.GetFileName(entry) is var name && (folder.Length == 0 ? !IsOurs(name) : name == OfTheFileSystem)) continue;
                // Taken by retention in this very moment, it is no finding; and links to nothing are one of their own.
                if (Path.Exists(entry)) yield return entry;
            }
        }
    }

    // With logs of databases, and what is kept of a file beside it (master.key.…).
    private static bool IsOurs(string name) => Folders.Contains(name) || name == "callwatch.lock"
        || Files.Any(file => name == file || name.StartsWith(file + "-", StringComparison.Ordinal) || name.StartsWith(file + ".", StringComparison.Ordinal));

    private static bool IsNoFolder(string path) => !Directory.Exists(path) && IsThere(path);

    private static bool IsNoFile(string path) => !File.Exists(path) && IsThere(path);

    // Also a link whose end is nowhere.
    private static bool IsThere(string path) => Path.Exists(path) || new FileInfo(path).LinkTarget is not null;

    private Finding Problem(string what, string cure) => new(Name, FindingLevel.Problem, what, cure);
}
