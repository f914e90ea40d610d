using System.Buffers.Binary;
using Callwatch.Receive.Otlp;

namespace Callwatch.Receive.Importing;

/// <summary>The times in an ExportTraceServiceRequest, where they lie: they have a fixed width, so that moving them moves no byte else.</summary>
public static class ImportTimes
{
    /// <summary>Moves beginnings, ends and events of all spans; the answer is how many spans there are. What is unknown (0) stays so.</summary>
    /// <param name="nanoseconds">Later, or with a minus earlier.</param>
    public static long Shift(Span<byte> request, long nanoseconds)
    {
        long spans = 0;
        var outer = new ProtobufReader(request);
        while (outer.Read())
        {
            if (outer is not { Field: 1, Type: WireType.Bytes }) continue;
            var middle = new ProtobufReader(outer.Bytes);
            while (middle.Read())
            {
                if (middle is not { Field: 2, Type: WireType.Bytes }) continue;
                var inner = new ProtobufReader(middle.Bytes);
                while (inner.Read())
                {
                    if (inner is not { Field: 2, Type: WireType.Bytes }) continue;
                    spans++;
                    if (nanoseconds != 0) ShiftSpan(request.Slice(outer.BytesStart + middle.BytesStart + inner.BytesStart, inner.Bytes.Length), nanoseconds);
                }
            }
        }

        return spans;
    }

    /// <summary>The latest end of a span; null without one.</summary>
    public static long? LatestEnd(ReadOnlySpan<byte> request)
    {
        long? latest = null;
        foreach (var span in OtlpSpan.In(request))
            if (span.EndUnixNanoseconds is > 0 and <= long.MaxValue and var end && (latest is null || (long)end > latest)) latest = (long)end;
        return latest;
    }

    private static void ShiftSpan(Span<byte> span, long nanoseconds)
    {
        var fields = new ProtobufReader(span);
        while (fields.Read())
        {
            if (fields is { Field: 7 or 8, Type: WireType.Fixed64 }) Move(span[(fields.FieldEnd - 8)..], nanoseconds);
            else if (fields is { Field: 11, Type: WireType.Bytes }) ShiftEvent(span.Slice(fields.BytesStart, fields.Bytes.Length), nanoseconds);
        }
    }

    private static void ShiftEvent(Span<byte> happened, long nanoseconds)
    {
        var fields = new ProtobufReader(happened);
        while (fields.Read())
            if (fields is { Field: 1, Type: WireType.Fixed64 }) Move(happened[(fields.FieldEnd - 8)..], nanoseconds);
    }

    private static void Move(Span<byte> at, long nanoseconds)
    {
        var time = BinaryPrimitives.ReadUInt64LittleEndian(at);
        // Beyond these, a time is nonsense that intake has its own rules for.
        if (time is 0 or > long.MaxValue || (nanoseconds < 0 && time <= (ulong)-nanoseconds) || (nanoseconds > 0 && time > long.MaxValue - (ulong)nanoseconds)) return;
        BinaryPrimitives.WriteUInt64LittleEndian(at, (ulong)((long)time + nanoseconds));
    }
}
