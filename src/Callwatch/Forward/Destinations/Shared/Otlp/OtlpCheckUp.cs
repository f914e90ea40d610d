using System.Diagnostics;

namespace Callwatch.Forward.Destinations.Shared.Otlp;

/// <summary>Sends a request without spans: whoever answers 200 speaks OTLP there and, as far as the receiver checks, knows the key.</summary>
internal static class OtlpCheckUp
{
    /// <param name="caveat">What a good answer does not prove at this platform.</param>
    public static async Task<CheckResult> RunAsync(OtlpSender sender, string? projectUrl, string? caveat, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        var delivery = await sender.SendAsync([], cancel);
        var took = Stopwatch.GetElapsedTime(started);
        return delivery switch
        {
            Delivery.Accepted or Delivery.Dropped => new CheckResult(true, "The receiver answers and takes OTLP." + (caveat is null ? "" : " " + caveat), projectUrl, took),
            Delivery.Blocked { Words: { Status: 401 or 403 } words } => new CheckResult(false, "The receiver refuses the credentials: " + words.Message, null, took),
            Delivery.Blocked { Words: { Status: 404 or 405 } } => new CheckResult(false, "No OTLP receiver at this address: check host, port and path.", null, took),
            Delivery.Blocked blocked => new CheckResult(false, blocked.Words.Message, null, took),
            Delivery.Refused { Words: { Status: 415 } words } => new CheckResult(false, await OtherEncodingAsync(sender, words, cancel), null, took),
            Delivery.Refused refused => new CheckResult(false, refused.Words.Message, null, took),
            Delivery.TryAgain again => new CheckResult(false, again.Words.Message, null, took),
            _ => new CheckResult(false, "The receiver refused a request without spans.", null, took),
        };
    }

    private static async Task<string> OtherEncodingAsync(OtlpSender sender, PlatformWords words, CancellationToken cancel)
    {
        var (other, name) = sender.Target.Protocol == OtlpProtocol.HttpJson ? (OtlpProtocol.HttpProtobuf, "http/protobuf") : (OtlpProtocol.HttpJson, "http/json");
        return await sender.With(other).SendAsync([], cancel) is Delivery.Accepted
            ? $"The receiver does not take this encoding, but it takes {name}: choose that as protocol."
            : "The receiver does not take this encoding; try another protocol. " + words.Message;
    }
}
