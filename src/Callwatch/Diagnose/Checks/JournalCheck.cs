namespace Callwatch.Diagnose.Checks;

/// <summary>What was found damaged in the journal so far; of a deep look, in all of it (<see cref="JournalReading"/>).</summary>
internal sealed class JournalCheck : ICheck
{
    public string Name => "journal";

    public IEnumerable<Finding> Run(Examined data, CancellationToken cancel)
    {
        if (data.Journal is not { } journal) yield break;
        var status = journal.Status();
        const string Cure = "What is readable goes on being read. What is lost may still be in a backup; look at the disk (smartctl, dmesg).";
        if (status.DamagedRecords > 0) yield return new Finding(Name, FindingLevel.Problem, $"{status.DamagedRecords} places hold records that cannot be read; they are passed over.", Cure);
        if (status.DamagedSegments > 0) yield return new Finding(Name, FindingLevel.Problem, $"{status.DamagedSegments} files cannot be read at all.", Cure);
        foreach (var gap in status.Gaps)
        {
            yield return new Finding(
                Name, FindingLevel.Problem,
                gap.Tenants == 0 ? $"Records {gap.First} to {gap.Last} are missing: their file has vanished, and retention did not take it."
                    : $"Of records {gap.First} to {gap.Last} those of {gap.Tenants} tenants are missing: their files have vanished, and retention did not take them.",
                "If there is a copy of the file, stop the server and put it back into journal/. Else nothing has to be done: reading goes on behind it, and what was stored of it stays.");
        }

        if (data.Ready is not null && !status.AcceptsWrites) yield return new Finding(Name, FindingLevel.Problem, $"It accepts nothing: {status.RefusalReason}", "Make room, or see what the disk says.");
        if (!File.Exists(Path.Combine(data.Paths.JournalFolder, "epoch"))) yield return new Finding(Name, FindingLevel.Warning, "The file epoch is missing; it is made again from the segments.");
    }
}
