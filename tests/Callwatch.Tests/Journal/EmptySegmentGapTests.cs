using Callwatch.Journal;
using Callwatch.Journal.Segments;
using Callwatch.Journal.Writing;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Journal;

/// <summary>A segment that ends without a record leaves its number, and so its name, to the next one.</summary>
public sealed class EmptySegmentGapTests : IDisposable
{
    private readonly TempFolder temp = new();
    private readonly ManualTime time = new();
    private readonly JournalOptions options = SealedJournal.Options(4096, 12 * 1024);

    private string Folder => temp.At("journal");

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task What_was_acknowledged_after_an_empty_segment_vanished_is_not_sealed_away()
    {
        await using (var journal = Open())
        {
            File.Delete(Assert.Single(Directory.EnumerateFiles(Folder, "*.seg")));
            await journal.AppendAsync("kept");
            await KeptAsync(journal);
        }

        await AfterRestartAsync("kept");
    }

    [Fact]
    public async Task What_was_acknowledged_as_the_first_and_too_large_for_the_empty_segment_is_not_sealed_away()
    {
        var large = new string('x', 10_000);
        await using (var journal = Open())
        {
            await journal.AppendAsync(large);
            await KeptAsync(journal);
        }

        await AfterRestartAsync(large);
    }

    [Fact]
    public async Task What_was_acknowledged_once_the_folder_of_an_empty_segment_was_back_is_not_sealed_away()
    {
        // Windows keeps a folder in which files are open where it is.
        if (OperatingSystem.IsWindows()) return;
        await using (var journal = Open())
        {
            Directory.Move(Folder, temp.At("away"));
            Directory.CreateDirectory(Folder);
            Assert.IsType<AppendResult.Unavailable>(await journal.AppendAsync([TestJournal.Entry("during")], TestContext.Current.CancellationToken));
            Directory.Delete(Folder, recursive: true);
            Directory.Move(temp.At("away"), Folder);
            await Eventually.HoldsAsync(
                () =>
                {
                    time.Advance(TimeSpan.FromSeconds(1));
                    return journal.Status().AcceptsWrites;
                },
                "the journal accepts again");
            await journal.AppendAsync("kept");
            await KeptAsync(journal);
        }

        await AfterRestartAsync("kept");
    }

    [Fact]
    public async Task What_a_start_began_in_place_of_an_empty_segment_it_could_not_go_on_with_is_not_sealed_away()
    {
        await Open().DisposeAsync();
        await using (var journal = Open(new Unopened()))
        {
            await journal.AppendAsync("kept");
            await KeptAsync(journal);
        }

        await AfterRestartAsync("kept");
    }

    private async Task KeptAsync(SegmentJournal journal)
    {
        time.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal(0, journal.Seal(options, time: time));
        var part = Assert.IsType<Segment>(Assert.Single(journal.Segments.All));
        Assert.True(File.Exists(part.Path));
        Assert.Single(await journal.RecordsAsync());
    }

    private async Task AfterRestartAsync(string text)
    {
        await using var journal = Open();
        Assert.Equal([text], (await journal.RecordsAsync()).Select(record => record.Text()));
    }

    private SegmentJournal Open(IJournalFiles? files = null) => TestJournal.Open(Folder, options, time, null, files ?? DiskFiles.Instance, new FakeDiskSpace());

    /// <summary>A disk that lets nothing be opened again to be written.</summary>
    private sealed class Unopened : IJournalFiles
    {
        public IJournalFile Create(string path, long size) => DiskFiles.Instance.Create(path, size);

        public IJournalFile Open(string path) => throw new IOException("Input/output error", 5);

        public void Rename(string from, string to) => DiskFiles.Instance.Rename(from, to);

        public void Delete(string path) => DiskFiles.Instance.Delete(path);

        public void SyncFolder(string folder) => DiskFiles.Instance.SyncFolder(folder);
    }
}
