using Callwatch.Control;
using Callwatch.Search.Files;
using Callwatch.Store;
using Callwatch.Store.Partitions;

namespace Callwatch.Search;

/// <summary>Says when a file of the index may go: it is kept as long as anybody keeps rows of its day, and as long as there are any.</summary>
internal sealed class SearchAge(StoreFolder store, StoreProgress stored, SearchProgress indexed, RetentionDesk retention, TimeProvider clock)
{
    public bool IsOver(SearchFile file) =>
        file.To.ToDateTimeOffset() + retention.Longest.Rows < clock.GetUtcNow()
        // What the index has and the store has not may be rows of that day yet.
        && stored.Position?.Number >= indexed.Position?.Number
        && !store.Partitions.Any(partition => partition.Day == file.Day);
}
