using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Receive.Otlp;

namespace Callwatch.Forward.Destinations.Shared.Otlp;

/// <summary>How a platform takes OTLP.</summary>
internal enum OtlpProtocol
{
    HttpProtobuf,
    HttpJson,
    Grpc,
}

/// <summary>Where OTLP goes, and what it is sent with. <see cref="Address"/> is the whole address of the signal over HTTP, the host's over gRPC.</summary>
internal sealed record OtlpTarget(OtlpProtocol Protocol, Uri Address, IReadOnlyDictionary<string, string> Headers, bool Gzip);

/// <summary>
/// Sends OTLP requests (OTLP 1.x: HTTP with protobuf or JSON, unary gRPC) and reads the answers as providers/otlp prescribes: what may pass
/// with time is tried again, what is refused is parted until the bad item stands alone, partial success is final.
/// </summary>
internal sealed class OtlpSender(HttpClient http, OtlpTarget target, PlatformAnswer answers)
{
    private const string TraceService = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    public OtlpTarget Target => target;

    public Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel) => SendAsync(OtlpBatch.Request(items), items.Count, OtlpJsonShape.Traces, TraceService, cancel);

    /// <param name="request">Any OTLP export request in protobuf.</param>
    /// <param name="count">Items in it; a partial success is counted against it.</param>
    public async Task<Delivery> SendAsync(byte[] request, int count, OtlpJsonShape shape, string grpcMethod, CancellationToken cancel)
    {
        try
        {
            return target.Protocol == OtlpProtocol.Grpc ? await OverGrpcAsync(request, count, grpcMethod, cancel) : await OverHttpAsync(request, count, shape, cancel);
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new Delivery.TryAgain(PlatformAnswer.Trouble(e));
        }
    }

    private async Task<Delivery> OverHttpAsync(byte[] request, int count, OtlpJsonShape shape, CancellationToken cancel)
    {
        var json = target.Protocol == OtlpProtocol.HttpJson;
        using var message = new HttpRequestMessage(HttpMethod.Post, target.Address) { Content = Content(json ? OtlpJsonOut.Of(shape, request) : request, json ? "application/json" : "application/x-protobuf") };
        AddHeaders(message.Headers);
        using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancel);
        if (!response.IsSuccessStatusCode) return await RefusalAsync(response, cancel);
        return Taken(await response.Content.ReadAsByteArrayAsync(cancel), response.Content.Headers.ContentType?.MediaType == "application/json", count);
    }

    private ByteArrayContent Content(byte[] body, string type)
    {
        var content = new ByteArrayContent(target.Gzip ? Gzip(body) : body);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (target.Gzip) content.Headers.ContentEncoding.Add("gzip");
        return content;
    }

    private void AddHeaders(HttpRequestHeaders headers)
    {
        foreach (var (name, value) in target.Headers) headers.TryAddWithoutValidation(name, value);
    }

    private async Task<Delivery> RefusalAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        // The body of a failure is a google.rpc.Status: in protobuf its message is no text to look for.
        if (response.Content.Headers.ContentType?.MediaType != "application/x-protobuf") return await answers.UsualAsync(response, cancel);
        var status = (int)response.StatusCode;
        var words = answers.Words(status, StatusMessage(await response.Content.ReadAsByteArrayAsync(cancel)), response.ReasonPhrase);
        return status switch
        {
            401 or 403 or 404 or 405 => new Delivery.Blocked(words),
            413 => new Delivery.TooLarge(words),
            408 or 425 or 429 or >= 500 => new Delivery.TryAgain(words, answers.RetryAfter(response)),
            >= 300 and < 400 => new Delivery.Blocked(words),
            _ => new Delivery.Refused(words),
        };
    }

    private Delivery Taken(byte[] body, bool json, int count)
    {
        var (rejected, message) = json ? PartialJson(body) : Partial(body);
        return rejected <= 0 ? new Delivery.Accepted() : new Delivery.Dropped(answers.Words(200, message, "Some were refused."), (int)Math.Min(rejected, count));
    }

    private async Task<Delivery> OverGrpcAsync(byte[] request, int count, string method, CancellationToken cancel)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(target.Address, method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(Frame(request)),
        };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        message.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (target.Gzip) message.Headers.Add("grpc-encoding", "gzip");
        foreach (var (name, value) in target.Headers) message.Headers.TryAddWithoutValidation(name.ToLowerInvariant(), value);
        using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancel);
        var body = await response.Content.ReadAsByteArrayAsync(cancel);

        // A call that fails at once has its trailers among the headers.
        var status = Trailer(response, "grpc-status");
        if (status is null) return response.IsSuccessStatusCode ? new Delivery.TryAgain(new PlatformWords(null, "The answer has no gRPC status: no gRPC is spoken there.")) : await answers.UsualAsync(response, cancel);
        if (status != "0") return GrpcRefusal(status, Trailer(response, "grpc-message"), Trailer(response, "grpc-status-details-bin"));
        return Taken(body.Length >= GrpcFrame.PrefixBytes ? body[GrpcFrame.PrefixBytes..] : [], json: false, count);
    }

    private byte[] Frame(byte[] request)
    {
        var body = target.Gzip ? Gzip(request) : request;
        var frame = new byte[body.Length + GrpcFrame.PrefixBytes];
        frame[0] = target.Gzip ? (byte)1 : (byte)0;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)body.Length);
        body.CopyTo(frame, GrpcFrame.PrefixBytes);
        return frame;
    }

    private Delivery GrpcRefusal(string status, string? message, string? details)
    {
        var words = answers.Words(null, message is null ? null : Uri.UnescapeDataString(message), "gRPC status " + status + ".");
        words = words with { Message = $"gRPC status {status}: {words.Message}" };
        return status switch
        {
            // Cancelled, unknown, deadline exceeded, aborted, out of range, internal, unavailable, data loss.
            "1" or "2" or "4" or "10" or "11" or "13" or "14" or "15" => new Delivery.TryAgain(words, RetryDelay(details)),
            "8" when RetryDelay(details) is { } delay => new Delivery.TryAgain(words, delay),

            // Resource exhausted without a word on when: mostly a message larger than the server takes.
            "8" => new Delivery.TooLarge(words),
            "7" or "16" or "12" => new Delivery.Blocked(words),
            _ => new Delivery.Refused(words),
        };
    }

    private static string? Trailer(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out var trailing) ? trailing.First() : response.Headers.TryGetValues(name, out var values) ? values.First() : null;

    // google.rpc.Status { code 1, message 2, details 3 (Any { type_url 1, value 2 }) }; google.rpc.RetryInfo { retry_delay 1 (Duration { seconds 1, nanos 2 }) }.
    private static TimeSpan? RetryDelay(string? details)
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
                if (duration is { Field: 2, Type: WireType.Varint }) seconds += duration.Number / 1e9;
            }

            return TimeSpan.FromSeconds(seconds);
        }

        return null;
    }

    private static string? StatusMessage(byte[] body)
    {
        var status = new ProtobufReader(body);
        while (status.Read())
            if (status is { Field: 2, Type: WireType.Bytes }) return Encoding.UTF8.GetString(status.Bytes);
        return null;
    }

    // ExportTraceServiceResponse { partial_success 1 { rejected_spans 1, error_message 2 } }.
    private static (long Rejected, string? Message) Partial(ReadOnlySpan<byte> body)
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

    private static (long Rejected, string? Message) PartialJson(byte[] body)
    {
        try
        {
            var partial = body.Length == 0 ? null : JsonNode.Parse(body)?["partialSuccess"];
            return long.TryParse(partial?["rejectedSpans"]?.ToString(), out var rejected) ? (rejected, partial?["errorMessage"]?.ToString()) : default;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // It has said 200: what else it says is no contract.
            return default;
        }
    }

    private static byte[] Gzip(byte[] body)
    {
        using var packed = new MemoryStream(body.Length / 4);
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(body);
        return packed.ToArray();
    }
}
