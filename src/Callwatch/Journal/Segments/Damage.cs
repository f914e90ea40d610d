using Callwatch.Telemetry;
using Microsoft.Extensions.Logging;

namespace Callwatch.Journal.Segments;

/// <summary>Counts each damaged place once, whoever meets it, says so, and remembers the first of them for System.</summary>
internal sealed partial class Damage(Counters counters, ILogger log)
{
    private const int MostRemembered = 100;

    private readonly Lock gate = new();
    private readonly List<JournalDamage> places = [];
    private int records;
    private int segments;

    public int Records => Volatile.Read(ref records);

    public int Segments => Volatile.Read(ref segments);

    public IReadOnlyList<JournalDamage> Places
    {
        get
        {
            lock (gate) return [.. places];
        }
    }

    /// <summary>A place in a segment as it was written; how many records it cost nobody knows, mostly one.</summary>
    public void Record(Segment segment, long offset)
    {
        if (!segment.IsNewDamage(offset)) return;
        Count(1);
        RecordDamaged(log, segment.Path, offset);
        Remember(segment.Path, segment.FirstNumber, segment.LastNumber, "a record at byte " + offset.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>A place in a sealed file; the caller sees to it that each is told once.</summary>
    public void Frame(string path, long offset, long first, long last, string what)
    {
        FrameDamaged(log, path, offset, what);
        Remember(path, first, last, what);
    }

    /// <summary>A record of a sealed window that cannot be put together; once per number.</summary>
    public void Lost(JournalPart part, long number)
    {
        if (part.IsNewDamage(number)) Count(1);
    }

    /// <summary>Records of which only the count is known.</summary>
    public void Count(int number)
    {
        Interlocked.Add(ref records, number);
        counters.Add(Reason.DamagedRecord, number);
    }

    /// <summary>A whole file.</summary>
    public void Segment(string path, long first, long last)
    {
        Interlocked.Increment(ref segments);
        counters.Add(Reason.DamagedSegment);
        Remember(path, first, last, "the whole file");
    }

    private void Remember(string path, long first, long last, string what)
    {
        lock (gate)
        {
            if (places.Count < MostRemembered) places.Add(new JournalDamage(Path.GetFileName(path), first, last, what));
        }
    }

    [LoggerMessage(EventId = 221, Level = LogLevel.Error, Message = "{Path}: damaged at {Offset}; what lies there is passed over")]
    private static partial void RecordDamaged(ILogger log, string path, long offset);

    [LoggerMessage(EventId = 222, Level = LogLevel.Error, Message = "{Path}: damaged at {Offset}: {What}")]
    private static partial void FrameDamaged(ILogger log, string path, long offset, string what);
}
