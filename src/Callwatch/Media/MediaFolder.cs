using System.Collections.Concurrent;
using System.Globalization;
using Callwatch.Journal.Writing;
using Microsoft.Extensions.Logging;

namespace Callwatch.Media;

/// <summary>
/// The files of media: named for their contents, so that the same picture is kept once however often it is sent, and synced before the
/// journal says "accepted" to what refers to them.
/// </summary>
public sealed partial class MediaFolder : IDisposable
{
    /// <summary>Requests that write media at the same time. Each blocks a thread while the disk works; the others wait without one.</summary>
    private const int WritersAtOnce = 4;

    private const int MostSettled = 50_000;

    private readonly string root;
    private readonly IJournalFiles files;
    private readonly Func<bool> hasRoom;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly SemaphoreSlim writers = new(WritersAtOnce);
    private readonly ConcurrentDictionary<string, bool> folders = new(StringComparer.Ordinal);

    // What is known to be on disk, with today's mark: a picture that is sent again with each turn of a conversation costs nothing then.
    private readonly ConcurrentDictionary<(int TenantId, int AppId, MediaHash Hash), DateOnly> settled = new();

    // Between looking whether a piece is there and marking it as seen, nobody may take it away.
    private readonly Lock[] gates = [.. Enumerable.Range(0, 64).Select(_ => new Lock())];
    private long bytes;
    private long count;

    internal MediaFolder(string path, IJournalFiles files, Func<bool> hasRoom, TimeProvider time, ILogger log)
    {
        root = path;
        (this.files, this.hasRoom, this.time, this.log) = (files, hasRoom, time, log);
        var incoming = Path.Combine(path, MediaNames.Incoming);
        try
        {
            Directory.CreateDirectory(incoming);
            // What a crash left half written; nobody refers to it.
            foreach (var half in Directory.EnumerateFiles(incoming)) files.Delete(half);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException(new StartRefusal.DataUnwritable(path, e.Message.ReplaceLineEndings(" ").TrimEnd('.')));
        }
    }

    /// <summary>Bytes of all media, as of the last sweep and what has come and gone since.</summary>
    public long SizeBytes => Interlocked.Read(ref bytes);

    /// <summary>How many pieces there are.</summary>
    public long Count => Interlocked.Read(ref count);

    internal string Root => root;

    public void Dispose() => writers.Dispose();

    /// <summary>The piece, open for reading; null when the tenant, or the one app of it, has none of that name (any more).</summary>
    public FileStream? Open(int tenantId, int? onlyAppId, MediaHash hash)
    {
        if (onlyAppId is not null && !Has(tenantId, onlyAppId, hash)) return null;
        try
        {
            return new FileStream(FileOf(tenantId, hash), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, useAsync: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether it could be opened now.</summary>
    public bool Has(int tenantId, int? onlyAppId, MediaHash hash)
    {
        if (!File.Exists(FileOf(tenantId, hash))) return false;
        if (onlyAppId is not { } appId) return true;
        try
        {
            return Directory.EnumerateFiles(MediaNames.Folder(root, tenantId, hash), MediaNames.MarkerStart(hash, appId) + "*").Any();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Durable on return; false when they could not be written, which then has been logged.</summary>
    internal async ValueTask<bool> TryKeepAsync(int tenantId, IReadOnlyCollection<NewMedia> media)
    {
        if (media.Count == 0) return true;
        var today = Today;
        // Looked at all the same: the disk's needs, or a person, may have taken it since.
        var missing = media.Where(piece => !settled.TryGetValue((tenantId, piece.AppId, piece.Hash), out var day) || day != today || !File.Exists(FileOf(tenantId, piece.Hash))).ToList();
        if (missing.Count == 0) return true;
        if (!hasRoom()) return false;
        await writers.WaitAsync();
        try
        {
            return await Task.Run(() => TryKeep(tenantId, missing, today));
        }
        finally
        {
            writers.Release();
        }
    }

    /// <summary>Runs while nobody marks or takes away this piece.</summary>
    internal T Alone<T>(MediaHash hash, Func<T> act)
    {
        lock (gates[Convert.ToInt32(hash.Folder, 16) % gates.Length]) return act();
    }

    /// <summary>The sweep has counted all there is.</summary>
    internal void Counted(long pieces, long sizeBytes)
    {
        Interlocked.Exchange(ref count, pieces);
        Interlocked.Exchange(ref bytes, sizeBytes);
    }

    internal void Forget(int tenantId, MediaHash hash, IEnumerable<int> appIds)
    {
        foreach (var appId in appIds) settled.TryRemove((tenantId, appId, hash), out _);
    }

    internal void Gone(long sizeBytes)
    {
        Interlocked.Decrement(ref count);
        Interlocked.Add(ref bytes, -sizeBytes);
    }

    private DateOnly Today => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

    private string FileOf(int tenantId, MediaHash hash) => Path.Combine(MediaNames.Folder(root, tenantId, hash), hash.ToString());

    private bool TryKeep(int tenantId, List<NewMedia> media, DateOnly today)
    {
        try
        {
            var touched = new HashSet<string>(StringComparer.Ordinal);
            foreach (var piece in media)
            {
                var folder = Folder(tenantId, piece.Hash);
                Keep(tenantId, folder, piece, today);
                touched.Add(folder);
            }

            // Also where the piece was there already: whoever put it there may have been killed before this. And both ends of a move: a disk
            // may keep the one without the other.
            files.SyncFolder(Path.Combine(root, MediaNames.Incoming));
            foreach (var folder in touched) files.SyncFolder(folder);
            if (settled.Count > MostSettled) settled.Clear();
            foreach (var piece in media) settled[(tenantId, piece.AppId, piece.Hash)] = today;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            NotKept(log, root, e);
            return false;
        }
    }

    private void Keep(int tenantId, string folder, NewMedia piece, DateOnly today)
    {
        var path = Path.Combine(folder, piece.Hash.ToString());
        string? written = null;
        try
        {
            // At most twice: a piece that was there may be taken away before it is marked.
            while (!TryMark())
                written = Write(piece);
        }
        finally
        {
            if (written is not null && File.Exists(written)) files.Delete(written);
        }

        bool TryMark() => Alone(piece.Hash, () =>
        {
            if (!File.Exists(path))
            {
                if (written is null) return false;
                files.Rename(written, path);
                Interlocked.Increment(ref count);
                Interlocked.Add(ref bytes, piece.Bytes);
            }

            var marker = Path.Combine(folder, MediaNames.Marker(piece.Hash, piece.AppId, today));
            if (!File.Exists(marker)) files.Create(marker, 0).Dispose();
            return true;
        });
    }

    private string Write(NewMedia piece)
    {
        var path = Path.Combine(root, MediaNames.Incoming, Guid.NewGuid().ToString("N") + ".tmp");
        using var file = files.Create(path, piece.Bytes);
        try
        {
            long offset = 0;
            piece.CopyTo(part =>
            {
                file.Write([part], offset);
                offset += part.Length;
            });
            file.Sync();
            return path;
        }
        catch
        {
            files.Delete(path);
            throw;
        }
    }

    /// <summary>Made and durable, once in the life of the process.</summary>
    private string Folder(int tenantId, MediaHash hash)
    {
        var folder = MediaNames.Folder(root, tenantId, hash);
        if (folders.ContainsKey(folder)) return folder;
        var tenant = Path.Combine(root, tenantId.ToString(CultureInfo.InvariantCulture));
        Directory.CreateDirectory(folder);
        files.SyncFolder(tenant);
        files.SyncFolder(root);
        files.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(root))!);
        folders[folder] = true;
        return folder;
    }

    [LoggerMessage(EventId = 120, Level = LogLevel.Error, Message = "Media could not be written under {Path}")]
    private static partial void NotKept(ILogger log, string path, Exception reason);
}
