using System.Runtime.CompilerServices;
using Callwatch.Journal;
using Callwatch.Testing;

namespace Callwatch.Tests.Store.Reindexing;

/// <summary>A journal whose beginning retention has taken, and single records damage.</summary>
internal sealed class ShortJournal : IJournal
{
    private readonly InMemoryJournal whole = new();

    public long FirstKept { get; set; } = 1;

    public HashSet<long> Damaged { get; } = [];

    public Guid Epoch => whole.Epoch;

    public Position Head => whole.Head;

    public long FirstNumber => FirstKept;

    public ValueTask<AppendResult> AppendAsync(IReadOnlyList<JournalEntry> entries, CancellationToken cancel) => whole.AppendAsync(entries, cancel);

    public async IAsyncEnumerable<JournalRecord> ReadAsync(long after, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var record in whole.ReadAsync(after, cancel))
            if (Holds(record.Number)) yield return record;
    }

    public JournalRecord? Find(long number) => Holds(number) ? whole.Find(number) : null;

    public JournalStatus Status() => whole.Status();

    private bool Holds(long number) => number >= FirstKept && !Damaged.Contains(number);
}
