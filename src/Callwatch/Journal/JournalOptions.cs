using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Callwatch.Journal;

/// <summary>Settings under <c>Callwatch:Journal</c>.</summary>
public sealed class JournalOptions
{
    public const string Section = "Callwatch:Journal";

    // A share of a large disk is more room than cleaning ever needs: three percent of 10 TB are 300 GB.
    private const long MostByPercent = 10L << 30;

    /// <summary>Room of a segment file, 4 KiB to 1 GiB. Default 64 MiB. A request that needs more gets a file of its own size.</summary>
    [Range(4096, 1L << 30)] public long SegmentBytes { get; set; } = 64L << 20;

    /// <summary>Oldest a segment grows before the next is begun, so that retention can take it. Default 1 day.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")] public TimeSpan SegmentAge { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Most requests that wait for the disk; more are told to come back. Default 4,096.</summary>
    [Range(1, 1_000_000)] public int QueueCount { get; set; } = 4096;

    /// <summary>Most bytes that wait for the disk. Default 256 MiB. A single larger request may still wait alone.</summary>
    [Range(1, 1L << 40)] public long QueueBytes { get; set; } = 256L << 20;

    /// <summary>Most bytes written before one sync. Default 16 MiB.</summary>
    [Range(1, 1L << 30)] public long GroupBytes { get; set; } = 16L << 20;

    /// <summary>How long records are kept. Default 14 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")] public TimeSpan MaxAge { get; set; } = TimeSpan.FromDays(14);

    /// <summary>Most bytes of all segments together. Default (null): half the disk.</summary>
    [Range(1, long.MaxValue)] public long? MaxBytes { get; set; }

    /// <summary>Below so many free bytes nothing is accepted until there is room again. Default 1 GiB.</summary>
    [Range(0, long.MaxValue)] public long MinFreeBytes { get; set; } = 1L << 30;

    /// <summary>The same as a share of the disk, in percent, but never more than 10 GiB. Default 3.</summary>
    [Range(0.0, 99.0)] public double MinFreePercent { get; set; } = 3;

    /// <summary>Room that is to stay free on a disk of this size, in bytes: what has to go for it goes by this everywhere.</summary>
    public long KeepFreeBytes(long diskBytes) => Math.Max(MinFreeBytes, Math.Min(MostByPercent, (long)(diskBytes * MinFreePercent / 100)));

    /// <summary>Size of a file that only holds room, given up when the disk is full so that cleaning can work; 0 for none. Default 128 MiB.</summary>
    [Range(0, 1L << 40)] public long BallastBytes { get; set; } = 128L << 20;

    /// <summary>Full segments of so many bytes are sealed together: regrouped by app and session and compressed. 64 to 512 MiB are sensible. Default 256 MiB.</summary>
    [Range(4096, 1L << 32)] public long SealWindowBytes { get; set; } = 256L << 20;

    /// <summary>How long a full segment waits for others to be sealed with. Default 15 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")] public TimeSpan SealAge { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Most of one processor core that sealing takes, 0 to 1; a fifth of it while senders wait for the disk, twice while more than eight windows wait. 0: nothing is sealed. Default 0.5.</summary>
    [Range(0.0, 1.0)] public double SealShare { get; set; } = 0.5;

    /// <summary>Memory for parts of sealed files read last. Default 32 MiB.</summary>
    [Range(0, 1L << 40)] public long SealedCacheBytes { get; set; } = 32L << 20;

    /// <summary>How often retention looks. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")] public TimeSpan SweepInterval { get; set; } = TimeSpan.FromMinutes(1);
}

[OptionsValidator]
internal sealed partial class JournalOptionsValidator : IValidateOptions<JournalOptions>;
