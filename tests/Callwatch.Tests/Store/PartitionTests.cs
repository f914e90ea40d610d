using Callwatch.Spans;
using Callwatch.Store;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rows;
using Callwatch.Store.Sqlite;
using Callwatch.Store.Writing;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Store;

public sealed class PartitionTests
{
    private static readonly Timestamp Midnight = RandomTraffic.Midnight;

    [Fact]
    public void A_span_belongs_to_the_day_it_ended_on_to_the_nanosecond()
    {
        using var temp = new TempFolder();
        using var store = new TestStore(temp.Path);
        store.Store([Call(1, new Timestamp(Midnight.UnixNanoseconds - 1)), Call(2, Midnight)]);
        Assert.Equal([new DateOnly(2026, 9, 18), new DateOnly(2026, 9, 17)], store.Folder.Partitions.Select(partition => partition.Day));
        Assert.Single(store.Folder.Between(Midnight, new Timestamp(Midnight.UnixNanoseconds + 1)));
        Assert.Single(store.Folder.Between(new Timestamp(Midnight.UnixNanoseconds - 1), Midnight));
        Assert.Equal(2, store.Folder.MayHold(A.TraceId(1)).Count());
        Assert.Empty(store.Folder.MayHold(A.TraceId(2)));
        // The trace as a whole stands where its latest end is.
        Assert.StartsWith("09/18/2026", Assert.Single(store.Contents().Traces), StringComparison.Ordinal);
        store.Contents().AssertFiguresFollowFromRows();
    }

    [Fact]
    public void A_file_is_mapped_once_it_has_been_asked_often()
    {
        using var temp = new TempFolder();
        using var store = new TestStore(temp.Path);
        store.Store([Call(1, Midnight)]);
        var partition = Assert.Single(store.Folder.Partitions);
        Assert.Equal(0, MostMapped());
        for (var again = 0; again < 50; again++) MostMapped();
        Assert.Equal(128L << 20, MostMapped());

        long? MostMapped()
        {
            using var reader = store.Folder.Open(partition)!;
            return StoreDatabase.Number(reader.Connection, "PRAGMA mmap_size");
        }
    }

    [Fact]
    public void Clocks_that_were_never_set_do_not_make_a_file_for_each_day()
    {
        using var temp = new TempFolder();
        using var store = new TestStore(temp.Path);
        store.Store(Enumerable.Range(1, 300).Select(i => Call((ulong)i, new Timestamp(i * 86_400L * 1_000_000_000))));
        Assert.Equal(new DateOnly(1970, 1, 1), Assert.Single(store.Folder.Partitions).Day);
        Assert.Single(store.Folder.Between(new Timestamp(0), new Timestamp(86_400L * 1_000_000_000 * 400)));
        store.Contents().AssertFiguresFollowFromRows();
    }

    [Fact]
    public void A_closed_partition_has_its_indexes_and_still_takes_what_comes_late()
    {
        using var temp = new TempFolder();
        var time = new ManualTime(Midnight.ToDateTimeOffset());
        using var store = new TestStore(temp.Path);
        store.Store([Call(1, Midnight), Call(2, Midnight)]);
        var closing = new PartitionClosing(store.Folder, time);
        Assert.Null(closing.Due());
        time.Advance(TimeSpan.FromHours(25));
        Assert.NotNull(closing.Due());
        var due = closing.Due()!;
        store.Writer.Release(due.File);
        closing.Confirm(closing.Close(due, TestContext.Current.CancellationToken));
        Assert.True(Assert.Single(store.Folder.Partitions).Closed);
        Assert.Null(closing.Due());
        Assert.True(File.Exists(temp.At(due.File + ".traces")));
        using (var connection = StoreDatabase.OpenForReading(temp.At(due.File)))
            Assert.Equal(1, StoreDatabase.Number(connection, "SELECT count(*) FROM sqlite_schema WHERE name = 'calls_model'"));

        store.Store([Call(2, Midnight, number: 5), Call(3, Midnight)]);
        Assert.Single(store.Folder.Partitions);
        Assert.Equal(3, store.Contents().Calls.Count);
        store.Contents().AssertFiguresFollowFromRows();

        // The kept filter is of an older state than the file now.
        store.Restart();
        store.Folder.LoadFilters();
        store.Store([Call(2, Midnight, number: 6), Call(3, Midnight)]);
        Assert.Equal(3, store.Contents().Calls.Count);
    }

    [Fact]
    public void A_day_that_an_older_version_has_closed_gets_the_indexes_it_lacks()
    {
        using var temp = new TempFolder();
        var time = new ManualTime(Midnight.ToDateTimeOffset());
        using var store = new TestStore(temp.Path);
        store.Store([Call(1, Midnight), Call(2, Midnight)]);
        var closing = new PartitionClosing(store.Folder, time);
        var open = Assert.Single(store.Folder.Partitions);
        Assert.Null(closing.Lacking());
        store.Writer.Release(open.File);
        closing.Confirm(closing.Close(open, TestContext.Current.CancellationToken));
        using (var connection = StoreDatabase.OpenForWriting(temp.At(open.File), "partition", cacheKib: 512)) StoreDatabase.Execute(connection, "DROP INDEX traces_duration");

        var lacking = closing.Lacking();
        Assert.Equal(open.File, lacking?.File);
        closing.Confirm(closing.Close(lacking!, TestContext.Current.CancellationToken));
        Assert.Null(closing.Lacking());
        store.Contents().AssertFiguresFollowFromRows();
    }

    [Fact]
    public void A_day_that_history_is_imported_into_is_closed_once_it_is_quiet()
    {
        using var temp = new TempFolder();
        var time = new ManualTime(Midnight.ToDateTimeOffset().AddDays(30));
        using var store = new TestStore(temp.Path);
        var closing = new PartitionClosing(store.Folder, time);
        for (ulong i = 1; i < 20; i++)
        {
            store.Store([Call(i, Midnight, number: (long)i)]);
            Assert.Null(closing.Due());
            time.Advance(TimeSpan.FromMinutes(9));
        }

        time.Advance(TimeSpan.FromMinutes(2));
        Assert.NotNull(closing.Due());
    }

    [Fact]
    public void A_full_partition_is_followed_by_another_of_the_same_day()
    {
        using var temp = new TempFolder();
        using var store = new TestStore(temp.Path, new StoreOptions { MostRows = 100 });
        for (var batch = 0; batch < 5; batch++) store.Store(Enumerable.Range(batch * 60, 60).Select(i => Call((ulong)i + 1, Midnight, number: batch + 1)));
        Assert.Equal([3, 2, 1], store.Folder.Partitions.Select(partition => partition.Sequence));
        Assert.Equal([60, 120, 120], store.Folder.Partitions.Select(partition => partition.Rows));
        store.Contents().AssertFiguresFollowFromRows();
    }

    [Fact]
    public void A_damaged_catalog_is_set_aside_and_made_anew()
    {
        using var temp = new TempFolder();
        using var store = new TestStore(temp.Path);
        store.Store([Call(1, Midnight)]);
        var before = store.Contents();
        store.Dispose();
        File.WriteAllBytes(temp.At("catalog.db"), [.. Enumerable.Repeat((byte)7, 8_000)]);
        store.Restart();
        store.Contents().AssertSameAs(before);
        Assert.True(File.Exists(temp.At("catalog.db.damaged")));
    }

    [Fact]
    public void Values_of_a_field_past_the_bound_count_together_and_come_off_again()
    {
        using var temp = new TempFolder();
        using var store = new TestStore(temp.Path);
        ArrivedSpan Of(int i, long number, string user) => Call((ulong)i, Midnight, number) is var call ? call with { Span = call.Span with { UserId = user, Tags = ["t" + user] } } : default;
        store.Store(Enumerable.Range(1, 1_200).Select(i => Of(i, 1, "user" + i)));
        var facets = store.Contents().Facets;
        Assert.Contains("1 | 1 | user | (other) | 200", facets);
        Assert.Contains("1 | 1 | tag | (other) | 200", facets);
        Assert.Equal(1_001, facets.Count(line => line.StartsWith("1 | 1 | user |", StringComparison.Ordinal)));

        // All of them become one: also those that had been counted under "other".
        store.Restart();
        store.Store(Enumerable.Range(1, 1_200).Select(i => Of(i, 2, "user1")));
        Assert.Equal(["1 | 1 | user | user1 | 1200"], store.Contents().Facets.Where(line => line.Contains("| user |", StringComparison.Ordinal)));
        Assert.Equal(["1 | 1 | tag | tuser1 | 1200"], store.Contents().Facets.Where(line => line.Contains("| tag |", StringComparison.Ordinal)));
    }

    private static ArrivedSpan Call(ulong id, Timestamp end, long number = 1)
    {
        var span = new Span
        {
            TenantId = 1,
            AppId = 1,
            TraceId = A.TraceId(1),
            SpanId = new SpanId(id),
            Name = "chat",
            DisplayName = "chat",
            Kind = SpanKind.Chat,
            Start = end,
            End = end,
            DurationNanoseconds = 1_000_000,
            Outcome = Outcome.Success,
            Call = new LlmCall { Source = CallSource.Recorded, RequestModel = "m", Usage = new TokenUsage { Input = 1, Output = 2 } },
        };
        return new ArrivedSpan(span, new SpanVersion(number, (int)id), 10, end);
    }
}
