using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Callwatch.Forward.Outbound;
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

    /// <summary>How long something is tried to be delivered before it expires, counted from its receipt or, where that is later, from the making of the destination or replay. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")] public TimeSpan MaxAge { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long a lane that has sent all there was waits for more traces to send together. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")] public TimeSpan BatchDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest a request to a platform may take. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")] public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long requests on their way may still take when a destination is paused, changed, or the program stops. Default 3 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:08")] public TimeSpan StopGrace { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Whether destinations may be on loopback, private or link-local addresses: <c>true</c>, <c>false</c>, or ranges with commas (<c>10.0.0.0/8, 127.0.0.1</c>). Default false.</summary>
    public string AllowPrivateAddresses { get; set; } = "false";

    /// <summary>Proxy that requests to platforms go through (<c>http://user:password@host:port</c>); those of the environment are not looked at. Default none.</summary>
    public string? Proxy { get; set; }

    /// <summary>PEM file of authorities whose certificates are believed besides those the machine believes. Default none.</summary>
    public string? CaFile { get; set; }

    /// <summary>Most destinations of a tenant. Default 100.</summary>
    [Range(1, 10_000)] public int MaxDestinations { get; set; } = 100;

    /// <summary>Memory for traces read back from the journal that several lanes send at the same time, in bytes. Default 16 MiB.</summary>
    [Range(1 << 20, 1L << 32)] public long SharedBytes { get; set; } = 16L << 20;
}

[OptionsValidator]
internal sealed partial class ForwardOptionsValidator : IValidateOptions<ForwardOptions>;

/// <summary>What no range of numbers can say.</summary>
internal sealed class ForwardOptionsRules : IValidateOptions<ForwardOptions>
{
    public ValidateOptionsResult Validate(string? name, ForwardOptions options)
    {
        List<string> wrong = [];
        if (AllowedRanges.Read(options.AllowPrivateAddresses, out var part) is null)
            wrong.Add($"{ForwardOptions.Section}:{nameof(options.AllowPrivateAddresses)} holds \"{part}\", which is no range. Give true, false, or addresses and ranges with commas, as in 10.0.0.0/8, 127.0.0.1.");
        if (options.BaseDelay > options.MaxDelay) wrong.Add($"{ForwardOptions.Section}:{nameof(options.BaseDelay)} is longer than {nameof(options.MaxDelay)}. Give one that is at most as long.");

        // What was given is not repeated: it may hold a password.
        if (!string.IsNullOrWhiteSpace(options.Proxy) && !(Uri.TryCreate(options.Proxy, UriKind.Absolute, out var proxy) && proxy.Scheme is "http" or "https" or "socks4" or "socks5"))
            wrong.Add($"{ForwardOptions.Section}:{nameof(options.Proxy)} is no address of a proxy. Write http://HOST:PORT.");
        if (!string.IsNullOrWhiteSpace(options.CaFile) && Trouble(options.CaFile) is { } trouble) wrong.Add($"{ForwardOptions.Section}:{nameof(options.CaFile)} cannot be used: {trouble}. Give the PEM file of one or more certificates.");
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }

    private static string? Trouble(string file)
    {
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPemFile(file);
            return certificates.Count > 0 ? null : "it holds no certificate";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return e.Message.ReplaceLineEndings(" ").TrimEnd('.');
        }
    }
}
