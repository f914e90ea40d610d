using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Query;

/// <summary>Whether a call's text can still be had is the same in its row and for a filter, also where apps are kept for different times.</summary>
public sealed class HeldRecordsTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Text_has_expired_where_the_journal_no_longer_has_it(bool appsDiffer)
    {
        using var world = new QueryWorld(seed: 31, chunks: 2);
        var (shop, desk) = (world.OnlyApp(0).OnlyAppId!.Value, world.OnlyApp(1).OnlyAppId!.Value);
        var all = world.AllSpans().Where(span => span.IsCall).ToList();
        var middle = all.Select(span => span.Number).Order().ElementAt(all.Count / 2);
        var later = all.Select(span => span.Number).Order().ElementAt(all.Count * 3 / 4);
        var journal = new ShortJournal(middle, (1, desk), later);
        var calls = world.CallsBeside(journal, control =>
        {
            var rules = new RetentionDesk(control, new RetentionRules());
            if (appsDiffer) rules.Put([(1, desk, new RetentionWish(7, null, null, null))]);
            return rules;
        });

        bool Expired(Span span, long number) => span.Content == ContentState.Present && number < (appsDiffer && span.AppId == desk ? later : middle);
        var expected = all.ToDictionary(span => (span.Span.TraceId, span.Span.SpanId), span => Expired(span.Span, span.Number) ? ContentState.Expired : span.Span.Content);
        Assert.Contains(expected, pair => pair.Value == ContentState.Expired);
        Assert.Contains(expected, pair => pair.Value == ContentState.Present);
        Assert.Contains(all, span => span.Span.AppId == shop && Expired(span.Span, span.Number));
        foreach (var state in Enum.GetValues<ContentState>())
        {
            var listed = await ListAsync(calls, "content:" + state.Word());
            Assert.All(listed, call => Assert.Equal(state, call.Content));
            Assert.Equal(expected.Count(pair => pair.Value == state), listed.Count);
        }

        Assert.All(await ListAsync(calls, null), call => Assert.Equal(expected[(call.TraceId, call.SpanId)], call.Content));
    }

    private static async Task<List<Span>> ListAsync(CallQueries calls, string? filter)
    {
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To, Filter = filter };
        var found = new List<Span>();
        string? cursor = null;
        do
        {
            var page = Assert.IsType<Answer<Page<Span>>.Found>(await calls.ListAsync(selection, SortOrder.Newest, 100, cursor, TestContext.Current.CancellationToken)).Value;
            found.AddRange(page.Items);
            cursor = page.Next;
        }
        while (cursor is not null);
        return found;
    }

    private sealed class ShortJournal(long first, (int Tenant, int App) app, long firstOfApp) : IJournal
    {
        private readonly InMemoryJournal none = new();

        public Guid Epoch => none.Epoch;

        public Position Head => none.Head;

        public long FirstNumber => first;

        public long FirstNumberOf(int tenantId, int? appId = null) => appId is { } one && app == (tenantId, one) ? firstOfApp : first;

        public ValueTask<AppendResult> AppendAsync(IReadOnlyList<JournalEntry> entries, CancellationToken cancel) => none.AppendAsync(entries, cancel);

        public IAsyncEnumerable<JournalRecord> ReadAsync(long after, CancellationToken cancel) => none.ReadAsync(after, cancel);

        public JournalRecord? Find(long number) => null;

        public JournalStatus Status() => none.Status();
    }
}
