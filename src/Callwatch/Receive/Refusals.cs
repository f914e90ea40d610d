using System.Globalization;
using Callwatch.Telemetry;

namespace Callwatch.Receive;

/// <summary>The words of a partial success.</summary>
internal static class Refusals
{
    public const string NoDestinationKeepsMetrics = "no destination keeps metrics";
    public const string NoDestinationKeepsLogs = "no destination keeps logs";

    /// <summary>How many items were refused, and why in a sentence; null when none was.</summary>
    public static (long Count, string? Message) Of(IReadOnlyDictionary<Reason, long> refused)
    {
        // An announced span follows when it has ended; nothing was refused that its sender should hear of.
        var told = refused.Where(entry => entry.Key != Reason.PendingSpan).OrderByDescending(entry => entry.Value).ToList();
        if (told.Count == 0) return (0, null);
        var words = told.Select(entry => entry.Key switch
        {
            Reason.NoDestinationKeepsLogs => NoDestinationKeepsLogs,
            Reason.NoDestinationKeepsMetrics => NoDestinationKeepsMetrics,
            _ => string.Create(CultureInfo.InvariantCulture, $"{entry.Value} refused: {entry.Key.Word()}"),
        });
        return (told.Sum(entry => entry.Value), string.Join("; ", words));
    }
}
