using Callwatch.Journal.Sealing;
using Callwatch.Journal.Segments;
using Callwatch.Journal.Writing;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging;

namespace Callwatch.Journal.Retention;

/// <summary>
/// Records that were acknowledged and whose file is gone from between others, though retention did not take it: somebody has deleted it, or the file system
/// has lost it. What is gone from the beginning looks as if retention had taken it. Everything here happens under <see cref="SegmentJournal.Structure"/>.
/// </summary>
internal sealed partial class JournalGaps(SegmentJournal journal, string folder, IJournalFiles files, Counters counters, ILogger log)
{
    private readonly List<JournalGap> found = [];
    private volatile TakenOut? taken;
    private bool looked;
    private bool isNoted;
    private volatile IReadOnlyList<JournalGap> published = [];
    private volatile IReadOnlyList<(long First, long Last)> untold = [];

    /// <summary>Oldest first; those that retention would have reached by now are no longer among them.</summary>
    public IReadOnlyList<JournalGap> All => published;

    /// <summary>The highest number that is missing, for whatever reason; 0 where none is known to be.</summary>
    public long LastMissing => Missing().Select(range => range.Last).DefaultIfEmpty().Max();

    /// <summary>Whether of these numbers some are missing: vanished, set aside as damaged, or taken by retention.</summary>
    public bool Meet(long first, long last) => Missing().Any(range => range.First <= last && first <= range.Last);

    /// <summary>Looks at a start between all files, and each time whether one of them has vanished.</summary>
    public void Look()
    {
        lock (journal.Structure)
        {
            // Not a file but the whole folder is away: a disk that is not mounted. Nothing is known of what is on it.
            if (!files.Exists(Path.Combine(folder, JournalFolder.EpochName))) return;
            if (!looked) LookBetween();
            looked = true;
            LookForVanished();
            found.RemoveAll(gap => gap.Last < journal.FirstNumber);
            published = [.. found.OrderBy(gap => gap.First)];
            if (!isNoted) Note();
        }
    }

    /// <summary>To be called before retention takes all files of a part.</summary>
    public void Taking(JournalPart part)
    {
        Known = Known.With(part.NumberBefore + 1, part.LastNumber);
        Note();
    }

    /// <summary>To be called before retention takes one file of a window and leaves others.</summary>
    public void Taking(SealedWindow window, SealedFile file)
    {
        Known = window.Files.Count > 1 ? Known.WithFile(window.FirstNumber, file.TenantId) : Known.With(window.NumberBefore + 1, window.LastNumber);
        Note();
    }

    private TakenOut Known
    {
        get => taken ??= ReadNote() ?? TakenOut.Nothing;
        set => taken = value;
    }

    private IEnumerable<(long First, long Last)> Missing() => published.Select(gap => (gap.First, gap.Last)).Concat(untold).Concat(taken?.Ranges ?? []);

    private void LookBetween()
    {
        var parts = journal.Segments.All;
        var known = ReadNote();
        // The first time nobody can have noted what an earlier program took.
        taken ??= known ?? TakenOut.Nothing;
        isNoted = known is not null;
        var setAside = SetAside();
        for (var i = 0; i < parts.Count; i++)
        {
            if (parts[i] is SealedWindow { Files: [{ Header.Files: var made }, ..] } window && made > window.Files.Count)
            {
                var gone = made - window.Files.Count - Known.Files.Count(file => file.First == window.FirstNumber);
                if (known is null) taken = Enumerable.Range(1, gone).Aggregate(Known, (all, unnamed) => all.WithFile(window.FirstNumber, -unnamed));
                else if (gone > 0 && !setAside.Contains(window.FirstNumber)) Add(new JournalGap(window.FirstNumber, window.LastNumber, gone), gone);
            }

            // Of a header that was made good from its records it is not known what came before.
            if (i + 1 == parts.Count || (parts[i + 1] is Segment { Header.Epoch: var epoch } && epoch == Guid.Empty)) continue;
            var (end, before) = (EndOf(parts[i]), parts[i + 1].NumberBefore);
            if (before <= end) continue;
            if (known is null)
            {
                taken = Known.With(end + 1, before);
                continue;
            }

            foreach (var (first, last) in Known.Without(end + 1, before))
            {
                if (setAside.Any(number => number >= first && number <= last)) untold = [.. untold, (first, last)];
                else Add(new JournalGap(first, last, 0), last - first + 1);
            }
        }
    }

    // Where the file behind it is gone, the segment seems to reach up to the one after that: put right here, so that sealing does not write it down.
    private static long EndOf(JournalPart part)
    {
        if (part is not Segment { IsFull: true } segment) return part.LastNumber;
        if (SegmentTail.LastNumberOf(segment) is not { } last || last >= segment.LastNumber) return segment.LastNumber;
        segment.Publish(segment.End, last);
        return last;
    }

    private void LookForVanished()
    {
        var parts = journal.Segments.All;
        // Of the last one the writer sees to it itself.
        for (var i = 0; i + 1 < parts.Count; i++)
        {
            if (parts[i] is Segment segment && !files.Exists(segment.Path))
            {
                Vanish(segment);
            }
            else if (parts[i] is SealedWindow { Leftovers.Count: 0 } window)
            {
                var gone = window.Files.Where(file => !files.Exists(file.Path)).ToList();
                if (gone.Count == window.Files.Count) Vanish(window);
                else gone.ForEach(file =>
                {
                    window.Replace(file, null);
                    Add(new JournalGap(window.FirstNumber, window.LastNumber, 1), file.Header.Records);
                });
            }
        }
    }

    private void Vanish(JournalPart part)
    {
        journal.Segments.Remove(part);
        if (part.LastNumber > part.NumberBefore) Add(new JournalGap(part.NumberBefore + 1, part.LastNumber, 0), part.LastNumber - part.NumberBefore);
    }

    private void Add(JournalGap gap, long records)
    {
        counters.Add(Reason.MissingRecord, records);
        HasVanished(log, gap.First, gap.Last);
        // Two tenants' files of one window are one gap.
        var same = found.FindIndex(other => other.First == gap.First && other.Last == gap.Last);
        if (same >= 0) found[same] = found[same] with { Tenants = found[same].Tenants + gap.Tenants };
        else found.Add(gap);
    }

    /// <summary>First numbers of files that were set aside as damaged: of those it is told otherwise. What of a damaged segment was intact is in a window.</summary>
    private HashSet<long> SetAside() =>
    [
        .. Directory.EnumerateFiles(folder, "*.damaged*").Where(path => !path.EndsWith(Segment.SealedDamagedEnding, StringComparison.Ordinal))
            .Select(path => Segment.NumberIn(path) ?? SealedFile.NameParts(path)?.First).OfType<long>(),
    ];

    private TakenOut? ReadNote()
    {
        try
        {
            return TakenOut.Read(folder, journal.Epoch);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // A disk without room must be able to have files taken from it: what could not be noted is noted with the next.
    private void Note()
    {
        try
        {
            var needed = Known.From(journal.FirstNumber);
            needed.Write(folder, journal.Epoch, files);
            (taken, isNoted) = (needed, true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            isNoted = false;
        }
    }

    [LoggerMessage(EventId = 275, Level = LogLevel.Error, Message = "Journal records {First} to {Last}, or some of them, are missing: a file has vanished that retention did not take. Reading goes on behind them")]
    private static partial void HasVanished(ILogger log, long first, long last);
}
