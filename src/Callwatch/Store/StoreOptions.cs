using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Callwatch.Store;

/// <summary>Settings under <c>Callwatch:Store</c>.</summary>
public sealed class StoreOptions
{
    public const string Section = "Callwatch:Store";

    /// <summary>Spans after which a day's partition is full and the next begins. Default 2,000,000.</summary>
    [Range(1_000, 50_000_000)] public int MostRows { get; set; } = 2_000_000;

    /// <summary>Most spans stored in one transaction. Default 20,000.</summary>
    [Range(100, 200_000)] public int BatchSpans { get; set; } = 20_000;

    /// <summary>Longest a span waits for others to be stored with. Default 250 ms.</summary>
    public TimeSpan BatchDelay { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Spans of recent traces kept in memory, to be judged again without reading them. Default 50,000.</summary>
    [Range(0, 10_000_000)] public int HotSpans { get; set; } = 50_000;

    /// <summary>Memory for pages of each partition being written, in KiB. Default 32,768.</summary>
    [Range(1_024, 4_194_304)] public int CacheKib { get; set; } = 32_768;
}

[OptionsValidator]
internal sealed partial class StoreOptionsValidator : IValidateOptions<StoreOptions>;
