using System.ComponentModel.DataAnnotations;

namespace Callwatch.Control;

/// <summary>Settings under <c>Callwatch:Control</c>.</summary>
public sealed class ControlOptions
{
    public const string Section = "Callwatch:Control";

    /// <summary>Most apps that senders may bring into being in one tenant; further names go to the app <c>other</c>. Default 1000.</summary>
    [Range(1, 100_000)]
    public int MaxAppsPerTenant { get; set; } = 1000;
}
