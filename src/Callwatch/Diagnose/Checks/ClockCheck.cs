namespace Callwatch.Diagnose.Checks;

/// <summary>Whether the machine's clock can be right: times of receipt, prices and retention go by it.</summary>
internal sealed class ClockCheck : ICheck
{
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(2);

    // Nobody's clock is right that is before this program was written.
    private static readonly DateTimeOffset Earliest = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public string Name => "clock";

    public IEnumerable<Finding> Run(Examined data, CancellationToken cancel)
    {
        var now = data.Time.GetUtcNow();
        const string Cure = "Set the clock by a time server (chrony, systemd-timesyncd). What was received with a wrong clock keeps its wrong times.";
        if (now < Earliest) yield return new Finding(Name, FindingLevel.Problem, $"It says {now.UtcDateTime:yyyy-MM-dd}, which has long passed.", Cure);
        if (!Directory.Exists(data.Paths.JournalFolder)) yield break;
        var newest = Directory.EnumerateFiles(data.Paths.JournalFolder).Select(File.GetLastWriteTimeUtc).DefaultIfEmpty(DateTime.MinValue).Max();
        if (newest > now.UtcDateTime + Slack) yield return new Finding(Name, FindingLevel.Problem, $"The journal was written to at {newest:yyyy-MM-dd HH:mm} UTC, later than it is now: the clock has gone back.", Cure);
    }
}
