using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
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
internal sealed record OtlpTarget(OtlpProtocol Protocol, Uri Address, IReadOnlyDictionary<string, string> Headers, bool Gzip)
{
    /// <summary>Longest a request may take; null leaves it to the client.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Who sends, unless a header says so: some gateways refuse requests of nobody.</summary>
    public string Agent { get; init; } = "callwatch";
}

/// <summary>
/// Sends OTLP requests (OTLP 1.x: HTTP with protobuf or JSON, unary gRPC) and reads the answers as the protocol prescribes: what may pass
/// with time is tried again, what is refused is parted until the bad item stands alone, partial success is final.
/// </summary>
internal sealed class OtlpSender(HttpClient http, OtlpTarget target, PlatformAnswer answers)
{
    private const string TraceService = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    public OtlpTarget Target => target;

    /// <summary>The same receiver, spoken to in another way.</summary>
    public OtlpSender With(OtlpProtocol protocol) => new(http, target with { Protocol = protocol }, answers);

    public Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel) => SendAsync(body => OtlpBatch.Write(body, items), items.Count, OtlpJsonShape.Traces, TraceService, cancel);

    /// <param name="request">Writes any OTLP export request in protobuf; nothing when <paramref name="count"/> is 0.</param>
    /// <param name="count">Items in it; a partial success is counted against it.</param>
    public async Task<Delivery> SendAsync(Action<Stream> request, int count, OtlpJsonShape shape, string grpcMethod, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (target.Timeout is { } timeout) limit.CancelAfter(timeout);
        try
        {
            return target.Protocol == OtlpProtocol.Grpc ? await OverGrpcAsync(request, count, grpcMethod, limit.Token) : await OverHttpAsync(request, count, shape, limit.Token);
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new Delivery.TryAgain(PlatformAnswer.Trouble(e));
        }
    }

    private async Task<Delivery> OverHttpAsync(Action<Stream> request, int count, OtlpJsonShape shape, CancellationToken cancel)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, target.Address)
        {
            Content = target.Protocol == OtlpProtocol.HttpJson ? Content(body => body.Write(OtlpJsonOut.Of(shape, Whole(request))), isEmpty: false, "application/json") : Content(request, count == 0, "application/x-protobuf"),
        };
        AddHeaders(message.Headers);
        using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancel);
        if (!response.IsSuccessStatusCode) return await RefusalAsync(response, cancel);
        var body = await PlatformAnswer.BytesAsync(response, cancel);

        if (IsPage(response, body))
            return new Delivery.Blocked(new PlatformWords((int)response.StatusCode, "An HTML page came instead of an OTLP answer: this is no OTLP receiver."));
        return Taken(body, response.Content.Headers.ContentType?.MediaType == "application/json", count);
    }

    // White space before a page's first letter may be the beginning of a message: a line feed and '<' are field 1 with 60 bytes. '<' alone is none.
    private static bool IsPage(HttpResponseMessage response, byte[] body)
    {
        var type = response.Content.Headers.ContentType?.MediaType ?? "";
        var isText = type.StartsWith("text/", StringComparison.OrdinalIgnoreCase) || type.EndsWith("json", StringComparison.OrdinalIgnoreCase);
        return type is "text/html" or "application/xhtml+xml" || body is [(byte)'<', ..] || (isText && PlatformAnswer.IsPage(response, body));
    }

    private HttpContent Content(Action<Stream> request, bool isEmpty, string type)
    {
        // Nothing cannot be compressed: receivers take an empty body that says it is gzip for a broken one.
        var gzip = target.Gzip && !isEmpty;
        using var body = Body(request, gzip);
        var content = body.ToContent();
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (gzip) content.Headers.ContentEncoding.Add("gzip");
        return content;
    }

    // HTTP/2 writes all names in lower case by itself.
    private void AddHeaders(HttpRequestHeaders headers)
    {
        foreach (var (name, value) in target.Headers) headers.TryAddWithoutValidation(name, value);
        if (!headers.Contains("User-Agent")) headers.TryAddWithoutValidation("User-Agent", target.Agent);
    }

    private async Task<Delivery> RefusalAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        // The body of a failure is a google.rpc.Status: in protobuf its message is no text to look for.
        if (response.Content.Headers.ContentType?.MediaType != "application/x-protobuf") return await answers.UsualAsync(response, cancel);
        var status = (int)response.StatusCode;
        var words = answers.Words(status, OtlpAnswers.StatusMessage(await PlatformAnswer.BytesAsync(response, cancel)), response.ReasonPhrase);
        return status switch
        {
            402 => PlanIsUsedUp(response, words),
            401 or 403 or 404 or 405 or 407 => new Delivery.Blocked(words),
            413 => new Delivery.TooLarge(words),
            408 or 425 or 429 or >= 500 => new Delivery.TryAgain(words, answers.RetryAfter(response)),
            >= 300 and < 400 => new Delivery.Blocked(words),
            _ => new Delivery.Refused(words),
        };
    }

    private Delivery.Blocked PlanIsUsedUp(HttpResponseMessage response, PlatformWords words) => new(words, answers.RetryAfter(response) ?? PlatformAnswer.BetweenLooksAtAPlan);

    private Delivery Taken(ReadOnlySpan<byte> body, bool json, int count)
    {
        var (rejected, message) = json ? OtlpAnswers.PartialJson(body.ToArray()) : OtlpAnswers.Partial(body);
        if (rejected <= 0 || count == 0) return new Delivery.Accepted(string.IsNullOrWhiteSpace(message) ? null : answers.Words(200, message));
        return new Delivery.Dropped(answers.Words(200, message, "Some were refused."), (int)Math.Min(rejected, count));
    }

    private async Task<Delivery> OverGrpcAsync(Action<Stream> request, int count, string method, CancellationToken cancel)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(target.Address, method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = Frame(request, target.Gzip && count > 0),
        };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        message.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (target.Gzip) message.Headers.Add("grpc-encoding", "gzip");
        AddHeaders(message.Headers);
        using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancel);
        var body = await PlatformAnswer.BytesAsync(response, cancel);

        // A call that fails at once has its trailers among the headers.
        var status = Trailer(response, "grpc-status");
        if (status is null) return NoGrpc(response, body);
        if (status != "0") return GrpcRefusal(status, Trailer(response, "grpc-message"), Trailer(response, "grpc-status-details-bin"));
        return Taken(body.Length >= GrpcFrame.PrefixBytes && body[0] == 0 ? body.AsSpan(GrpcFrame.PrefixBytes) : [], json: false, count);
    }

    // Something in between has answered; by gRPC's table of what the statuses of HTTP mean, a wrong request aside, for which gRPC has words of its own.
    private Delivery NoGrpc(HttpResponseMessage response, byte[] body)
    {
        var status = (int)response.StatusCode;
        if (response.IsSuccessStatusCode) return new Delivery.TryAgain(new PlatformWords(null, "The answer has no gRPC status: no gRPC is spoken there."));
        var words = answers.Words(status, System.Text.Encoding.UTF8.GetString(body), response.ReasonPhrase is { Length: > 0 } reason ? reason : "The answer has no gRPC status.");
        return status switch
        {
            402 => PlanIsUsedUp(response, words),
            401 or 403 or 404 or 405 or 407 or (>= 300 and < 400) => new Delivery.Blocked(words),
            413 => new Delivery.TooLarge(words),
            _ => new Delivery.TryAgain(words, answers.RetryAfter(response)),
        };
    }

    private static HttpContent Frame(Action<Stream> request, bool gzip)
    {
        using var body = Body(request, gzip);
        var prefix = new byte[GrpcFrame.PrefixBytes];
        prefix[0] = gzip ? (byte)1 : (byte)0;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(prefix.AsSpan(1), (uint)body.Length);
        return body.ToContent(prefix);
    }

    private Delivery GrpcRefusal(string status, string? message, string? details)
    {
        // Statuses of gRPC are not those of HTTP: the number stands in the words, and what to do is told by the outcome.
        var words = answers.Words(null, message is null ? null : Uri.UnescapeDataString(message), "no message");
        words = words with { Message = $"gRPC status {status}: {words.Message}" };
        return status switch
        {
            // Cancelled, unknown, deadline exceeded, aborted, out of range, internal, unavailable, data loss.
            "1" or "2" or "4" or "10" or "11" or "13" or "14" or "15" => new Delivery.TryAgain(words, OtlpAnswers.RetryDelay(details)),
            "8" when OtlpAnswers.RetryDelay(details) is { } delay => new Delivery.TryAgain(words, delay),

            // Resource exhausted without a word on when: mostly a message larger than the server takes.
            "8" => new Delivery.TooLarge(words),

            // Permission denied, unauthenticated, unimplemented.
            "7" => new Delivery.Blocked(words with { Status = 403 }),
            "16" => new Delivery.Blocked(words with { Status = 401 }),
            "12" => new Delivery.Blocked(words with { Status = 404 }),
            _ => new Delivery.Refused(words),
        };
    }

    private static string? Trailer(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out var trailing) ? trailing.First() : response.Headers.TryGetValues(name, out var values) ? values.First() : null;

    private static BodyPieces Body(Action<Stream> request, bool gzip)
    {
        var body = new BodyPieces();
        if (!gzip)
        {
            request(body);
            return body;
        }

        using var packed = new GZipStream(body, CompressionLevel.Fastest, leaveOpen: true);
        request(packed);
        return body;
    }

    private static byte[] Whole(Action<Stream> request)
    {
        using var body = Body(request, gzip: false);
        return body.ToArray();
    }
}
