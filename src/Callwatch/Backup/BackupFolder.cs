namespace Callwatch.Backup;

/// <summary>Whether a backup may be written to a folder.</summary>
public static class BackupFolder
{
    /// <summary>Null when it may; else why not, in a sentence.</summary>
    public static string? ObjectionTo(string directory, string data)
    {
        if (directory.Contains('\0', StringComparison.Ordinal) || !Path.IsPathFullyQualified(directory)) return "The folder must be given as a whole path, from the root.";
        try
        {
            var (to, from) = (RealPath(directory), RealPath(data));
            if (IsWithin(to, from)) return $"{directory} lies within the data folder.";
            if (IsWithin(from, to)) return $"{directory} holds the data folder.";
            if (File.Exists(to)) return $"{directory} is a file.";
            return Directory.Exists(to) && Directory.EnumerateFileSystemEntries(to).Any() ? $"{directory} is not empty. Each backup needs a new or an empty folder." : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{directory} cannot be used ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')}).";
        }
    }

    /// <summary>Whether one path is another or lies below it; both as <see cref="RealPath"/> gives them.</summary>
    public static bool IsWithin(string path, string folder) =>
        (path + Path.DirectorySeparatorChar).StartsWith(folder.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>Absolute, without dots, and with symbolic links followed, as far as the path exists.</summary>
    public static string RealPath(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        for (var hops = 0; hops < 40; hops++)
        {
            if (FirstLinkIn(full) is not var (link, target)) return full;
            full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target + full[link.Length..]));
        }

        throw new IOException("too many symbolic links");
    }

    private static (string Link, string Target)? FirstLinkIn(string full)
    {
        var root = Path.GetPathRoot(full)!;
        for (var at = root.Length; at < full.Length;)
        {
            var next = full.IndexOf(Path.DirectorySeparatorChar, at);
            at = next < 0 ? full.Length : next + 1;
            var part = full[..(next < 0 ? full.Length : next)];
            if (new DirectoryInfo(part).LinkTarget is { } target) return (part, Path.Combine(Path.GetDirectoryName(part)!, target));
            if (!Directory.Exists(part)) return null;
        }

        return null;
    }
}
