using Callwatch.Media;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Callwatch.Tests.Receive.MediaParts;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Media;

public sealed class MediaRetentionTests : IDisposable
{
    private readonly MediaWorld world = new();
    private readonly byte[] old = TakenOut.Png(4000, seed: 1);
    private readonly byte[] seenAgain = TakenOut.Png(5000, seed: 2);
    private readonly byte[] young = TakenOut.Png(6000, seed: 3);

    public void Dispose() => world.Dispose();

    [Fact]
    public async Task Media_go_once_the_journal_holds_nothing_from_when_they_were_last_received()
    {
        var first = world.Time.GetUtcNow();
        await world.KeepAsync(old);
        await world.KeepAsync(seenAgain);
        world.Time.Advance(TimeSpan.FromDays(10));
        await world.KeepAsync(seenAgain);
        await world.KeepAsync(young);
        Assert.Equal([".7.20260917", ".7.20260917", ".7.20260927", ".7.20260927"], world.Marks);

        // As long as the journal reaches, whatever its rules are.
        world.Time.Advance(TimeSpan.FromDays(100));
        world.Journal.OldestReceivedAt = first;
        world.Sweep();
        Assert.NotNull(world.Read(old));

        // A mark says only the day, and a day more for what was on its way.
        world.Journal.OldestReceivedAt = first.AddDays(1);
        world.Sweep();
        Assert.NotNull(world.Read(old));
        world.Journal.OldestReceivedAt = first.AddDays(2);
        world.Sweep();
        Assert.Null(world.Read(old));
        Assert.Equal(seenAgain, world.Read(seenAgain, app: 7));
        Assert.Equal((2, 11_000, 1), (world.Folder.Count, world.Folder.SizeBytes, world.Counters.Total(Reason.MediaExpiredByAge)));

        world.Reopen();
        world.Journal.OldestReceivedAt = first.AddDays(20);
        world.Sweep();
        Assert.Empty(world.Pieces);
        Assert.Empty(world.Marks);
        Assert.Equal(3, world.Counters.Total(Reason.MediaExpiredByAge));
    }

    [Fact]
    public async Task On_a_large_disk_they_give_way_to_no_more_room_than_intake_ever_wants()
    {
        // Three percent of it would be more than is free, and no more than 10 GiB are ever wanted.
        (world.Space.TotalBytes, world.Space.FreeBytes) = (10L << 40, 20L << 30);
        await world.KeepAsync(old);
        Assert.False(world.NewSweep().IsUrgent);
        world.Sweep();
        Assert.NotNull(world.Read(old));
        world.Space.FreeBytes = 14L << 30;
        world.Sweep();
        Assert.Null(world.Read(old));
    }

    [Fact]
    public async Task On_a_disk_that_does_not_say_how_large_it_is_they_stay()
    {
        (world.Space.TotalBytes, world.Space.FreeBytes) = (Callwatch.Journal.Disk.DiskSpace.Unknown.TotalBytes, Callwatch.Journal.Disk.DiskSpace.Unknown.FreeBytes);
        await world.KeepAsync(old);
        world.Sweep();
        Assert.NotNull(world.Read(old));
    }

    [Fact]
    public async Task An_app_that_no_longer_refers_to_media_loses_them_alone()
    {
        await world.KeepAsync(old, app: 7);
        world.Time.Advance(TimeSpan.FromDays(10));
        await world.KeepAsync(old, app: 8);
        world.Journal.OldestReceivedAt = world.Time.GetUtcNow();
        world.Sweep();
        Assert.Null(world.Read(old, app: 7));
        Assert.Equal(old, world.Read(old, app: 8));

        // It is not thought to be there still.
        await world.KeepAsync(old, app: 7);
        Assert.Equal(old, world.Read(old, app: 7));
    }

    [Fact]
    public async Task An_empty_journal_lets_go_of_all_but_what_may_be_on_its_way_into_it()
    {
        await world.KeepAsync(old);
        world.Sweep();
        Assert.NotNull(world.Read(old));
        world.Time.Advance(TimeSpan.FromDays(2));
        world.Sweep();
        Assert.Null(world.Read(old));
        await world.KeepAsync(old);
        Assert.Equal(old, world.Read(old));
    }

    [Fact]
    public async Task A_file_that_a_crash_left_without_a_mark_goes_by_the_day_it_was_written()
    {
        await world.KeepAsync(old);
        foreach (var mark in world.MarkFiles.ToList()) File.Delete(mark);
        File.SetLastWriteTimeUtc(world.Pieces.Single(), world.Time.GetUtcNow().UtcDateTime);
        world.Reopen();
        world.Sweep();
        Assert.Single(world.Pieces);
        world.Time.Advance(TimeSpan.FromDays(2));
        world.Sweep();
        Assert.Empty(world.Pieces);
    }

    [Fact]
    public async Task Beyond_their_most_bytes_those_unseen_for_longest_go()
    {
        await ThreeDaysAsync();
        world.Options.MaxBytes = 11_500;
        world.Sweep();
        Assert.Null(world.Read(old));
        Assert.NotNull(world.Read(seenAgain));
        Assert.NotNull(world.Read(young));
        Assert.Equal((2, 11_000, 1), (world.Folder.Count, world.Folder.SizeBytes, world.Counters.Total(Reason.MediaExpiredByDisk)));
    }

    [Fact]
    public async Task Short_of_room_media_make_room_even_if_the_journal_refers_to_them_and_that_is_counted()
    {
        await ThreeDaysAsync();
        world.Space.TotalBytes = 20L << 30;
        world.Space.FreeBytes = (3L << 29) - 8000;
        world.Sweep();
        Assert.Null(world.Read(old));
        Assert.Null(world.Read(seenAgain));
        Assert.NotNull(world.Read(young));
        Assert.Equal((2, 0), (world.Counters.Total(Reason.MediaExpiredByDisk), world.Counters.Total(Reason.MediaExpiredByAge)));
    }

    [Fact]
    public async Task Of_one_day_no_more_go_than_have_to()
    {
        for (var seed = 0; seed < 10; seed++) await world.KeepAsync(TakenOut.Png(1000, seed));
        world.Journal.OldestReceivedAt = world.Time.GetUtcNow();
        world.Options.MaxBytes = 7000;
        world.Sweep();
        Assert.Equal(7, world.Pieces.Count());
    }

    [Fact]
    public async Task While_a_backup_copies_age_waits_and_a_full_disk_does_not()
    {
        await world.KeepAsync(old);
        world.Time.Advance(TimeSpan.FromDays(20));
        using (var held = world.Hold.Take())
        {
            world.Sweep();
            Assert.NotNull(world.Read(old));
            Assert.False(held.Broken.IsCancellationRequested);
            world.Options.MaxBytes = 1;
            world.Sweep();
            Assert.NotNull(world.Read(old));
            Assert.True(held.Broken.IsCancellationRequested);
        }

        world.Sweep();
        Assert.Null(world.Read(old));
    }

    [Fact]
    public async Task The_timer_sweeps_at_the_start_at_its_interval_and_soon_when_room_is_short()
    {
        await world.KeepAsync(old);
        world.Journal.OldestReceivedAt = world.Time.GetUtcNow();
        world.Options.SweepInterval = TimeSpan.FromDays(1);
        using var timer = new MediaTimer(world.NewSweep(), world.Options, world.Time, NullLogger.Instance);
        world.Folder.Counted(0, 0);
        await timer.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync(() => world.Folder.Count == 1, "the first sweep has counted");
        world.Options.MaxBytes = 1;
        await Eventually.HoldsAsync(
            () =>
            {
                world.Time.Advance(TimeSpan.FromMinutes(1));
                return world.Read(old) is null;
            },
            "room is made");
        await timer.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, world.Counters.Total(Reason.MediaExpiredByDisk));
    }

    [Fact]
    public async Task Media_that_somebody_has_deleted_are_kept_anew_when_they_come_again()
    {
        await world.KeepAsync(old);
        File.Delete(world.Pieces.Single());
        Assert.True(await world.KeepAsync(old));
        Assert.Equal(old, world.Read(old));
    }

    [Fact]
    public void Strange_files_are_left_alone()
    {
        var strange = new[] { Path.Combine(world.Root, "notes.txt"), Path.Combine(world.Root, "1", "ab", "notes"), Path.Combine(world.Root, "1", "ab", new string('a', 64) + ".x.y") };
        foreach (var path in strange)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "mine");
        }

        world.Time.Advance(TimeSpan.FromDays(1000));
        world.Options.MaxBytes = 1;
        world.Sweep();
        Assert.All(strange, path => Assert.True(File.Exists(path)));
    }

    private async Task ThreeDaysAsync()
    {
        world.Journal.OldestReceivedAt = world.Time.GetUtcNow();
        foreach (var piece in new[] { old, seenAgain, young })
        {
            await world.KeepAsync(piece);
            world.Time.Advance(TimeSpan.FromDays(1));
        }
    }
}
