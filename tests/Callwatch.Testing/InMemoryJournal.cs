using System.Runtime.CompilerServices;
using Callwatch.Journal;
using Callwatch.Spans;

namespace Callwatch.Testing;

/// <summary>A journal without a disk, for tests of what stands before or behind it. A test can set how appends are answered, and what has gone.</summary>
public sealed class InMemoryJournal : IJournal
{
    private readonly Lock gate = new();
    private readonly List<JournalRecord> records = [];
    private TaskCompletionSource grown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Guid Epoch { get; } = Guid.NewGuid();

    /// <summary>When set, each append waits for it and gets its answer; null means stored.</summary>
    public Func<IReadOnlyList<JournalEntry>, Task<AppendResult?>>? Answer { get; set; }

    public IReadOnlyList<JournalRecord> Records
    {
        get
        {
            lock (gate) return [.. records];
        }
    }

    public Position Head
    {
        get
        {
            lock (gate) return new Position(Epoch, records.Count);
        }
    }

    public long FirstNumber { get; set; } = 1;

    public long CompleteFrom
    {
        get => Math.Max(field, FirstNumber);
        set;
    }

    public async ValueTask<AppendResult> AppendAsync(IReadOnlyList<JournalEntry> entries, CancellationToken cancel)
    {
        if (Answer is not null && await Answer(entries) is { } answer) return answer;
        TaskCompletionSource wake;
        Position first;
        lock (gate)
        {
            first = new Position(Epoch, records.Count + 1);
            foreach (var entry in entries) records.Add(RecordOf(entry, records.Count + 1));
            (wake, grown) = (grown, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        wake.SetResult();
        return new AppendResult.Stored(first);
    }

    public async IAsyncEnumerable<JournalRecord> ReadAsync(long after, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (var next = (int)after; ;)
        {
            JournalRecord? record;
            Task wait;
            lock (gate)
            {
                record = next < records.Count ? records[next] : null;
                wait = grown.Task;
            }

            if (record is null)
            {
                await wait.WaitAsync(cancel);
                continue;
            }

            next++;
            yield return record;
        }
    }

    public JournalRecord? Find(long number)
    {
        lock (gate) return number >= FirstNumber && number <= records.Count ? records[(int)number - 1] : null;
    }

    public JournalStatus Status()
    {
        lock (gate)
        {
            return new JournalStatus(
                Epoch, 1, records.Count, 1, records.Sum(record => (long)record.Payload.Length), 1L << 40,
                records.Count > 0 ? records[0].ReceivedAt : (Timestamp?)null, 0, 0, 0, AcceptsWrites: true, RefusalReason: null);
        }
    }

    private static JournalRecord RecordOf(JournalEntry entry, long number) => new()
    {
        Number = number,
        Signal = entry.Signal,
        TenantId = entry.TenantId,
        AppId = entry.AppId,
        KeyId = entry.KeyId,
        ReceivedAt = entry.ReceivedAt,
        ItemCount = entry.ItemCount,
        Payload = entry.Payload.ToArray(),
    };
}
