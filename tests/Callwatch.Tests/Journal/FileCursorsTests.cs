using Callwatch.Journal;
using Callwatch.Journal.Writing;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Journal;

public sealed class FileCursorsTests : IDisposable
{
    private static readonly Guid Epoch = Guid.NewGuid();

    private readonly TempFolder temp = new();
    private readonly Counters counters = new();

    private string File_ => Directory.EnumerateFiles(temp.At("cursors"), "*.cursor").Single();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void A_cursor_advances_only_from_where_it_stands()
    {
        using var cursors = Open();
        Assert.Null(cursors.Find("search"));
        Assert.False(cursors.TryAdvance("search", At(1), At(2)));
        Assert.True(cursors.TryAdvance("search", null, At(5)));
        Assert.False(cursors.TryAdvance("search", null, At(6)));
        Assert.False(cursors.TryAdvance("search", new Position(Guid.NewGuid(), 5), At(6)));
        Assert.Equal(At(5), cursors.Find("search"));
        Assert.True(cursors.TryAdvance("search", At(5), At(9)));
        Assert.True(cursors.TryAdvance("Another / reader: Ω", null, At(1)));
        Assert.Equal(new Dictionary<string, Position> { ["search"] = At(9), ["Another / reader: Ω"] = At(1) }, cursors.All());
    }

    [Fact]
    public void Of_two_workers_at_the_same_place_one_fails()
    {
        using var cursors = Open();
        for (var i = 1; i <= 50; i++)
        {
            Position? from = i == 1 ? null : At(i - 1);
            var won = 0;
            Parallel.For(0, 4, _ =>
            {
                if (cursors.TryAdvance("lane", from, At(i))) Interlocked.Increment(ref won);
            });
            Assert.Equal(1, won);
        }
    }

    [Fact]
    public void A_cursor_is_where_it_was_after_a_restart()
    {
        for (var i = 1; i <= 5; i++)
        {
            using var cursors = Open();
            Assert.Equal(i == 1 ? null : At(i - 1), cursors.Find("search"));
            Assert.True(cursors.TryAdvance("search", cursors.Find("search"), At(i)));
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void A_write_torn_at_any_byte_leaves_the_place_before_it(int advances)
    {
        byte[] before, after;
        using (var cursors = Open())
        {
            for (var i = 1; i < advances; i++) cursors.TryAdvance("search", cursors.Find("search"), At(i));
            before = File.ReadAllBytes(File_);
            cursors.TryAdvance("search", At(advances - 1), At(advances));
            after = File.ReadAllBytes(File_);
        }

        var changed = Enumerable.Range(0, after.Length).Where(i => before[i] != after[i]).ToList();
        for (var done = 0; done <= changed.Count; done++)
        {
            var torn = before.ToArray();
            foreach (var at in changed.Take(done)) torn[at] = after[at];
            File.WriteAllBytes(File_, torn);
            using var cursors = Open();
            Assert.Equal(At(done == changed.Count ? advances : advances - 1), cursors.Find("search"));
        }
    }

    [Fact]
    public void A_file_that_holds_no_place_is_set_aside_and_counted()
    {
        using (var cursors = Open()) cursors.TryAdvance("search", null, At(1));
        File.WriteAllBytes(File_, [.. Enumerable.Repeat((byte)7, 8192)]);
        using (var cursors = Open())
        {
            Assert.Null(cursors.Find("search"));
            Assert.Equal(1, counters.Total(Reason.DamagedRecord));
            Assert.True(cursors.TryAdvance("search", null, At(2)));
        }

        using (var cursors = Open()) Assert.Equal(At(2), cursors.Find("search"));
    }

    private FileCursors Open() => new(temp.At("cursors"), DiskFiles.Instance, counters, NullLogger.Instance);

    private static Position At(long number) => new(Epoch, number);
}
