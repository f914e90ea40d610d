using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Receive.Otlp;

namespace Callwatch.Forward.Destinations.Shared.Otlp;

/// <summary>The messages that OTLP receivers answer with. What cannot be read says nothing; it never throws.</summary>
internal static class OtlpAnswers
{
    /// <summary>ExportTraceServiceResponse { partial_success 1 { rejected_spans 1, error_message 2 } }; those of logs and metrics have the same numbers.</summary>
    public static (long Rejected, string? Message) Partial(ReadOnlySpan<byte> body)
    {
        (long Rejected, string? Message) partial = default;
        var response = new ProtobufReader(body);
        while (response.Read())
        {
            if (response is not { Field: 1, Type: WireType.Bytes }) continue;
            var inner = new ProtobufReader(response.Bytes);
            while (inner.Read())
            {
                if (inner is { Field: 1, Type: WireType.Varint }) partial.Rejected = (long)inner.Number;
                if (inner is { Field: 2, Type: WireType.Bytes }) partial.Message = Encoding.UTF8.GetString(inner.Bytes);
            }
        }

        return partial;
    }

    public static (long Rejected, string? Message) PartialJson(byte[] body)
    {
        try
        {
            if (body.Length == 0 || JsonNode.Parse(body) is not JsonObject { } answer || answer["partialSuccess"] is not JsonObject partial) return default;
            var rejected = partial["rejectedSpans"] ?? partial["rejectedLogRecords"] ?? partial["rejectedDataPoints"];
            return (long.TryParse(rejected?.ToString(), out var count) ? count : 0, partial["errorMessage"]?.ToString());
        }
        catch (JsonException)
        {
            // It has said 200: what else it says is no contract.
            return default;
        }
    }

    /// <summary>The message of a google.rpc.Status.</summary>
    public static string? StatusMessage(byte[] body)
    {
        var status = new ProtobufReader(body);
        while (status.Read())
            if (status is { Field: 2, Type: WireType.Bytes }) return Encoding.UTF8.GetString(status.Bytes);
        return null;
    }

    /// <summary>
    /// google.rpc.Status { code 1, message 2, details 3 (Any { type_url 1, value 2 }) }; google.rpc.RetryInfo { retry_delay 1 (Duration { seconds 1, nanos 2 }) }.
    /// </summary>
    public static TimeSpan? RetryDelay(string? details)
    {
        if (details is null) return null;
        var bytes = new byte[details.Length];
        var padded = details.PadRight((details.Length + 3) / 4 * 4, '=');
        if (!Convert.TryFromBase64String(padded, bytes, out var length)) return null;
        var status = new ProtobufReader(bytes.AsSpan(0, length));
        while (status.Read())
        {
            if (status is not { Field: 3, Type: WireType.Bytes }) continue;
            var isRetryInfo = false;
            var any = new ProtobufReader(status.Bytes);
            while (any.Read())
            {
                if (any is { Field: 1, Type: WireType.Bytes }) isRetryInfo = Encoding.UTF8.GetString(any.Bytes).EndsWith("google.rpc.RetryInfo", StringComparison.Ordinal);
                if (isRetryInfo && any is { Field: 2, Type: WireType.Bytes }) return DurationIn(any.Bytes);
            }
        }

        return null;
    }

    private static TimeSpan? DurationIn(ReadOnlySpan<byte> retryInfo)
    {
        var info = new ProtobufReader(retryInfo);
        while (info.Read())
        {
            if (info is not { Field: 1, Type: WireType.Bytes }) continue;
            double seconds = 0;
            var duration = new ProtobufReader(info.Bytes);
            while (duration.Read())
            {
                if (duration is { Field: 1, Type: WireType.Varint }) seconds += Math.Min(duration.Number, 1_000_000);
                if (duration is { Field: 2, Type: WireType.Varint }) seconds += Math.Min(duration.Number, 999_999_999) / 1e9;
            }

            return TimeSpan.FromSeconds(seconds);
        }

        return null;
    }
}
