using System.Text.Json.Nodes;
using Callwatch.Journal;
using Callwatch.Normalize;
using Callwatch.Normalize.Pricing;
using Callwatch.Search;
using Callwatch.Search.Documents;
using Callwatch.Search.Files;
using Callwatch.Search.Finding;
using Callwatch.Search.Words;
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
            Signal = signal,
            TenantId = 1,
            AppId = 1,
            KeyId = 0,
            ReceivedAt = A.Noon.Plus(TimeSpan.FromDays(2)),
            ItemCount = 1,
            Payload = payload,
        })],
        TestContext.Current.CancellationToken);

    private void Copy(string to)
    {
        Directory.CreateDirectory(temp.At(to));
        foreach (var file in Directory.EnumerateFiles(temp.At("search"))) File.Copy(file, Path.Combine(temp.At(to), Path.GetFileName(file)));
    }

    /// <summary>The index as one start of the program has it.</summary>
    private sealed class Run : IDisposable
    {
        private readonly SearchIndexingTests world;

        public Run(SearchIndexingTests world)
        {
            this.world = world;
            Folder = new SearchFolder(world.temp.At("search"));
            if (Folder.Contents.Position is null) Folder.Catalog.Begin(new Position(world.journal.Epoch, 0));
            Indexing = new SearchIndexing(Folder, SearchMode.New, new SpanNormalizer(new PriceBooks()), world.journal, new Counters(), world.time, NullLogger.Instance, Hold);
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
