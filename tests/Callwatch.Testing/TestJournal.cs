using System.Text;
using Callwatch.Journal;
using Callwatch.Journal.Disk;
using Callwatch.Journal.Writing;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callwatch.Testing;

/// <summary>A real journal in a folder of the test's, with small segments and a disk that is never full unless the test says so.</summary>
public static class TestJournal
{
    public static SegmentJournal Open(string folder, JournalOptions? options = null, TimeProvider? time = null, Counters? counters = null) =>
        Open(folder, options, time, counters, DiskFiles.Instance, new FakeDiskSpace());

    internal static SegmentJournal Open(string folder, JournalOptions? options, TimeProvider? time, Counters? counters, IJournalFiles files, IDiskSpace space) =>
        SegmentJournal.Open(folder, options ?? Options(), time ?? TimeProvider.System, counters ?? new Counters(), NullLogger.Instance, files, space);

    public static JournalOptions Options(long segmentBytes = 64 * 1024) => new() { SegmentBytes = segmentBytes, BallastBytes = 0 };

    public static JournalEntry Entry(ReadOnlyMemory<byte> payload, Signal signal = Signal.Traces, int itemCount = 1) => new()
    {
        Signal = signal,
        TenantId = 1,
        AppId = 2,
        KeyId = 3,
        ReceivedAt = Timestamp.FromUnixSeconds(1_790_000_000),
        ItemCount = itemCount,
        Payload = payload,
    };

    public static JournalEntry Entry(string payload) => Entry(Encoding.UTF8.GetBytes(payload));

    /// <summary>Appends and expects it to be stored; returns the first number.</summary>
    public static async Task<long> AppendAsync(this IJournal journal, params string[] payloads)
    {
        var result = await journal.AppendAsync([.. payloads.Select(Entry)], CancellationToken.None);
        return result is AppendResult.Stored stored ? stored.First.Number : throw new InvalidOperationException(result.ToString());
    }

    /// <summary>All records after a number up to the head as it is now.</summary>
    public static async Task<List<JournalRecord>> RecordsAsync(this IJournal journal, long after = 0)
    {
        var head = journal.Head.Number;
        var records = new List<JournalRecord>();
        using var enough = new CancellationTokenSource();
        try
        {
            // At the head the journal waits for more, so the last one looked for ends the reading; where it is damaged, the wait itself does.
            await foreach (var record in new UpTo(journal, after, head, enough).WithCancellation(enough.Token)) records.Add(record);
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested)
        {
        }

        return records;
    }

    public static string Text(this JournalRecord record) => Encoding.UTF8.GetString(record.Payload.Span);

    private sealed class UpTo(IJournal journal, long after, long head, CancellationTokenSource enough) : IAsyncEnumerable<JournalRecord>
    {
        public async IAsyncEnumerator<JournalRecord> GetAsyncEnumerator(CancellationToken cancellationToken = default)
        {
            var records = journal.ReadAsync(after, cancellationToken).GetAsyncEnumerator(cancellationToken);
            await using var _ = records.ConfigureAwait(false);
            while (true)
            {
                var next = records.MoveNextAsync();
                // Reading itself never waits; only the head does.
                if (!next.IsCompleted) await enough.CancelAsync();
                if (!await next) yield break;
                yield return records.Current;
                if (records.Current.Number >= head) yield break;
            }
        }
    }
}

/// <summary>A disk as full as the test says.</summary>
internal sealed class FakeDiskSpace : IDiskSpace
{
    public long FreeBytes { get; set; } = 1L << 40;

    public long TotalBytes { get; set; } = 1L << 41;

    public DiskSpace Of(string folder) => new(FreeBytes, TotalBytes);
}
