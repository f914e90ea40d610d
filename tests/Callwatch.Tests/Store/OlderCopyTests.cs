using Callwatch.Tests.Backup;
using Xunit;

namespace Callwatch.Tests.Store;

/// <summary>Somebody puts one file of the store back from a copy of yesterday: the catalog knows better, and the journal has the rest.</summary>
public sealed class OlderCopyTests
{
    [Fact]
    public async Task A_file_put_back_from_an_older_copy_gets_back_what_came_since()
    {
        using var folder = await BackedUpFolder.MakeAsync(calls: 10);
        var file = Assert.Single(Directory.EnumerateFiles(Path.Combine(folder.Data, "store"), "20*.db"));
        File.Copy(file, folder.At("older.db"));
        await folder.AppendAsync(11, 10);
        var all = await folder.StoreAsync();
        Assert.Equal(20, all.Count);

        foreach (var part in (string[])["-wal", "-shm"]) File.Delete(file + part);
        File.Move(folder.At("older.db"), file, overwrite: true);
        Assert.Equal(all, await folder.StoreAsync());
    }
}
