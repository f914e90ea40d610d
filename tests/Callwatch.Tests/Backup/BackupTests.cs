using Callwatch.Backup;
using Callwatch.Backup.Restoring;
using Xunit;

namespace Callwatch.Tests.Backup;

public sealed class BackupTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_backup_holds_everything_but_keys_and_says_so()
    {
        using var folder = await BackedUpFolder.MakeAsync();
        await File.WriteAllTextAsync(Path.Combine(folder.Data, "master.key"), "secret", Cancel);
        var done = Assert.IsType<BackupResult.Done>(await folder.BackUpAsync());
        Assert.Equal((1, 40), (done.Manifest.First, done.Manifest.Head));
        Assert.Equal(["admin.key", "master.key"], done.Manifest.LeftOut.Order());
        Assert.Equal(new ManifestPlace(done.Manifest.Epoch, 40), done.Manifest.Places["store"]);
        Assert.True(BackupCheck.Run(folder.Backup, _ => { }, Cancel).IsWhole);
        var secret = (await File.ReadAllTextAsync(Path.Combine(folder.Data, "admin.key"), Cancel)).Trim();
        foreach (var file in Directory.EnumerateFiles(folder.Backup, "*", SearchOption.AllDirectories))
        {
            Assert.DoesNotContain(Path.GetFileName(file), (string[])["admin.key", "master.key", "callwatch.lock", "lock", "ballast"]);
            Assert.DoesNotContain(secret, await File.ReadAllTextAsync(file, System.Text.Encoding.Latin1, Cancel), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_flipped_byte_in_any_file_of_the_backup_is_found_and_named()
    {
        using var folder = await BackedUpFolder.MakeAsync(calls: 4);
        await folder.BackUpAsync();
        var random = new Random(7);
        foreach (var file in Directory.EnumerateFiles(folder.Backup, "*", SearchOption.AllDirectories))
        {
            var whole = await File.ReadAllBytesAsync(file, Cancel);
            for (var round = 0; round < 8; round++)
            {
                var torn = (byte[])whole.Clone();
                torn[round switch { 0 => 0, 1 => torn.Length - 1, _ => random.Next(torn.Length) }] ^= (byte)(1 << random.Next(8));
                await File.WriteAllBytesAsync(file, torn, Cancel);
                var verdict = BackupCheck.Run(folder.Backup, _ => { }, Cancel);
                Assert.False(verdict.IsWhole);
                if (!Path.GetFileName(file).StartsWith(BackupManifest.FileName, StringComparison.Ordinal))
                    Assert.Equal(Path.GetRelativePath(folder.Backup, file), Assert.Single(verdict.Damage).Path);
                Assert.IsType<RestoreResult.Damaged>(new Restore(TimeProvider.System).Run(folder.Backup, folder.Restored, _ => { }, Cancel));
                Assert.False(Directory.Exists(folder.Restored));
            }

            await File.WriteAllBytesAsync(file, whole[..^1], Cancel);
            Assert.False(BackupCheck.Run(folder.Backup, _ => { }, Cancel).IsWhole);
            File.Delete(file);
            Assert.False(BackupCheck.Run(folder.Backup, _ => { }, Cancel).IsWhole);
            await File.WriteAllBytesAsync(file, whole, Cancel);
            Assert.True(BackupCheck.Run(folder.Backup, _ => { }, Cancel).IsWhole);
        }
    }

    [Fact]
    public async Task A_backup_that_was_broken_off_leaves_nothing_that_could_be_taken_for_one()
    {
        using var folder = await BackedUpFolder.MakeAsync();
        for (var stop = 1; stop < 12; stop++)
        {
            using var cancel = new CancellationTokenSource();
            var steps = 0;
            var result = await folder.BackUpAsync(
                progress: _ =>
                {
                    if (++steps == stop) cancel.Cancel();
                },
                stop: cancel);
            if (result is BackupResult.Done) break;
            Assert.False(Directory.Exists(folder.Backup));
            Assert.IsType<RestoreResult.Damaged>(new Restore(TimeProvider.System).Run(folder.Backup, folder.Restored, _ => { }, Cancel));
        }

        Assert.IsType<BackupResult.Done>(await folder.BackUpAsync(folder.At("after")));
        Assert.Equal(40, (await folder.StoreAsync()).Count);
    }

    [Fact]
    public async Task What_has_not_changed_is_shared_with_the_backup_before()
    {
        using var folder = await BackedUpFolder.MakeAsync();
        await folder.BackUpAsync();
        await folder.AppendAsync(41, 5);
        var next = Assert.IsType<BackupResult.Done>(await folder.BackUpAsync(folder.At("next"), since: folder.Backup));
        Assert.True(next.SharedBytes > next.Manifest.Bytes / 2);
        Directory.Delete(folder.Backup, recursive: true);
        Assert.True(BackupCheck.Run(folder.At("next"), _ => { }, Cancel).IsWhole);
        Assert.Equal(45, next.Manifest.Head);
    }

    [Fact]
    public async Task A_damaged_file_of_the_backup_before_is_not_shared()
    {
        using var folder = await BackedUpFolder.MakeAsync();
        await folder.BackUpAsync();
        foreach (var file in Directory.EnumerateFiles(folder.Backup, "*", SearchOption.AllDirectories).Where(file => !file.Contains("manifest", StringComparison.Ordinal)))
        {
            var bytes = await File.ReadAllBytesAsync(file, Cancel);
            bytes[^1] ^= 1;
            await File.WriteAllBytesAsync(file, bytes, Cancel);
        }

        var next = Assert.IsType<BackupResult.Done>(await folder.BackUpAsync(folder.At("next"), since: folder.Backup));
        Assert.Equal(0, next.SharedBytes);
        Assert.True(BackupCheck.Run(folder.At("next"), _ => { }, Cancel).IsWhole);
    }

    [Fact]
    public async Task A_folder_that_would_mix_or_overwrite_is_refused()
    {
        using var folder = await BackedUpFolder.MakeAsync(calls: 2);
        Directory.CreateDirectory(folder.At("full"));
        await File.WriteAllTextAsync(Path.Combine(folder.At("full"), "mine"), "", Cancel);
        Directory.CreateSymbolicLink(folder.At("link"), folder.Data);
        var refused = new[]
        {
            folder.Data, Path.Combine(folder.Data, "backup"), Path.Combine(folder.Data, "..", "data", "x"), Path.GetDirectoryName(folder.Data)!, folder.At("full"),
            Path.Combine(folder.At("full"), "mine"), folder.At("link"), Path.Combine(folder.At("link"), "x"), "relative",
        };
        foreach (var to in refused) Assert.IsType<BackupResult.Failed>(await folder.BackUpAsync(to));
        Assert.Equal(["mine"], Directory.EnumerateFiles(folder.At("full")).Select(Path.GetFileName));
        Assert.Null(BackupFolder.ObjectionTo(folder.Data + "-backup", folder.Data));
    }

    [Fact]
    public async Task A_folder_in_use_is_not_backed_up_behind_the_servers_back()
    {
        using var folder = await BackedUpFolder.MakeAsync(calls: 2);
        using var taken = DataFolder.Open(folder.Data);
        await Assert.ThrowsAsync<StartRefusedException>(() => folder.BackUpAsync());
    }
}
