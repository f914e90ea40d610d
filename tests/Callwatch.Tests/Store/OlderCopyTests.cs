using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;
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

    [Fact]
    public async Task Where_the_journal_has_nothing_more_for_it_only_the_first_start_goes_back()
    {
        using var folder = await BackedUpFolder.MakeAsync(calls: 10);
        var store = Path.Combine(folder.Data, "store");
        var file = Assert.Single(Directory.EnumerateFiles(store, "20*.db"));
        File.Copy(file, folder.At("older.db"));
        await folder.AppendAsync(11, 10);
        await folder.StoreAsync();
        foreach (var part in (string[])["-wal", "-shm"]) File.Delete(file + part);
        File.Move(folder.At("older.db"), file, overwrite: true);

        using (var first = new StoreFolder(store))
        {
            var back = first.Catalog.Position!.Value;
            Assert.Equal((10, 10), (back.Number, first.Catalog.Synced));

            // What is read again touches the file with nothing.
            first.Catalog.Commit(back with { Number = 20 }, []);
            first.Catalog.CommitSynced(20);
        }

        using var second = new StoreFolder(store);
        Assert.Equal((20, 20), (second.Catalog.Position!.Value.Number, second.Catalog.Synced));
    }

    [Fact]
    public async Task A_look_at_a_file_at_rest_makes_none_beside_it()
    {
        using var folder = await BackedUpFolder.MakeAsync(calls: 2);
        var store = Path.Combine(folder.Data, "store");
        var file = folder.At("100% a#b?c.db");
        File.Move(Assert.Single(Directory.EnumerateFiles(store, "20*.db")), file);
        using var look = StoreDatabase.OpenAtRest(file);
        Assert.Equal(2, FoundFiles.AppliedIn(look));
        Assert.Empty(Directory.EnumerateFiles(Path.GetDirectoryName(file)!, Path.GetFileName(file) + "-*"));
    }
}
