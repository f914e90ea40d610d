using System.Diagnostics;
using Callwatch.Journal;
using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Store;
using Callwatch.Telemetry;
using Microsoft.Extensions.Options;

namespace Callwatch.Dashboard.SystemState;

/// <summary>Puts together what the stages say of themselves.</summary>
public sealed class SystemFacts(IJournal journal, ICursors cursors, StoreProgress store, IEnumerable<IJournalReader> others, Counters counters, IOptions<CallwatchOptions> options, TimeProvider time)
{
    private const string StoreName = "store";

    private readonly DateTimeOffset started = Started();

    public SystemModel Read(ReadScope scope, bool seesInstance)
    {
        var status = journal.Status();
        return new SystemModel
        {
            Journal = status,
            Readers =
            [
                StoreReader(status),
                .. cursors.All().Concat(others.Where(reader => reader.Name != StoreName && reader.Place is not null).Select(reader => KeyValuePair.Create(reader.Name, reader.Place!.Value)))
                    .OrderBy(cursor => cursor.Key, StringComparer.Ordinal).Select(cursor => Reader(cursor.Key, cursor.Value, status)),
            ],
            Counts = [.. counters.Snapshot(seesInstance ? null : scope.TenantId).Select(pair => (pair.Key, pair.Value)).OrderByDescending(pair => pair.Value)],
            Disk = Disk(status),
            Uptime = time.GetUtcNow() - started,
            MemoryBytes = Environment.WorkingSet,
        };
    }

    private static DateTimeOffset Started()
    {
        using var self = Process.GetCurrentProcess();
        return new DateTimeOffset(self.StartTime.ToUniversalTime(), TimeSpan.Zero);
    }

    private ReaderState StoreReader(JournalStatus status)
    {
        var storing = store.Status();
        var astray = storing.Position is { } position && position.Epoch != status.Epoch;
        return new ReaderState(
            StoreName, astray ? null : storing.Position?.Number, Math.Max(0, status.HeadNumber - (storing.Position?.Number ?? 0)), (long)(storing.LagSeconds * 1e9), astray, storing.Why);
    }

    private ReaderState Reader(string name, Position position, JournalStatus status)
    {
        if (position.Epoch != status.Epoch) return new ReaderState(name, null, status.HeadNumber, null, Astray: true);
        var behind = Math.Max(0, status.HeadNumber - position.Number);
        long? lag = behind == 0 ? 0 : journal.Find(position.Number + 1) is { } next ? Timestamp.From(time.GetUtcNow()).UnixNanoseconds - next.ReceivedAt.UnixNanoseconds : null;
        return new ReaderState(name, position.Number, behind, lag, Astray: false);
    }

    private List<(string Name, long Bytes)> Disk(JournalStatus status)
    {
        var data = new DirectoryInfo(options.Value.Data);
        var parts = new List<(string, long)> { ("journal", status.SizeBytes), (StoreName, Size(new DirectoryInfo(options.Value.StoreFolder))) };
        var other = data.Exists ? data.EnumerateFiles().Sum(file => file.Exists ? file.Length : 0) : 0;
        parts.Add(("control data", other));
        return parts;
    }

    private static long Size(DirectoryInfo folder)
    {
        try
        {
            return folder.Exists ? folder.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) : 0;
        }
        catch (IOException)
        {
            // A partition may be replaced while it is looked at; the next look sees it whole.
            return 0;
        }
    }
}
