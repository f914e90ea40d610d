using Callwatch.Query;
using Callwatch.Spans;

namespace Callwatch.Dashboard.FirstCall;

/// <summary>Whether anything has ever been received for whoever asks.</summary>
public sealed class FirstCallWatch(TraceQueries traces, TimeProvider time)
{
    public async Task<bool> HasComeAsync(ReadScope scope, CancellationToken cancel)
    {
        // Clocks of senders may be a day ahead, and nobody imports what is older.
        var now = Timestamp.From(time.GetUtcNow());
        var ever = new Selection { Scope = scope, From = now.Plus(TimeSpan.FromDays(-3650)), To = now.Plus(TimeSpan.FromDays(2)) };
        return await traces.ListAsync(ever, SortOrder.Newest, 1, null, cancel) is Answer<Page<TraceSummary>>.Found { Value: { } page } && (page.Items.Count > 0 || page.Next is not null);
    }
}
