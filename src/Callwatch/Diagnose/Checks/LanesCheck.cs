using Callwatch.Forward.Lanes;

namespace Callwatch.Diagnose.Checks;

/// <summary>Whether destinations take what they are sent, and whether any of it was lost.</summary>
internal sealed class LanesCheck : ICheck
{
    /// <summary>A lane that tries again for less than this is in no trouble worth a word.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    public string Name => "destinations";

    public IEnumerable<Finding> Run(Examined data, CancellationToken cancel)
    {
        foreach (var lane in data.Lanes)
        {
            string[] foreign = [lane.Destination, Words(lane.Status.LastError)];
            var page = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"/destinations/{lane.DestinationId}");
            var (waits, oldest) = (lane.Status.Backlog, TimeSpan.FromSeconds(lane.Status.OldestAgeSeconds));
            var error = lane.Status.LastError;
            switch (lane.Status.State)
            {
                case LaneState.Blocked:
                    yield return new Finding(Name, FindingLevel.Problem, $"{lane.Destination} refuses what it is sent: {Words(error)}. {waits} traces wait.", error?.Advice ?? "See its page.") { Foreign = foreign, Page = page };
                    break;
                case LaneState.Retrying when oldest > Patience:
                    yield return new Finding(Name, oldest > Long ? FindingLevel.Problem : FindingLevel.Warning, $"{lane.Destination} takes nothing: {Words(error)}. {waits} traces wait, the oldest for {Minutes(oldest)} minutes.", error?.Advice ?? "See its page.") { Foreign = foreign, Page = page };
                    break;
                case LaneState.Paused when waits > 0:
                    yield return new Finding(Name, FindingLevel.Warning, $"{lane.Destination} is paused or switched off, and {waits} traces wait.", $"callwatch destinations resume {lane.DestinationId}, or delete it; what the journal no longer holds cannot be sent any more.") { Foreign = foreign, Page = page };
                    break;
                case LaneState.Running or LaneState.Idle when oldest > Long:
                    yield return new Finding(Name, FindingLevel.Warning, $"{lane.Destination} is behind: {waits} traces wait, the oldest for {Minutes(oldest)} minutes.", "The platform, or the line to it, is slower than what comes; a filter or a sample rate sends less.") { Foreign = foreign, Page = page };
                    break;
            }

            if (lane.ExpiredByDisk > 0)
                yield return new Finding(Name, FindingLevel.Problem, $"{lane.ExpiredByDisk} traces were not delivered to {lane.Destination}: the disk was full and took them first.", "Make room or a larger disk, and see to what keeps the destination from taking them.") { Foreign = foreign, Page = page };
        }
    }

    private static string Words(LaneError? error) => error is null ? "no reason is known" : $"{(error.Status is { } status ? status + " " : "")}{error.Message.ReplaceLineEndings(" ").TrimEnd('.')}";

    private static long Minutes(TimeSpan time) => (long)time.TotalMinutes;
}
