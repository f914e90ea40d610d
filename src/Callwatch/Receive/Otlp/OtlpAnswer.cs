using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Callwatch.Journal;
using Callwatch.Receive.Bodies;

namespace Callwatch.Receive.Otlp;

/// <summary>What OTLP answers: the response of a service, or a <c>google.rpc.Status</c>, in the format of the request.</summary>
public static class OtlpAnswer
{
    private const int MostBytes = 64 * 1024;

    /// <summary>An Export…ServiceResponse; with a message it has a partial success.</summary>
    public static byte[] Response(OtlpFormat format, Signal signal, long rejected, string? message) => format == OtlpFormat.Json
        ? Json(json =>
        {
            if (message is null) return;
            json.WriteStartObject("partialSuccess");
            // A 64-bit integer, so a string in this mapping.
            json.WriteString(RejectedName(signal), rejected.ToString(CultureInfo.InvariantCulture));
            json.WriteString("errorMessage", message);
            json.WriteEndObject();
        })
        : message is null ? [] : Protobuf(writer =>
        {
            var partial = writer.Begin(1);
            if (rejected != 0) writer.Varint(1, (ulong)rejected);
            writer.Bytes(2, Encoding.UTF8.GetBytes(message));
            writer.End(partial);
        });

    /// <param name="code">Of <c>google.rpc.Code</c>.</param>
    /// <param name="retryAfter">Adds a <c>google.rpc.RetryInfo</c>.</param>
    public static byte[] Status(OtlpFormat format, int code, string message, TimeSpan? retryAfter = null) => format == OtlpFormat.Json
        ? Json(json =>
        {
            json.WriteNumber("code", code);
            json.WriteString("message", message);
            if (retryAfter is not { } delay) return;
            json.WriteStartArray("details");
            json.WriteStartObject();
            json.WriteString("@type", RetryInfo);
            json.WriteString("retryDelay", delay.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture) + "s");
            json.WriteEndObject();
            json.WriteEndArray();
        })
        : Protobuf(writer =>
        {
            writer.Varint(1, (ulong)code);
            writer.Bytes(2, Encoding.UTF8.GetBytes(message));
            if (retryAfter is not { } delay) return;
            var detail = writer.Begin(3);
            writer.Bytes(1, Encoding.UTF8.GetBytes(RetryInfo));
            var info = writer.Begin(2);
            var duration = writer.Begin(1);
            writer.Varint(1, (ulong)delay.TotalSeconds);
            writer.Varint(2, (ulong)(delay.Ticks % TimeSpan.TicksPerSecond * 100));
            writer.End(duration);
            writer.End(info);
            writer.End(detail);
        });

    private static string RetryInfo => "type.googleapis.com/google.rpc.RetryInfo";

    private static string RejectedName(Signal signal) => signal switch
    {
        Signal.Logs => "rejectedLogRecords",
        Signal.Metrics => "rejectedDataPoints",
        _ => "rejectedSpans",
    };

    private static byte[] Json(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes);
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    private static byte[] Protobuf(Action<ProtobufWriter> write)
    {
        using var buffer = new PayloadBuffer(budget: null, MostBytes);
        write(new ProtobufWriter(buffer));
        return buffer.Written.ToArray();
    }
}
