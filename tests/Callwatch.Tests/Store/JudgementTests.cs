using Callwatch.Spans;
using Callwatch.Store.Derived;
using Callwatch.Store.Rows;
using Callwatch.Store.Sqlite;
using Callwatch.Store.Writing;
using Callwatch.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Store;

/// <summary>Which call and which record a user's judgement counts at, and what records come to.</summary>
public sealed class JudgementTests : IDisposable
{
    private static readonly Timestamp Noon = RandomTraffic.Midnight.Plus(TimeSpan.FromHours(12));
    private static readonly TraceId Trace = new(5, 5);

    private readonly TempFolder folder = new();
    private readonly TestStore store;
    private long number;

    public JudgementTests() => store = new TestStore(folder.At("store"));

    public void Dispose()
    {
        store.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void A_judgement_of_a_message_counts_at_the_last_call_beneath_it_whatever_comes_first()
    {
        Put(Span(1, 0, SpanKind.Message, 0) with { Scores = [Said(1)] }, Call(2, 1, 1), Call(3, 1, 2));
        Assert.Equal([(2UL, Liking.None), (3UL, Liking.Positive)], Likes());

        // A later call beneath it gave the answer, then; the judgement moves.
        Put(Call(4, 1, 3));
        Assert.Equal([(2UL, Liking.None), (3UL, Liking.None), (4UL, Liking.Positive)], Likes());
    }

    [Fact]
    public void A_judgement_that_comes_later_changes_what_was_counted()
    {
        Put(Span(1, 0, SpanKind.Message, 0), Call(2, 1, 1));
        Assert.Equal([(2UL, Liking.None)], Likes());
        Put(Span(1, 0, SpanKind.Message, 0) with { Scores = [Said(-1)] });
        Assert.Equal([(2UL, Liking.Negative)], Likes());
        Put(Span(1, 0, SpanKind.Message, 0) with { Scores = [Said(-1), Said(1)] });
        Assert.Equal([(2UL, Liking.Positive)], Likes());
        store.Contents().AssertFiguresFollowFromRows();
        Put(Span(1, 0, SpanKind.Message, 0) with { Scores = [Said(-1), Said(0)] });
        Assert.Equal([(2UL, Liking.None)], Likes());
        store.Contents().AssertFiguresFollowFromRows();
    }

    [Fact]
    public void A_call_has_one_judgement_at_most_its_own_before_those_above_it()
    {
        Put(Span(1, 0, SpanKind.Chain, 0) with { Scores = [Said(1)] }, Span(2, 1, SpanKind.Message, 0) with { Scores = [Said(-1)] }, Call(3, 2, 1));
        Assert.Equal([(3UL, Liking.Negative)], Likes());
        Put(Call(3, 2, 1) with { Scores = [Said(1)] });
        Assert.Equal([(3UL, Liking.Positive)], Likes());
    }

    [Fact]
    public void A_judgement_of_what_has_no_call_beneath_it_goes_up_to_where_there_is_one()
    {
        Put(Span(1, 0, SpanKind.Http, 0), Call(2, 1, 1), Span(3, 1, SpanKind.Message, 1) with { Scores = [Said(1)] });
        Assert.Equal([(2UL, Liking.Positive)], Likes());
    }

    [Fact]
    public void What_a_record_comes_to_is_what_the_calls_beneath_it_come_to_each_once()
    {
        // A run within a message is part of it; one of its own is another record, and one tried out is none.
        Put(
            Span(1, 0, SpanKind.Message, 9) with { UserId = "anna", SessionId = "c1", Scores = [Said(1)] }, Span(2, 1, SpanKind.Workflow, 8), Call(3, 2, 1), Call(4, 1, 2));
        Assert.Equal(["message 1 tokens 220 +1 -0"], Records());
        Put(Call(5, 2, 3));
        Assert.Equal(["message 1 tokens 330 +1 -0"], Records());
        Put(Span(1, 0, SpanKind.Message, 9) with { Metadata = new Dictionary<string, string> { ["invoke_from"] = "debugger" } });
        Assert.Empty(Records());
    }

    [Fact]
    public void A_recorded_call_that_took_the_place_of_a_records_own_belongs_to_the_record_wherever_it_lies()
    {
        var own = Call(3, 2, 1);
        Put(
            Span(1, 0, SpanKind.Http, 9), Span(2, 1, SpanKind.Message, 8) with { Start = Noon, Scores = [Said(-1)] },
            own with { Call = own.Call! with { Source = CallSource.Synthetic, ResponseId = "r1" } }, Call(4, 1, 2) with { Call = Call(4, 1, 2).Call! with { ResponseId = "r1" } });
        Assert.Equal([(4UL, Liking.Negative)], Likes());
        Assert.Equal(["message 2 tokens 110 +0 -1"], Records());
    }

    [Fact]
    public async Task Judgements_and_records_of_rows_that_an_older_version_wrote_are_counted_by_and_by()
    {
        Put(Span(1, 0, SpanKind.Message, 0) with { Scores = [Said(1)] }, Call(2, 1, 1));
        using (var made = new Derivation(Path.Combine(store.Folder.Folder, store.Folder.Partitions[0].File))) made.MakeAll(TestContext.Current.CancellationToken);
        store.Restart();
        store.Dispose();
        Downgrade();
        store.Reopen();
        using (var reader = store.Folder.Open(store.Folder.Partitions[0])!) Assert.False(reader.HasFeedback);
        using var thread = new Callwatch.Store.Reading.WriterThread();
        var older = new OlderRows(store.Folder, store.Writer, thread, TimeProvider.System, NullLogger.Instance);
        var rounds = 0;
        while (await older.RoundAsync(TestContext.Current.CancellationToken)) Assert.True(++rounds < 20);

        Assert.Equal([(2UL, Liking.Positive)], Likes());
        Assert.Equal(["message 1 tokens 110 +1 -0"], Records());
        store.Contents().AssertFiguresFollowFromRows();
        using var after = store.Folder.Open(store.Folder.Partitions[0])!;
        Assert.True(after is { HasPeaks: true, HasSteps: true, HasFailures: true });
    }

    // As version 3 left it.
    private void Downgrade()
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder.At("store"), "2026-09-18.0001.db"), Pooling = false }.ToString());
        connection.Open();
        StoreDatabase.Execute(connection, """
            ALTER TABLE calls DROP COLUMN feedback; ALTER TABLE rollups DROP COLUMN positive; ALTER TABLE rollups DROP COLUMN negative;
            DROP TABLE records; DROP TABLE peaks; DROP INDEX spans_steps; DELETE FROM meta WHERE key = 'judged'; PRAGMA user_version = 3; PRAGMA application_id = 3;
            """);
    }

    private static Score Said(double value) => new("user", value, null, "feedback");

    private void Put(params Span[] spans)
    {
        number++;
        store.Store(spans.Select((span, offset) => new ArrivedSpan(span, new SpanVersion(number, offset), 10, span.End)));
    }

    private static Span Span(ulong id, ulong parent, SpanKind kind, int seconds) => new()
    {
        TenantId = 1,
        AppId = 1,
        TraceId = Trace,
        SpanId = new SpanId(id),
        ParentSpanId = new SpanId(parent),
        Name = "x",
        DisplayName = "x",
        Kind = kind,
        Start = Noon,
        End = Noon.Plus(TimeSpan.FromSeconds(seconds)),
        DurationNanoseconds = seconds * Timestamp.NanosecondsPerSecond,
        Outcome = Outcome.Success,
    };

    private static Span Call(ulong id, ulong parent, int seconds) => Span(id, parent, SpanKind.Chat, seconds) with
    {
        Call = new LlmCall { Source = CallSource.Recorded, RequestModel = "m" + id, Usage = new TokenUsage { Input = 100, Output = 10 } },
    };

    private List<(ulong Span, Liking Liking)> Likes() => [.. store.Contents().Calls.Select(call => (call.SpanId.Value, call.Call!.Feedback)).OrderBy(pair => pair.Value)];

    private List<string> Records()
    {
        var found = new List<string>();
        using var reader = store.Folder.Open(store.Folder.Partitions[0])!;
        using var row = new Statement(reader.Connection, "SELECT m.kind, s.span, m.figures FROM records m JOIN spans s ON s.id = m.id ORDER BY s.span");
        Span<long> sums = stackalloc long[Callwatch.Store.Rollups.CallFigures.Count];
        while (row.Step())
        {
            Callwatch.Store.Rollups.RecordFigures.Read(row.Blob(2), sums);
            found.Add($"{((SpanKind)row.Long(0)).Word()} {row.Long(1)} tokens {sums[9]} +{sums[21]} -{sums[22]}");
        }

        return found;
    }
}
