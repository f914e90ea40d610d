using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Callwatch.Forward;

/// <summary>Settings under <c>Callwatch:Forward</c>.</summary>
public sealed class ForwardOptions
{
    public const string Section = "Callwatch:Forward";

    /// <summary>First wait after a failed delivery; doubles up to <see cref="MaxDelay"/>, less up to half by chance. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:10:00")] public TimeSpan BaseDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait between attempts, also of a lane that is blocked. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "01:00:00")] public TimeSpan MaxDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Longest wait a platform may ask for with <c>Retry-After</c>. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")] public TimeSpan MaxRetryAfter { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long something is tried to be delivered before it expires, counted from its receipt. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")] public TimeSpan MaxAge { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long a lane waits for more traces to send together. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")] public TimeSpan BatchDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest a request to a platform may take. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")] public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether destinations may be on loopback, private or link-local addresses: <c>true</c>, <c>false</c>, or ranges with commas (<c>10.0.0.0/8, 127.0.0.1</c>). Default false.</summary>
    public string AllowPrivateAddresses { get; set; } = "false";

    /// <summary>Memory for traces read back from the journal that several lanes send at the same time, in bytes. Default 64 MiB.</summary>
    [Range(1 << 20, 1L << 32)] public long SharedBytes { get; set; } = 64L << 20;
}

[OptionsValidator]
internal sealed partial class ForwardOptionsValidator : IValidateOptions<ForwardOptions>;
