using Callwatch.Telemetry;
using Microsoft.Extensions.Logging;

namespace Callwatch.Journal.Segments;

/// <summary>Counts each damaged place once, whoever meets it, and says so.</summary>
internal sealed partial class Damage(Counters counters, ILogger log)
{
    private int records;
    private int segments;

    public int Records => Volatile.Read(ref records);

    public int Segments => Volatile.Read(ref segments);

    public void Record(Segment segment, long offset)
    {
        if (!segment.IsNewDamage(offset)) return;
        Interlocked.Increment(ref records);
        counters.Add(Reason.DamagedRecord);
        RecordDamaged(log, segment.Path, offset);
    }

    public void Segment()
    {
        Interlocked.Increment(ref segments);
        counters.Add(Reason.DamagedSegment);
    }

    [LoggerMessage(EventId = 221, Level = LogLevel.Error, Message = "{Path}: damaged at {Offset}; what lies there is passed over")]
    private static partial void RecordDamaged(ILogger log, string path, long offset);
}
