using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Callwatch.Settle;

/// <summary>Settings under <c>Callwatch:Settle</c>: when a trace is taken to be complete, so that it can be carried on.</summary>
public sealed class SettleOptions
{
    public const string Section = "Callwatch:Settle";

    /// <summary>How long nothing may have come after a trace's root has ended. Default 2 s, 100 ms to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")] public TimeSpan QuietAfterRoot { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long nothing may have come where no root was seen. Default 1 min, 1 s to 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")] public TimeSpan Quiet { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Longest a span waits for the rest of its trace. Default 5 min, 1 s to 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")] public TimeSpan Longest { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Spans of a trace that are carried on at once; more begin the next part. Default 5,000.</summary>
    [Range(1, 100_000)] public int MostSpans { get; set; } = 5_000;

    /// <summary>The same in bytes of the spans as sent. Default 32 MiB.</summary>
    [Range(1024, 1L << 30)] public long MostBytes { get; set; } = 32L << 20;

    /// <summary>Spans waiting in all open traces together; beyond it the oldest traces are settled early. Default 1,000,000.</summary>
    [Range(100, 10_000_000)] public int MostWaiting { get; set; } = 1_000_000;
}

[OptionsValidator]
internal sealed partial class SettleOptionsValidator : IValidateOptions<SettleOptions>;
