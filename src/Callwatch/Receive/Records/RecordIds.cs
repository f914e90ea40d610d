using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Callwatch.Spans;

namespace Callwatch.Receive.Records;

/// <summary>
/// Ids made of what a record says, so that the same record twice is one trace, and records of one message meet whichever comes first.
/// A hash is SHA-256 over its parts, each as UTF-8 behind its length in four bytes (big-endian).
/// </summary>
public static class RecordIds
{
    /// <summary>A W3C trace id as it is, a UUID's 16 bytes, else the first 16 bytes of the hash of the tenant's number and the key.</summary>
    public static TraceId TraceOf(int tenantId, string key)
    {
        if (TraceId.TryParse(key, null, out var own) && !own.IsNone) return own;
        if (key.Length == 36 && Guid.TryParseExact(key, "D", out _) && TraceId.TryParse(key.Replace("-", "", StringComparison.Ordinal), null, out var uuid) && !uuid.IsNone) return uuid;
        TraceId.TryRead(Hash(tenantId.ToString(System.Globalization.CultureInfo.InvariantCulture), key).AsSpan(0, 16), out var made);
        return made;
    }

    /// <summary>The first 8 bytes of the hash of the trace id, the type and the record's own id.</summary>
    public static SpanId SpanOf(TraceId trace, string type, string ownId)
    {
        var id = BinaryPrimitives.ReadUInt64BigEndian(Hash(trace.ToString(), type, ownId));
        return new SpanId(id == 0 ? 1 : id);
    }

    /// <summary>The span of the message itself, beneath which all other records of it stand.</summary>
    public static SpanId MessageSpan(TraceId trace, string messageId) => SpanOf(trace, "message", messageId);

    private static byte[] Hash(params ReadOnlySpan<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[4];
        foreach (var part in parts)
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        return hash.GetHashAndReset();
    }
}
