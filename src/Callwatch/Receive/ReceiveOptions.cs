using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Callwatch.Receive;

/// <summary>Settings under <c>Callwatch:Receive</c>: how much one request, and all together, may ask of the process.</summary>
public sealed class ReceiveOptions
{
    public const string Section = "Callwatch:Receive";

    private const int MiB = 1 << 20;

    /// <summary>Largest body as sent. Default 64 MiB, 1 KiB to 256 MiB.</summary>
    [Range(1024, 256 * MiB)]
    public int MaxBodyBytes { get; set; } = 64 * MiB;

    /// <summary>Largest body once inflated, and largest message made of it; inflating stops there. Default 256 MiB, 1 KiB to 1 GiB.</summary>
    [Range(1024, 1024 * MiB)]
    public int MaxInflatedBytes { get; set; } = 256 * MiB;

    /// <summary>What all requests in flight may hold together; more are asked to come again. Default 512 MiB, 64 KiB to 64 GiB.</summary>
    [Range(64L * 1024, 64L * 1024 * MiB)]
    public long MaxInFlightBytes { get; set; } = 512L * MiB;

    /// <summary>Spans, or log records, taken from one request; the others are refused. Default 100,000.</summary>
    [Range(1, 10_000_000)]
    public int MaxSpans { get; set; } = 100_000;

    /// <summary>Levels of values within values; what lies deeper is removed. Default 64, 1 to 256.</summary>
    [Range(1, 256)]
    public int MaxNesting { get; set; } = 64;

    /// <summary>Attributes kept of one span, event, link, scope or resource. Default 1,024, 16 to 65,536.</summary>
    [Range(16, 65_536)]
    public int MaxAttributes { get; set; } = 1024;

    /// <summary>Bytes of text (UTF-8) kept of one value; longer ones are cut. Default 8 MiB, 1 KiB to 256 MiB.</summary>
    [Range(1024, 256 * MiB)]
    public int MaxTextBytes { get; set; } = 8 * MiB;

    /// <summary>A larger request becomes several journal records of about this size, so that no reader has to hold it whole.
    /// One span is never divided. Default 8 MiB, 64 KiB to 256 MiB.</summary>
    [Range(64 * 1024, 256 * MiB)]
    public int MaxRecordBytes { get; set; } = 8 * MiB;

    /// <summary>How long a body may come slower than <see cref="MinBytesPerSecond"/>. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan SlowSenderAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>What a body must bring, averaged over <see cref="SlowSenderAfter"/>. Default 240 bytes a second.</summary>
    [Range(1, MiB)]
    public int MinBytesPerSecond { get; set; } = 240;

    /// <summary>When a sender is asked to come again because too much is in flight. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(2);
}

/// <summary>Names the whole key and the range, so that a wrong setting can be mended from the message alone.</summary>
internal sealed class ReceiveOptionsValidator : IValidateOptions<ReceiveOptions>
{
    public ValidateOptionsResult Validate(string? name, ReceiveOptions options)
    {
        var wrong = new List<string>();
        foreach (var property in typeof(ReceiveOptions).GetProperties())
        {
            if (property.GetCustomAttributes(typeof(RangeAttribute), inherit: false) is not [RangeAttribute range]) continue;
            var value = property.GetValue(options);
            if (!range.IsValid(value)) wrong.Add($"{ReceiveOptions.Section}:{property.Name} is {value}; it must lie between {range.Minimum} and {range.Maximum}.");
        }

        if (options.MaxInflatedBytes < options.MaxBodyBytes)
            wrong.Add($"{ReceiveOptions.Section}:MaxInflatedBytes must be at least MaxBodyBytes.");
        if (options.MaxInFlightBytes < options.MaxBodyBytes)
            wrong.Add($"{ReceiveOptions.Section}:MaxInFlightBytes must be at least MaxBodyBytes.");
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }
}
