using Callwatch.Backup;
using Callwatch.Backup.Restoring;
using Callwatch.Journal;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Backup;

public sealed class RestoreTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_restored_goes_on_in_a_new_epoch_with_numbers_never_given_before()
    {
        using var folder = await BackedUpFolder.MakeAsync();
        var made = Assert.IsType<BackupResult.Done>(await folder.BackUpAsync());
        var done = Restore(folder);
        Assert.NotEqual(made.Manifest.Epoch, done.Epoch);
        Assert.NotNull(done.AdminKeyFile);
        Assert.Equal(40, (await folder.StoreAsync(folder.Restored)).Count);

        await using var journal = TestJournal.Open(Path.Combine(folder.Restored, "journal"));
        Assert.Equal((done.Epoch, 40), (journal.Head.Epoch, journal.Head.Number));
        Assert.True(await journal.AppendAsync("new") > 1_000_000_000);
        Assert.Equal(41, journal.Status().Records);
        Assert.Equal(Enumerable.Range(1, 40).Select(number => (long)number), (await journal.RecordsAsync()).Take(40).Select(record => record.Number));
    }

    [Fact]
    public async Task Everything_is_stored_once_whether_sent_before_the_backup_after_it_or_again()
    {
        using var folder = await BackedUpFolder.MakeAsync();

        // Stored less than the journal has: the rest is read after the restore.
        await folder.AppendAsync(41, 10);
        await folder.BackUpAsync();
        Restore(folder);
        await folder.AppendAsync(1, 60, folder.Restored);
        var expected = Enumerable.Range(1, 60).Select(id => (ulong)id).ToList();
        Assert.Equal(expected, await folder.StoreAsync(folder.Restored));
        Assert.Equal(expected, await folder.StoreAsync(folder.Restored));
    }

    [Fact]
    public async Task A_restored_folder_can_be_backed_up_and_restored_again()
    {
        using var folder = await BackedUpFolder.MakeAsync(calls: 5);
        await folder.BackUpAsync();
        Restore(folder);
        await folder.AppendAsync(6, 5, folder.Restored);
        var second = Assert.IsType<BackupResult.Done>(await OfflineBackup.MakeAsync(folder.Restored, folder.At("second"), null, _ => { }, TimeProvider.System, Cancel));
        Assert.IsType<RestoreResult.Done>(new Restore(TimeProvider.System).Run(folder.At("second"), folder.At("again"), _ => { }, Cancel));
        await folder.AppendAsync(11, 5, folder.At("again"));
        Assert.Equal(Enumerable.Range(1, 15).Select(id => (ulong)id), await folder.StoreAsync(folder.At("again")));
        await using var journal = TestJournal.Open(Path.Combine(folder.At("again"), "journal"));
        Assert.Equal(15, journal.Status().Records);
        Assert.True(journal.Head.Number > second.Manifest.Head + 1_000_000_000);
    }

    [Fact]
    public async Task A_store_newer_than_the_restored_journal_stops_and_goes_on_by_a_persons_word_without_doubles()
    {
        using var folder = await BackedUpFolder.MakeAsync();
        await folder.BackUpAsync();
        await folder.AppendAsync(41, 20);
        await folder.StoreAsync();
        Restore(folder);

        // The store's disk survived, the journal's did not.
        Directory.Delete(Path.Combine(folder.Restored, "store"), recursive: true);
        Directory.Move(Path.Combine(folder.Data, "store"), Path.Combine(folder.Restored, "store"));
        Assert.Equal("OtherEpoch", (await Assert.ThrowsAsync<InvalidOperationException>(() => folder.StoreAsync(folder.Restored))).Message);
        await folder.AppendAsync(61, 5, folder.Restored);
        Assert.Equal(Enumerable.Range(1, 65).Select(id => (ulong)id), await folder.StoreAsync(folder.Restored, new GoOn.AtFirst()));
        Assert.Equal(65, (await folder.StoreAsync(folder.Restored)).Count);
    }

    [Fact]
    public async Task A_store_older_than_the_journal_reads_what_it_lacks()
    {
        using var folder = await BackedUpFolder.MakeAsync();
        CopyFolder(Path.Combine(folder.Data, "store"), folder.At("older"));
        await folder.AppendAsync(41, 20);
        await folder.StoreAsync();
        Directory.Delete(Path.Combine(folder.Data, "store"), recursive: true);
        Directory.Move(folder.At("older"), Path.Combine(folder.Data, "store"));
        await folder.BackUpAsync();
        Restore(folder);
        Assert.Equal(60, (await folder.StoreAsync(folder.Restored)).Count);
    }

    [Fact]
    public async Task Cursors_within_the_backup_move_to_the_new_epoch_and_no_others()
    {
        using var folder = await BackedUpFolder.MakeAsync(calls: 5);
        var (epoch, other) = (Guid.Empty, Guid.NewGuid());
        await using (var journal = TestJournal.Open(Path.Combine(folder.Data, "journal"))) epoch = journal.Epoch;
        using (var cursors = Cursors(folder.Data))
        {
            cursors.TryAdvance("fits", null, new Position(epoch, 3));
            cursors.TryAdvance("beyond", null, new Position(epoch, 6));
            cursors.TryAdvance("other", null, new Position(other, 3));
        }

        await folder.BackUpAsync();
        var done = Restore(folder);
        using var restored = Cursors(folder.Restored);
        Assert.Equal(new Position(done.Epoch, 3), restored.Find("fits"));
        Assert.Equal(new Position(epoch, 6), restored.Find("beyond"));
        Assert.Equal(new Position(other, 3), restored.Find("other"));
    }

    [Fact]
    public async Task Nothing_is_restored_into_a_folder_that_is_not_empty_or_in_use()
    {
        using var folder = await BackedUpFolder.MakeAsync(calls: 2);
        await folder.BackUpAsync();
        foreach (var target in (string[])[folder.Data, folder.Backup, Path.Combine(folder.Backup, "x"), Path.GetDirectoryName(folder.Data)!])
            Assert.IsType<RestoreResult.Refused>(new Restore(TimeProvider.System).Run(folder.Backup, target, _ => { }, Cancel));
        Directory.CreateDirectory(folder.At("used"));
        using (DataFolder.Take(folder.At("used")))
        {
            var refused = Assert.IsType<RestoreResult.Refused>(new Restore(TimeProvider.System).Run(folder.Backup, folder.At("used"), _ => { }, Cancel));
            Assert.Contains("in use", refused.Reason, StringComparison.Ordinal);
        }

        Assert.Equal(2, (await folder.StoreAsync()).Count);
    }

    [Fact]
    public async Task A_restore_that_was_broken_off_keeps_every_server_away_and_can_be_repeated()
    {
        using var folder = await BackedUpFolder.MakeAsync();
        await folder.BackUpAsync();
        var files = BackupManifest.Read(folder.Backup, out _)!.Files.Count;
        for (var stop = files + 1; stop <= 2 * files; stop++)
        {
            using var cancel = new CancellationTokenSource();
            var steps = 0;
            var result = new Restore(TimeProvider.System).Run(
                folder.Backup,
                folder.Restored,
                _ =>
                {
                    if (++steps == stop) cancel.Cancel();
                },
                cancel.Token);
            Assert.IsType<RestoreResult.Failed>(result);
            var refusal = Assert.Throws<StartRefusedException>(() => DataFolder.Open(folder.Restored)).Refusal;
            Assert.Contains("not finished", Assert.IsType<StartRefusal.DataHalfRestored>(refusal).Line, StringComparison.Ordinal);
        }

        Restore(folder);
        Assert.Equal(40, (await folder.StoreAsync(folder.Restored)).Count);
        DataFolder.Open(folder.Restored).Dispose();
    }

    [Fact]
    public async Task A_manifest_from_elsewhere_writes_nowhere_else()
    {
        using var folder = await BackedUpFolder.MakeAsync(calls: 2);
        var made = Assert.IsType<BackupResult.Done>(await folder.BackUpAsync());
        await File.WriteAllTextAsync(folder.At("outside"), "x", Cancel);
        foreach (var path in (string[])["../outside", "/etc/passwd", "store/../../outside", "a//b", "C:/x", "..\\outside"])
        {
            var manifest = (made.Manifest with { Files = [.. made.Manifest.Files, new ManifestFile(path, 1, "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881")] }).ToBytes();
            await File.WriteAllBytesAsync(Path.Combine(folder.Backup, BackupManifest.FileName), manifest, Cancel);
            await File.WriteAllBytesAsync(Path.Combine(folder.Backup, BackupManifest.SumFileName), BackupManifest.SumBytes(manifest), Cancel);
            var damaged = Assert.IsType<RestoreResult.Damaged>(new Restore(TimeProvider.System).Run(folder.Backup, folder.Restored, _ => { }, Cancel));
            Assert.Contains("outside", damaged.Verdict.Words, StringComparison.Ordinal);
        }
    }

    private static RestoreResult.Done Restore(BackedUpFolder folder) =>
        Assert.IsType<RestoreResult.Done>(new Restore(TimeProvider.System).Run(folder.Backup, folder.Restored, _ => { }, Cancel));

    private static FileCursors Cursors(string data) => new(
        Path.Combine(data, "journal", "cursors"), Callwatch.Journal.Writing.DiskFiles.Instance, new Callwatch.Telemetry.Counters(), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}
