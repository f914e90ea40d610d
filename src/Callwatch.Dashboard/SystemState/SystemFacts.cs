using Callwatch.Query;
using Callwatch.Store.Reindexing;
using Microsoft.Extensions.Options;

namespace Callwatch.Dashboard.SystemState;

/// <summary>What the page of the system shows: the state of the instance, and what it takes of the machine.</summary>
/// <param name="Disk">Bytes on disk by what they are for.</param>
/// <param name="Reindex">Whether days are being rebuilt, and which would gain by it.</param>
public sealed record SystemModel(SystemStatus Status, TimeSpan Uptime, IReadOnlyList<(string Name, long Bytes)> Disk, long MemoryBytes, ReindexStatus Reindex)
{
    /// <summary>Records that the slowest reader has still to read.</summary>
    public long Behind => Status.Readers.Count == 0 ? 0 : Status.Readers.Max(reader => reader.Lag);

    public long UsedBytes => Disk.Sum(part => part.Bytes);
}

/// <summary>Puts it together.</summary>
public sealed class SystemFacts(SystemQueries system, Reindexer reindexer, IOptions<CallwatchOptions> options, TimeProvider time)
{
    public SystemModel Read(ReadScope scope, bool seesInstance)
    {
        var status = system.Read(seesInstance ? null : scope.TenantId);
        var folder = new DirectoryInfo(options.Value.Data);
        return new SystemModel(
            status,
            time.GetUtcNow() - status.StartedAt.ToDateTimeOffset(),
            [("journal", status.Journal.SizeBytes), ("store", status.Store.SizeBytes), ("media", status.Media.SizeBytes), ("full text", status.SearchBytes), ("settled traces", status.SettledBytes), ("control data", folder.Exists ? folder.EnumerateFiles().Sum(file => file.Length) : 0)],
            Environment.WorkingSet,
            reindexer.Status());
    }
}
