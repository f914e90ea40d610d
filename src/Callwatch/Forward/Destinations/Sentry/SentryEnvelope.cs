using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Sentry;

/// <summary>An envelope with one item: header, item header and payload, a line each; lengths are bytes (Sentry "envelopes", protocol version 7).</summary>
internal static class SentryEnvelope
{
    /// <param name="type"><c>event</c> or <c>transaction</c>.</param>
    /// <param name="trace">Of a transaction: for the sampling context.</param>
    public static byte[] Of(string type, string id, ReadOnlyMemory<byte> payload, TraceId? trace, SentryOptions options, DateTimeOffset now)
    {
        var header = new JsonObject
        {
            ["event_id"] = id,
            ["sent_at"] = Timestamp.From(now).Iso(3),
            ["sdk"] = new JsonObject { ["name"] = "callwatch.dotnet", ["version"] = options.Version },
        };
        if (trace is { } sampled)
        {
            header["trace"] = new JsonObject
            {
                ["trace_id"] = sampled.ToString(),
                ["public_key"] = options.Dsn.PublicKey,
                ["sample_rate"] = SentryText.Number(options.TracesSampleRate),
                ["sample_rand"] = SentryText.Number(SentryText.Draw(sampled)),
                ["sampled"] = "true",
            };
        }

        var item = new JsonObject { ["type"] = type, ["content_type"] = "application/json", ["length"] = payload.Length };
        using var envelope = new MemoryStream();
        Line(envelope, Encoding.UTF8.GetBytes(header.ToJsonString()));
        Line(envelope, Encoding.UTF8.GetBytes(item.ToJsonString()));
        Line(envelope, payload.Span);
        return envelope.ToArray();
    }

    public static byte[] Gzip(byte[] envelope)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(envelope);
        return packed.ToArray();
    }

    private static void Line(MemoryStream envelope, ReadOnlySpan<byte> bytes)
    {
        envelope.Write(bytes);
        envelope.WriteByte((byte)'\n');
    }
}
