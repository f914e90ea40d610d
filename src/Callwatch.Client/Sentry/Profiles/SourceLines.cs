using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Callwatch.Client.Sentry.Profiles;

/// <summary>
/// Finds the lines of code in the portable PDBs that lie beside assemblies, or within them. Only what an application brings has one: the framework's
/// assemblies have none. One file at a time is open; bounded in files, their size, and time, whatever there is.
/// </summary>
internal sealed class SourceLines(TimeProvider time)
{
    private const int MostFiles = 200;
    private const long MostBytes = 64 << 20;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    /// <summary>Those that were found; a line is 0 where only the file is known.</summary>
    public IReadOnlyDictionary<Code, (string File, int Line)> Find(IEnumerable<Code> all)
    {
        var found = new Dictionary<Code, (string, int)>();
        var began = time.GetTimestamp();
        foreach (var module in all.Where(code => code.Module is not null && (code.Token >> 24) == 0x06).Distinct().GroupBy(code => code.Module!, StringComparer.Ordinal).Take(MostFiles))
        {
            if (time.GetElapsedTime(began) > Longest) break;
            try
            {
                Find(module.Key, module, found);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or BadImageFormatException or InvalidOperationException or NotSupportedException or ArgumentException)
            {
                // A profile without lines is worth something, too.
                SentryEvents.Log.NoLines(e.GetType().Name);
            }
        }

        return found;
    }

    private static void Find(string module, IEnumerable<Code> codes, Dictionary<Code, (string File, int Line)> found)
    {
        if (!IsSmall(module)) return;
        using var assembly = new PEReader(File.OpenRead(module));
        if (!assembly.TryOpenAssociatedPortablePdb(module, path => IsSmall(path) ? File.OpenRead(path) : null, out var provider, out _)) return;
        using (provider)
        {
            var pdb = provider!.GetMetadataReader();
            foreach (var code in codes)
                if (Find(pdb, code) is { } place) found[code] = place;
        }
    }

    private static bool IsSmall(string path) => new FileInfo(path) is { Exists: true, Length: <= MostBytes };

    private static (string File, int Line)? Find(MetadataReader pdb, Code code)
    {
        var row = code.Token & 0xFF_FFFF;
        if (row == 0 || row > pdb.MethodDebugInformation.Count) return null;
        (DocumentHandle Document, int Line)? best = null;
        foreach (var point in pdb.GetMethodDebugInformation(MetadataTokens.MethodDebugInformationHandle(row)).GetSequencePoints())
        {
            if (point.IsHidden) continue;
            if (best is not null && (code.IlOffset is not { } offset || point.Offset > offset)) break;
            best = (point.Document, code.IlOffset is null ? 0 : point.StartLine);
        }

        return best is var (document, line) ? (pdb.GetString(pdb.GetDocument(document).Name), line) : null;
    }
}
