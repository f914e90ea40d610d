using System.Runtime.InteropServices;
using Callwatch.Journal.Sealing;
using Callwatch.Journal.Segments;
using Callwatch.Journal.Writing;

namespace Callwatch.Journal.Retention;

/// <summary>Writes the next generation of a sealed file without some of its apps: frames of bodies are copied as they are, heads without the others'.</summary>
internal sealed class AppRemoval(IJournalFiles files)
{
    private const string TemporaryEnding = ".tmp";

    /// <summary>The new file, synced and under its name; the old one still has to go.</summary>
    public SealedFile Write(SealedFile file, IReadOnlySet<int> gone, Damage damage)
    {
        var folder = Path.GetDirectoryName(file.Path)!;
        var path = Path.Combine(folder, SealedFile.FileName(file.Header.FirstNumber, file.TenantId, file.Generation + 1));
        try
        {
            using (var writer = new SealedWriter(files.Create(path + TemporaryEnding, 0), NoPace.Instance)) Write(file, gone, writer, damage);
            var written = SealedFile.Open(path + TemporaryEnding, out _) ?? throw new InvalidDataException("What was written cannot be read back.");
            files.Rename(path + TemporaryEnding, path);
            files.SyncFolder(folder);
            return new SealedFile(path, written.Header, written.FileBytes);
        }
        catch
        {
            if (File.Exists(path + TemporaryEnding)) files.Delete(path + TemporaryEnding);
            throw;
        }
    }

    private static void Write(SealedFile file, IReadOnlySet<int> gone, SealedWriter writer, Damage damage)
    {
        using var handle = file.OpenToRead();
        var directory = file.Directory(handle, damage);
        foreach (var body in directory.Bodies.Values.OrderBy(body => body.Ordinal))
            if (!gone.Contains(body.App)) writer.Copy(handle, body);

        var buffer = new HeadBuffer();
        var pieces = new List<PlacedPiece>();
        var apps = new SortedDictionary<int, AppEntry>();
        foreach (var entry in directory.Heads)
        {
            if (file.Read(handle, entry, damage) is not { } bytes) continue;
            buffer.Clear();
            var (walk, count, first, last, received) = (new HeadWalk(bytes, entry.First), 0, 0L, 0L, 0L);
            while (walk.MoveNext())
            {
                var header = walk.Header;
                if (gone.Contains(header.AppId)) continue;
                // Only the bytes that lie with the head are looked at.
                var payload = new byte[header.Length];
                walk.Pieces(pieces, payload);
                if (count++ == 0) first = last = header.Number;
                HeadWalk.Write(buffer, header, last, received, payload, CollectionsMarshal.AsSpan(pieces));
                (last, received) = (header.Number, header.ReceivedAt.UnixNanoseconds);
                apps[header.AppId] = apps.GetValueOrDefault(header.AppId).With(header);
            }

            if (count > 0) writer.Write(FrameKind.Heads, 0, entry.Ordinal, buffer.Written, count, first, last);
        }

        foreach (var old in directory.Apps)
            if (apps.TryGetValue(old.App, out var kept)) apps[old.App] = kept with { StoredBytes = old.StoredBytes };
        if (apps.Count == 0) throw new InvalidDataException("No head of the apps that stay can be read.");
        writer.Finish(file.Header, [.. apps.Values]);
    }

    private sealed class NoPace : IPace
    {
        public static NoPace Instance { get; } = new();

        public void Rest()
        {
        }

        public void Wait()
        {
        }
    }
}
