using Callwatch.Journal.Writing;
using Callwatch.Media;
using Callwatch.Tests.Receive.MediaParts;
using Xunit;

namespace Callwatch.Tests.Media;

public sealed class MediaFolderTests : IDisposable
{
    private readonly MediaWorld world = new();

    public void Dispose() => world.Dispose();

    [Fact]
    public async Task The_same_media_are_kept_once_and_belong_to_those_who_sent_them()
    {
        var image = TakenOut.Png(50_000);
        Assert.True(await world.KeepAsync(image, tenant: 1, app: 7));
        Assert.True(await world.KeepAsync(image, tenant: 1, app: 7));
        Assert.True(await world.KeepAsync(image, tenant: 1, app: 8));
        Assert.Equal((1, 50_000), (world.Folder.Count, world.Folder.SizeBytes));
        Assert.Single(world.Pieces);
        Assert.Equal([".7.20260917", ".8.20260917"], world.Marks);
        Assert.Equal(image, world.Read(image));
        Assert.Equal(image, world.Read(image, app: 7));
        Assert.Equal(image, world.Read(image, app: 8));
        Assert.Null(world.Read(image, app: 9));
        Assert.Null(world.Read(image, tenant: 2));
        Assert.True(await world.KeepAsync(image, tenant: 2));
        Assert.Equal(2, world.Pieces.Count());
        Assert.Equal(image, world.Read(image, tenant: 2));
    }

    [Fact]
    public async Task They_are_still_there_after_a_restart_and_what_was_half_written_is_gone()
    {
        var image = TakenOut.Png(50_000);
        await world.KeepAsync(image);
        var half = Path.Combine(world.Root, "incoming", "half.tmp");
        File.WriteAllText(half, "half");
        world.Reopen();
        Assert.False(File.Exists(half));
        Assert.Equal(image, world.Read(image, app: 7));
    }

    [Fact]
    public async Task File_and_folder_are_synced_before_it_says_that_they_are_kept()
    {
        var files = new RecordedFiles();
        using var watched = new MediaWorld(files);
        var image = TakenOut.Png(5000);
        Assert.True(await watched.KeepAsync(image));
        var name = MediaWorld.HashOf(image).ToString();
        var folder = Path.Combine(watched.Root, "1", name[..2]);
        int At(string call) => files.Calls.IndexOf(call);
        Assert.InRange(At("sync incoming"), 1, At($"rename {name}") - 1);
        Assert.InRange(At($"rename {name}"), 1, files.Calls.LastIndexOf("sync folder " + folder) - 1);
        Assert.InRange(At($"rename {name}"), 1, files.Calls.LastIndexOf("sync folder " + Path.Combine(watched.Root, "incoming")) - 1);
        Assert.InRange(At($"create {name}.7.20260917"), 1, files.Calls.LastIndexOf("sync folder " + folder) - 1);
        Assert.Contains("sync folder " + Path.Combine(watched.Root, "1"), files.Calls);
        Assert.Contains("sync folder " + watched.Root, files.Calls);

        // Sent again by a process that cannot know what the one before it had synced.
        files.Calls.Clear();
        watched.Reopen();
        Assert.True(await watched.KeepAsync(image));
        Assert.Contains("sync folder " + folder, files.Calls);

        // And again by one that knows.
        files.Calls.Clear();
        Assert.True(await watched.KeepAsync(image));
        Assert.Empty(files.Calls);
    }

    [Fact]
    public async Task A_disk_that_refuses_leaves_nothing_behind_and_says_so()
    {
        var files = new RecordedFiles();
        using var troubled = new MediaWorld(files);
        var image = TakenOut.Png(5000);
        files.WriteFails = true;
        Assert.False(await troubled.KeepAsync(image));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(troubled.Root, "incoming")));
        Assert.Null(troubled.Read(image));
        files.WriteFails = false;
        troubled.HasRoom = false;
        Assert.False(await troubled.KeepAsync(image));
        troubled.HasRoom = true;
        Assert.True(await troubled.KeepAsync(image));
        Assert.Equal(image, troubled.Read(image));
    }

    [Fact]
    public async Task Many_senders_at_once_keep_one_whole_file()
    {
        var images = Enumerable.Range(0, 4).Select(seed => TakenOut.Png(200_000, seed)).ToArray();
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 40).Select(sender => world.KeepAsync(images[sender % 4], app: sender / 4))), Assert.True);
        Assert.Equal(4, world.Pieces.Count());
        Assert.Equal((4, 800_000), (world.Folder.Count, world.Folder.SizeBytes));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(world.Root, "incoming")));
        Assert.All(images, image => Assert.Equal(image, world.Read(image, app: 9)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../control.db")]
    [InlineData("zz00000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("AB00000000000000000000000000000000000000000000000000000000000000")]
    public void Nothing_but_a_hash_is_a_name(string name) => Assert.False(MediaHash.TryParse(name, out _));

    /// <summary>The real disk, with what is asked of it in order.</summary>
    private sealed class RecordedFiles : IJournalFiles
    {
        public List<string> Calls { get; } = [];

        public bool WriteFails { get; set; }

        public IJournalFile Create(string path, long size)
        {
            var name = Path.GetFileName(Path.GetDirectoryName(path)!) == "incoming" ? "incoming" : Path.GetFileName(path);
            Calls.Add("create " + name);
            return new Recorded(this, DiskFiles.Instance.Create(path, size), name);
        }

        public IJournalFile Open(string path) => DiskFiles.Instance.Open(path);

        public void Rename(string from, string to)
        {
            Calls.Add("rename " + Path.GetFileName(to));
            DiskFiles.Instance.Rename(from, to);
        }

        public void Delete(string path) => DiskFiles.Instance.Delete(path);

        public void SyncFolder(string folder)
        {
            Calls.Add("sync folder " + folder);
            DiskFiles.Instance.SyncFolder(folder);
        }

        private sealed class Recorded(RecordedFiles owner, IJournalFile file, string name) : IJournalFile
        {
            public void Write(IReadOnlyList<ReadOnlyMemory<byte>> parts, long offset)
            {
                if (owner.WriteFails) throw new IOException("No space left on device", 28);
                file.Write(parts, offset);
            }

            public void Sync()
            {
                owner.Calls.Add("sync " + name);
                file.Sync();
            }

            public void Truncate(long length) => file.Truncate(length);

            public void Reserve(long length) => file.Reserve(length);

            public void Dispose() => file.Dispose();
        }
    }
}
