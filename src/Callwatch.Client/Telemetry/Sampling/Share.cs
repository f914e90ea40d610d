using System.Buffers.Binary;
using System.Diagnostics;

namespace Callwatch.Client.Telemetry.Sampling;

/// <summary>
/// Whether a trace is among a share of all, by the last eight bytes of its id: every service and every rule decides alike, so that a larger share
/// holds all of a smaller one. The first eight of some ids are a time.
/// </summary>
internal static class Share
{
    public static bool Holds(double rate, ActivityTraceId trace)
    {
        if (rate >= 1) return true;
        if (rate <= 0) return false;
        Span<byte> bytes = stackalloc byte[16];
        trace.CopyTo(bytes);
        return BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]) < rate * ulong.MaxValue;
    }
}
