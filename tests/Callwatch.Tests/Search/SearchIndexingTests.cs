using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Normalize;
using Callwatch.Normalize.Pricing;
using Callwatch.Search;
using Callwatch.Search.Documents;
using Callwatch.Search.Files;
using Callwatch.Search.Finding;
using Callwatch.Search.Words;
using Callwatch.Store;
using Callwatch.Store.Partitions;
using Callwatch.Store.Reading;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Search;

public sealed class SearchIndexingTests : IDisposable
{
    private readonly TempFolder temp = new();
    private readonly InMemoryJournal journal = new();
    private readonly ManualTime time = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task A_batch_that_a_crash_cut_between_two_files_is_there_exactly_once()
    {
        await AppendAsync(Chat(1, day: 0), Chat(1, day: 1));
        using (var run = new Run(this)) run.IndexAll();
        Copy("before");
        await AppendAsync(Chat(2, day: 0), Chat(2, day: 1));
        using (var run = new Run(this)) run.IndexAll();

        // The first day's file was committed, the second's and the catalog were not.
        var second = Directory.EnumerateFiles(temp.At("search"), "*.0001.db").Order(StringComparer.Ordinal).Last();
        foreach (var file in (string[])[second, temp.At("search/catalog.db")]) File.Copy(Path.Combine(temp.At("before"), Path.GetFileName(file)), file, overwrite: true);

        using var again = new Run(this);
        Assert.Equal(2, again.Indexing.Place.Number);
        again.IndexAll();
        Assert.Equal([2, 2], again.Folder.Contents.Files.Select(file => file.Documents));
        Assert.Equal(2, again.Found("question1"));
        Assert.Equal(2, again.Found("question2"));
    }

    [Fact]
    public async Task A_missing_catalog_is_made_anew_without_a_double()
    {
        await AppendAsync(Chat(1, day: 0), Chat(2, day: 0));
        using (var run = new Run(this)) run.IndexAll();
        File.Delete(temp.At("search/catalog.db"));
        using var again = new Run(this);
        again.IndexAll();
        Assert.Equal(2, Assert.Single(again.Folder.Contents.Files).Documents);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_start_it_is_still_known_what_was_said_before(bool saved)
    {
        for (var turn = 1; turn <= 10; turn++) await AppendAsync(Chat(turn, day: 0));
        using (var run = new Run(this)) run.IndexAll();
        if (!saved) File.Delete(temp.At("search/seen.bin"));
        await AppendAsync(Chat(11, day: 0));
        using var again = new Run(this);
        again.IndexAll();
        Assert.Equal(1, again.Found("question1"));
        Assert.Equal(1, again.Found("answer10"));
        Assert.Equal(1, again.Found("question11"));
    }

    [Fact]
    public async Task A_day_past_its_retention_is_deleted_as_a_whole()
    {
        await AppendAsync(Chat(1, day: 0), Chat(1, day: 1));
        using var run = new Run(this);
        run.IndexAll();
        var old = run.Folder.Contents.Files[^1];
        run.Indexing.Retire(file => file.Day == old.Day);
        Assert.NotEqual(old.Day, Assert.Single(run.Folder.Contents.Files).Day);
        Assert.False(File.Exists(run.Folder.PathOf(old)));
        Assert.Equal(1, run.Found("question1"));
    }

    [Fact]
    public async Task No_file_goes_while_a_backup_copies()
    {
        await AppendAsync(Chat(1, day: 0), Chat(1, day: 1));
        using var run = new Run(this);
        run.IndexAll();
        var (old, attempt) = (run.Folder.Contents.Files[^1], run.Indexing.Attempt);
        using (run.Hold.Take())
        {
            run.Indexing.Retire(file => file.Day == old.Day);
            Assert.Throws<IOException>(() => run.Indexing.BeginAgain(new Suspicion(old, attempt)));
            Assert.True(File.Exists(run.Folder.PathOf(old)));
            Assert.Equal((2, attempt), (run.Folder.Contents.Files.Length, run.Indexing.Attempt));
        }

        run.Indexing.BeginAgain(new Suspicion(old, attempt));
        Assert.False(File.Exists(run.Folder.PathOf(old)));
        run.IndexAll();
        Assert.Equal(2, run.Found("question1"));
    }

    [Fact]
    public async Task Messages_told_by_log_records_are_found_whichever_comes_first()
    {
        var late = A.Logs(A.Log("gen_ai.choice").For(1, 2).Body("Samarkand lies in the east"));
        var early = A.Logs(A.Log("gen_ai.choice").For(1, 3).Body("Bukhara lies beside it"));
        await AppendAsync(Signal.Logs, early);
        using var run = new Run(this);
        run.IndexAll();
        await AppendAsync(A.Traces(Call().Id(2)), A.Traces(Call().Id(3)));
        run.IndexAll();
        await AppendAsync(Signal.Logs, late);
        run.IndexAll();
        Assert.Equal(1, run.Found("samarkand"));
        Assert.Equal(1, run.Found("bukhara"));
    }

    [Fact]
    public async Task A_request_sent_twice_is_indexed_once()
    {
        await AppendAsync(Chat(1, day: 0), Chat(1, day: 0));
        using var run = new Run(this);
        run.IndexAll();
        Assert.Equal(1, Assert.Single(run.Folder.Contents.Files).Documents);
    }

    [Fact]
    public void What_is_asked_for_again_is_not_forgotten_and_memory_is_bounded()
    {
        var seen = new SeenMessages(100);
        seen.Add(7);
        for (ulong hash = 1_000; hash < 3_000; hash++)
        {
            Assert.True(seen.Add(hash));
            Assert.True(seen.Has(7));
        }

        Assert.True(seen.Count <= 200);
        Assert.False(seen.Has(1_000));
    }

    [Fact]
    public async Task Files_that_get_no_more_are_merged_also_of_the_day_under_way_and_not_again_for_a_straggler()
    {
        time.Advance((A.Noon.ToDateTimeOffset() - time.GetUtcNow()) + TimeSpan.FromDays(1));
        using var run = new Run(this, mostDocuments: 9);
        for (var turn = 1; turn <= 35; turn++)
        {
            await AppendAsync(Chat(turn, day: 0), Chat(turn, day: 1));
            run.IndexAll();
        }

        using var index = new SearchIndex();
        index.Opened(run.Folder);
        var progress = new SearchProgress(journal, time);
        using var thread = new WriterThread("search test");
        var upkeep = new SearchUpkeep(run.Indexing, thread, index, progress, static _ => false, time, NullLogger.Instance);
        progress.Indexed(run.Indexing.Place with { Number = 0 }, A.Noon);
        await upkeep.MergeAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain(run.Folder.Contents.Files, index.IsMerged);

        progress.Indexed(run.Indexing.Place, A.Noon);
        await upkeep.MergeAsync(TestContext.Current.CancellationToken);
        var today = run.Folder.Contents.Files.Where(file => file.Day == run.Folder.Contents.Files[0].Day).ToList();
        Assert.True(today.Count > 2);
        Assert.Equal(run.Folder.Contents.Files.Except([today[0]]), run.Folder.Contents.Files.Where(index.IsMerged));
        Assert.Equal(2, run.Found("question17"));

        await AppendAsync(Chat(36, day: 0));
        run.IndexAll();
        Assert.True(index.IsMerged(run.Folder.Contents.Files.First(file => file.Day != today[0].Day)));
        Assert.Equal(1, run.Found("question36"));
    }

    [Fact]
    public void Full_text_is_kept_as_long_as_anybody_keeps_rows_of_its_day_and_there_are_any()
    {
        using var store = new StoreFolder(temp.At("store"));
        using var control = new ControlDb(temp.At("control.db"));
        var rules = new RetentionDesk(control, new RetentionRules());
        rules.Put([(0, 0, new RetentionWish(null, 30, null, null)), (1, 7, new RetentionWish(null, 60, null, null))]);
        var file = SearchFile.New(new DateOnly(2026, 10, 1), 1);
        time.Advance(file.To.ToDateTimeOffset() - time.GetUtcNow() + TimeSpan.FromDays(59));
        var (stored, indexed) = (new StoreProgress(journal, store, time), new SearchProgress(journal, time));
        var age = new SearchAge(store, stored, indexed, rules, time);
        stored.Stored(new Position(journal.Epoch, 5), A.Noon, 0, 0);
        indexed.Indexed(new Position(journal.Epoch, 5), null);
        Assert.False(age.IsOver(file));
        time.Advance(TimeSpan.FromDays(2));
        Assert.True(age.IsOver(file));

        // Rows that came late are still there; the store has not seen yet what the index has.
        store.Catalog.Add(Partition.New(file.Day, 1));
        store.Publish();
        Assert.False(age.IsOver(file));
        store.Catalog.Remove(Partition.New(file.Day, 1));
        store.Publish();
        indexed.Indexed(new Position(journal.Epoch, 6), null);
        Assert.False(age.IsOver(file));
    }

    [Fact]
    public async Task A_question_over_years_keeps_few_files_open()
    {
        for (var day = -58; day < 2; day++) await AppendAsync(Chat(1, day));
        using var run = new Run(this);
        run.IndexAll();
        Assert.Equal((60, 60), (run.Found("question1"), run.Found("question1")));
        if (OperatingSystem.IsLinux()) Assert.True(Directory.EnumerateFiles("/proc/self/fd").Count(link => new FileInfo(link).LinkTarget?.StartsWith(temp.Path, StringComparison.Ordinal) == true) < 60 * 3);
    }

    private static SpanBuilder Call() => A.Span("chat gpt-4o").Kind(3).With(("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "gpt-4o"));

    private static byte[] Chat(int turns, int day)
    {
        JsonArray messages = [];
        for (var turn = 1; turn <= turns; turn++)
        {
            messages.Add(Message("user", $"Here is question{turn} of day{day}"));
            if (turn < turns) messages.Add(Message("assistant", $"And this is answer{turn}"));
        }

        return A.Traces(Call().Trace((ulong)((day * 1_000) + turns)).At((day * 86_400_000.0) + turns, 1).With(
            ("session.id", "s" + day), ("gen_ai.input.messages", messages.ToJsonString()),
            ("gen_ai.output.messages", new JsonArray(Message("assistant", $"And this is answer{turns}")).ToJsonString())));
    }

    private static JsonObject Message(string role, string text) =>
        new() { ["role"] = role, ["parts"] = new JsonArray(new JsonObject { ["type"] = "text", ["content"] = text }) };

    private Task AppendAsync(params byte[][] payloads) => AppendAsync(Signal.Traces, payloads);

    private async Task AppendAsync(Signal signal, params byte[][] payloads) => await journal.AppendAsync(
        [.. payloads.Select(payload => new JournalEntry
        {
            Signal = signal, TenantId = 1, AppId = 1, KeyId = 0, ReceivedAt = A.Noon.Plus(TimeSpan.FromDays(2)), ItemCount = 1, Payload = payload,
        })],
        TestContext.Current.CancellationToken);

    private void Copy(string to)
    {
        var copy = Directory.CreateDirectory(temp.At(to)).FullName;
        foreach (var file in Directory.EnumerateFiles(temp.At("search"))) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
    }

    /// <summary>The index as one start of the program has it.</summary>
    private sealed class Run : IDisposable
    {
        private readonly SearchIndexingTests world;

        public Run(SearchIndexingTests world, long mostDocuments = SearchWriter.MostDocuments)
        {
            this.world = world;
            Folder = new SearchFolder(world.temp.At("search"));
            if (Folder.Contents.Position is null) Folder.Catalog.Begin(new Position(world.journal.Epoch, 0));
            Indexing = new SearchIndexing(Folder, SearchMode.New, new SpanNormalizer(new PriceBooks()), world.journal, new Counters(), world.time, NullLogger.Instance, Hold, mostDocuments);
            var from = Indexing.Recall();
            Indexing.Remember([.. world.journal.Records.Where(record => record.Number > from && record.Number <= Indexing.Place.Number)]);
        }

        public SearchFolder Folder { get; }

        public SearchIndexing Indexing { get; }

        public DataHold Hold { get; } = new();

        public void IndexAll()
        {
            List<JournalRecord> rest = [.. world.journal.Records.Where(record => record.Number > Indexing.Place.Number)];
            if (rest.Count > 0) Assert.True(Indexing.Write(Indexing.Build(rest)));
        }

        public int Found(string text)
        {
            using var index = new SearchIndex();
            using var search = new WordSearch(index, Folder, static () => false);
            var hits = search.Hits(WordQuery.All([], [text], [])!);
            var spans = Folder.Contents.Files.Select(file => file.Day).Distinct().SelectMany(day => hits.All(day)!).ToList();
            Assert.Equal(spans.Count, spans.Distinct().Count());
            return spans.Count;
        }

        public void Dispose()
        {
            Indexing.Dispose();
            Folder.Dispose();
            Hold.Dispose();
        }
    }
}
