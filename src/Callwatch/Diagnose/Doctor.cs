using Callwatch.Backup;
using Callwatch.Control.Secrets;
using Callwatch.Diagnose.Checks;
using Callwatch.Journal;
using Callwatch.Journal.Disk;
using Callwatch.Query;
using Callwatch.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callwatch.Diagnose;

/// <summary>Looks at a data folder from all sides and says what is wrong and what to do.</summary>
public static class Doctor
{
    private static readonly ICheck[] Checks =
    [
        new ReadinessCheck(), new FormatCheck(), new RightsCheck(), new DiskCheck(), new ClockCheck(), new PlacesCheck(), new JournalCheck(), new CatalogCheck(), new DatabaseCheck(), new FullTextCheck(), new SetAsideCheck(),
        new FormsCheck(), new LanesCheck(), new SecretsCheck(), new BacklogCheck(), new KeysCheck(), new GivenNumbersCheck(),
    ];

    /// <summary>A folder that no server uses; every record and every page is read. Nothing in it is changed.</summary>
    /// <param name="secrets">As a server on it would have them.</param>
    /// <exception cref="StartRefusedException">A server uses it.</exception>
    public static async Task<IReadOnlyList<Finding>> ExamineAsync(string data, SecretsOptions secrets, TimeProvider time, CancellationToken cancel)
    {
        var path = Path.GetFullPath(data);
        using var taken = DataFolder.Take(path);
        SegmentJournal? journal = null;
        Finding? refusal = null;
        try
        {
            journal = SegmentJournal.Open(Path.Combine(path, "journal"), new JournalOptions { BallastBytes = 0 }, time, new Counters(), NullLogger.Instance, ReadOnlyFiles.Instance, new RealDiskSpace());
        }
        catch (StartRefusedException e)
        {
            refusal = new Finding("journal", FindingLevel.Problem, e.Refusal.Line, "No server would start on it.");
        }

        try
        {
            var parts = Backups.PartsOf(path, new JournalFolderPart(null, path), writer: null);
            var places = parts.SelectMany(part => part.PlacesIn(path, inUse: true)).ToList();
            journal?.Gaps.Look();
            if (journal is not null) await JournalReading.ReadAllAsync(journal, cancel);
            return [.. refusal is null ? [] : (Finding[])[refusal], .. Run(new Examined(path, journal, places, Ready: null, Deep: true, time) { Secrets = secrets }, cancel)];
        }
        finally
        {
            if (journal is not null) await journal.DisposeAsync();
        }
    }

    /// <summary>The folder of the server in this process.</summary>
    /// <param name="deep">Whether every record and every page is read, which takes a while and disturbs the disk.</param>
    internal static async Task<IReadOnlyList<Finding>> ExamineAsync(
        string data, SegmentJournal journal, IEnumerable<IJournalReader> readers, ICursors cursors, SystemQueries system, SecretsOptions secrets, bool deep, TimeProvider time, CancellationToken cancel)
    {
        if (deep) await JournalReading.ReadAllAsync(journal, cancel);
        var places = readers.Where(reader => reader.Place is not null).Select(reader => (reader.Name, reader.Place!.Value)).Concat(cursors.All().Select(cursor => (cursor.Key, cursor.Value))).ToList();
        var ready = system.Ready();
        return Run(new Examined(data, journal, places, (ready.Ready, ready.Reason), deep, time) { Lanes = system.Lanes(tenantId: null), Secrets = secrets, Readers = system.Read(tenantId: null).Readers }, cancel);
    }

    private static List<Finding> Run(Examined data, CancellationToken cancel)
    {
        var findings = new List<Finding>();
        foreach (var check in Checks)
        {
            cancel.ThrowIfCancellationRequested();
            var before = findings.Count;
            try
            {
                findings.AddRange(check.Run(data, cancel));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or SqliteException)
            {
                findings.Add(new Finding(check.Name, FindingLevel.Problem, $"It could not be looked at: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}.", "Look at the disk and at the rights of the folder."));
            }

            if (findings.Count == before) findings.Add(new Finding(check.Name, FindingLevel.Fine, "well"));
        }

        return findings;
    }
}
