using Callwatch.Journal.Segments;
using Callwatch.Journal.Writing;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;

namespace Callwatch.Journal.Sealing;

/// <summary>One window on its way: <see cref="Write"/>, <see cref="Check"/>, <see cref="Commit"/>; <see cref="CleanUp"/> in any case.</summary>
internal sealed class SealingJob(SegmentJournal journal, List<Segment> wanted, IJournalFiles files, TimeProvider time, IPace pace)
{
    public const string TemporaryEnding = ".tmp";

    private readonly string folder = Path.GetDirectoryName(wanted[0].Path)!;
    private readonly HashSet<Segment> damaged = [];
    private readonly List<SealedFile> written = [];
    private List<Segment> sources = wanted;

    public long First => sources[0].FirstNumber;

    public long Last => sources[^1].LastNumber;

    public long PayloadBytes { get; private set; }

    public long StoredBytes { get; private set; }

    /// <summary>What went wrong though the window is in place; null when nothing did.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Files of the window, one for each tenant, complete and synced, but not of the journal's yet.</summary>
    public void Write()
    {
        var handles = new List<SafeFileHandle>();
        try
        {
            var plan = Plan(handles);
            var tenants = plan.Records.Select(record => record.Header.TenantId).Distinct().Order().ToList();
            for (var i = 0; i < tenants.Count; i++) WriteTenant(plan, tenants[i], handles, isLead: i == 0, tenants.Count);
        }
        finally
        {
            foreach (var handle in handles) handle.Dispose();
        }
    }

    /// <summary>Reads all back, as readers will, and compares it with the originals.</summary>
    /// <exception cref="InvalidDataException">It is not the same.</exception>
    public void Check()
    {
        // Its own, so that a mistake here is not told as damage of the journal.
        var unseen = new Damage(new Counters(), NullLogger.Instance);
        List<SealedFile> again = [.. written.Select(file => SealedFile.Open(file.Path, out _) ?? throw Differs())];
        var arena = new byte[Math.Min(SealedReader.ChunkBytes, PayloadBytes)];
        using var reader = again.Count == 0 ? null : new SealedReader(new SealedWindow(again, new FrameCache(0)), again, First, unseen, arena);
        var original = new byte[64 * 1024];
        foreach (var source in sources)
        {
            using var handle = source.OpenToRead();
            using var walk = new SegmentWalk(source, handle, SegmentHeader.Size, source.FirstNumber - 1, static _ => { });
            while (walk.MoveNext(source.End, source.LastNumber))
            {
                if (original.Length < walk.Header.Length) original = new byte[walk.Header.Length];
                var payload = original.AsMemory(0, walk.Header.Length);
                if (!walk.TryReadPayload(payload.Span)) continue;
                var copy = reader?.Read(walk.Header.Number, Last);
                if (copy is null || copy with { Payload = payload } != walk.Header.ToRecord(payload) || !copy.Payload.Span.SequenceEqual(payload.Span)) throw Differs();
                pace.Rest();
            }
        }

        if (reader?.Read(First, long.MaxValue) is not null) throw Differs();
    }

    /// <summary>Puts the window in the place of the originals; false when retention has taken one of them meanwhile.</summary>
    public bool Commit(Func<IDisposable?> waitForLeave)
    {
        using var leave = waitForLeave();
        lock (journal.Structure)
        {
            if (sources.Exists(source => !journal.Segments.All.Contains(source))) return false;
            var window = written.Count == 0 ? null : Rename();
            journal.Segments.Replace([.. sources], window);
            window?.Leftovers.AddRange(sources.Select(source => source.Path));
            RemoveOriginals(window);
            return true;
        }
    }

    /// <summary>Leaves nothing behind of a window that was not put in place.</summary>
    public void CleanUp()
    {
        foreach (var file in written) TryDelete(file.Path);
    }

    private WindowPlan Plan(List<SafeFileHandle> handles)
    {
        var plan = new WindowPlan();
        var buffer = new byte[64 * 1024];
        for (var i = 0; i < sources.Count; i++)
        {
            var source = sources[i];
            try
            {
                handles.Add(source.OpenToRead());
                using var walk = new SegmentWalk(source, handles[i], SegmentHeader.Size, source.FirstNumber - 1, at => Damaged(source, at));
                while (walk.MoveNext(source.End, source.LastNumber))
                {
                    if (buffer.Length < walk.Header.Length) buffer = new byte[walk.Header.Length];
                    var payload = buffer.AsSpan(0, walk.Header.Length);
                    if (!walk.TryReadPayload(payload)) continue;
                    plan.Add(walk.Header, payload, i, walk.Offset + RecordHeader.Size);
                    PayloadBytes += payload.Length;
                    pace.Rest();
                }
            }
            catch (IOException)
            {
                // Nor will it be readable next time: it stays as it is, and does not keep the others from being sealed.
                source.StaysUnsealed = true;
                throw;
            }

            if (plan.IsFull) sources = sources[..(i + 1)];
        }

        plan.Settle();
        return plan;
    }

    private void Damaged(Segment source, long at)
    {
        damaged.Add(source);
        journal.Damage.Record(source, at);
    }

    private void WriteTenant(WindowPlan plan, int tenant, List<SafeFileHandle> handles, bool isLead, int count)
    {
        var path = Path.Combine(folder, SealedFile.FileName(First, tenant, 0));
        var header = new SealedHeader
        {
            TenantId = tenant,
            Epoch = journal.Epoch,
            FirstNumber = First,
            NumberBefore = sources[0].NumberBefore,
            LastNumber = Last,
            CreatedAt = Timestamp.From(time.GetUtcNow()),
            Mark = 0,
            Sources = sources.Count,
            IsLead = isLead,
            Files = count,
        };
        written.Add(new SealedFile(path + TemporaryEnding, header, 0));
        using (var writer = new SealedWriter(files.Create(path + TemporaryEnding, 0), pace)) writer.Finish(header, new TenantFile(plan, tenant, handles).Write(writer));
        written[^1] = SealedFile.Open(path + TemporaryEnding, out _) ?? throw Differs();
        StoredBytes += written[^1].FileBytes;
    }

    /// <summary>The lead last: once it has its name, and that is on disk, the window counts and no longer the originals.</summary>
    private SealedWindow Rename()
    {
        var renamed = new List<SealedFile>();
        try
        {
            foreach (var file in written.OrderBy(file => file.Header.IsLead))
            {
                if (file.Header.IsLead && renamed.Count > 0) files.SyncFolder(folder);
                var path = file.Path[..^TemporaryEnding.Length];
                renamed.Add(new SealedFile(path, file.Header, file.FileBytes));
                files.Rename(file.Path, path);
            }

            files.SyncFolder(folder);
            return new SealedWindow(renamed, journal.Frames);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The lead first. Should it stay, the next start finds either whole and takes one; until then the originals count, and are not tried again.
            renamed.Reverse();
            var isClean = renamed.TrueForAll(file => TryDelete(file.Path));
            if (!isClean) sources.ForEach(source => source.StaysUnsealed = true);
            throw;
        }
    }

    private void RemoveOriginals(SealedWindow? window)
    {
        try
        {
            foreach (var source in sources)
            {
                // What could not be read of it may be worth something to a person.
                if (damaged.Contains(source)) files.Rename(source.Path, source.Path + Segment.SealedDamagedEnding);
                else files.Delete(source.Path);
            }

            files.SyncFolder(folder);
            window?.Leftovers.Clear();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // They take room, no more: the window stands, and they go at the next sweep or start.
            Trouble = "Segments that have been sealed could not be deleted: " + e.Message.ReplaceLineEndings(" ");
        }
    }

    private bool TryDelete(string path)
    {
        try
        {
            if (File.Exists(path)) files.Delete(path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static InvalidDataException Differs() => new("What was read back is not what was written; the originals stay.");
}
