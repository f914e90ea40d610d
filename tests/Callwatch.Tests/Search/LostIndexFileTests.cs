using Callwatch.Journal;
using Callwatch.Normalize;
using Callwatch.Normalize.Pricing;
using Callwatch.Search;
using Callwatch.Search.Files;
using Callwatch.Search.Finding;
using Callwatch.Search.Words;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Search;

/// <summary>Files of the index that turn out damaged in the middle of an answer, or whose day the journal has in part: nobody takes what is left for all.</summary>
public sealed class LostIndexFileTests : IDisposable
{
    // More than one block of documents, and more hits than are had as a list.
    private const int Many = SearchWriter.BlockSize + 200;

    private readonly TempFolder temp = new();
    private readonly InMemoryJournal journal = new();
    private readonly SearchFolder folder;
    private readonly SearchIndexing indexing;
    private readonly SearchIndex index = new();

    public LostIndexFileTests()
    {
        folder = new SearchFolder(temp.At("search"));
        folder.Catalog.Begin(new Position(journal.Epoch, 0));
        indexing = new SearchIndexing(folder, SearchMode.New, new SpanNormalizer(new PriceBooks()), journal, new Counters(), new ManualTime(), NullLogger.Instance);
    }

    public void Dispose()
    {
        indexing.Dispose();
        index.Dispose();
        folder.Dispose();
        temp.Dispose();
    }

    [Fact]
    public async Task A_day_of_many_hits_that_breaks_before_its_blocks_are_read_is_told()
    {
        using var search = await AskAsync();
        var hits = search.Hits(Query);
        Assert.Null(hits.All(DayOf(0)));
        LetGoOfFiles(hits);
        Harm(0);
        Assert.False(Has(hits, 1));
        Assert.True(search.MissedSome);
    }

    [Fact]
    public async Task A_piece_that_breaks_is_told_also_where_another_day_was_broken_before()
    {
        using var search = await AskAsync();
        var hits = search.Hits(Query);
        Harm(-9);
        Assert.Empty(hits.All(DayOf(-9))!);
        Assert.False(search.IsWhole);
        Assert.False(search.MissedSome);

        Assert.Null(hits.All(DayOf(0)));
        Assert.True(Has(hits, Many));
        LetGoOfFiles(hits);
        Harm(0);
        Assert.False(Has(hits, 1));
        Assert.True(search.MissedSome);
    }

    [Fact]
    public async Task An_earlier_day_of_a_trace_that_breaks_is_told()
    {
        using var search = await AskAsync();
        var hits = search.Hits(Query);
        Assert.Null(hits.All(DayOf(0)));
        Harm(-1);
        Assert.False(hits.HasIn(A.TraceId(77_777).ToBytes(), EndOf(-1, 1), EndOf(0, 1)));
        Assert.True(search.MissedSome);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 2, 2)]
    [InlineData(2, 4, 4)]
    [InlineData(1, 4, 6)]
    public async Task Of_a_day_that_was_lost_no_record_is_claimed_that_lies_before_a_gap_of_the_journal(int first, int completeFrom, int began)
    {
        for (var number = 1; number <= 5; number++) await AppendAsync(Call(0, number));
        IndexAll();
        (journal.FirstNumber, journal.CompleteFrom) = (first, completeFrom);
        indexing.BeginAgain(new Suspicion(Assert.Single(folder.Contents.Files), indexing.Attempt));
        Assert.Equal(first - 1, indexing.Place.Number);
        IndexAll();
        var coverage = folder.Contents.Of(DayOf(0));
        Assert.Equal(((long)began, 5L), (coverage.Began, coverage.Through));
    }

    private static string Query => WordQuery.All([], ["common"], [])!;

    private async Task<WordSearch> AskAsync()
    {
        await AppendAsync([.. Enumerable.Range(1, Many).Select(number => Call(0, number))]);
        for (var day = -9; day < 0; day++) await AppendAsync(Call(day, 1));
        IndexAll();
        indexing.Dispose();
        return new WordSearch(index, folder, static () => false);
    }

    // Other days are read until those of before have been closed.
    private void LetGoOfFiles(SpanHits hits)
    {
        for (var day = -8; day < 0; day++) Assert.Single(hits.All(DayOf(day))!);
        foreach (var file in folder.Contents.Files) folder.Forget(file);
    }

    private void Harm(int day)
    {
        var path = folder.PathOf(folder.Contents.Files.Single(file => file.Day == DayOf(day)));
        File.WriteAllBytes(path, new byte[8192]);
        foreach (var part in (string[])["-wal", "-shm"]) File.Delete(path + part);
    }

    private static bool Has(SpanHits hits, int number) => hits.Has(TraceOf(0, number).ToBytes(), 1, EndOf(0, number));

    private static DateOnly DayOf(int day) => Partition.DayOf(EndOf(day, 1));

    private static Timestamp EndOf(int day, int number) => A.Noon.Plus(TimeSpan.FromDays(day) + TimeSpan.FromMilliseconds(number + 1));

    private static TraceId TraceOf(int day, int number) => A.TraceId(NumberOf(day, number));

    private static ulong NumberOf(int day, int number) => (ulong)(((day + 20) * 10_000) + number);

    private static SpanBuilder Call(int day, int number) => A.Span("chat gpt-4o").Kind(3).Trace(NumberOf(day, number)).Id(1).At((day * 86_400_000.0) + number, 1).With(
        ("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "gpt-4o"),
        ("gen_ai.input.messages", $$"""[{"role":"user","parts":[{"type":"text","content":"A common thing, {{day}} and {{number}}"}]}]"""));

    private async Task AppendAsync(params SpanBuilder[] spans) => await journal.AppendAsync(
        [new JournalEntry { Signal = Signal.Traces, TenantId = 1, AppId = 1, KeyId = 0, ReceivedAt = A.Noon.Plus(TimeSpan.FromDays(2)), ItemCount = 1, Payload = A.Traces(spans) }],
        TestContext.Current.CancellationToken);

    private void IndexAll() => Assert.True(indexing.Write(indexing.Build([.. journal.Records.Where(record => record.Number > indexing.Place.Number)])));
}
