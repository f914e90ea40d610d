using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Callwatch.Media;

/// <summary>Settings under <c>Callwatch:Media</c>: images, sound and files within messages.</summary>
public sealed class MediaOptions
{
    public const string Section = "Callwatch:Media";

    /// <summary>Media of at least so many bytes are taken out of what is received and kept in files of their own, 1 KiB to 256 MiB. Default 16 KiB.</summary>
    [Range(1024, 256 << 20)] public int FromBytes { get; set; } = 16 * 1024;

    /// <summary>Larger media are not kept: a reference says what they were. 1 KiB to 256 MiB. Default 64 MiB.</summary>
    [Range(1024, 256 << 20)] public int MaxItemBytes { get; set; } = 64 << 20;

    /// <summary>Most bytes of all media together; beyond, the longest unseen go first. Default (null): a quarter of the disk.</summary>
    [Range(1, long.MaxValue)] public long? MaxBytes { get; set; }

    /// <summary>How often media that no journal record can refer to any more are looked for; when room is short, each minute. Default 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")] public TimeSpan SweepInterval { get; set; } = TimeSpan.FromMinutes(10);
}

[OptionsValidator]
internal sealed partial class MediaOptionsValidator : IValidateOptions<MediaOptions>;
