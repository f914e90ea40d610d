using System.Buffers.Binary;
using System.Text.Json;

namespace Callwatch.Testing.StandIns;

/// <summary>
/// A receiver of OTLP traces that takes nothing but what the protocol allows (OTLP 1.x over HTTP with protobuf or JSON, and unary gRPC) and says what is wrong
/// with the rest in the protocol's own way: a google.rpc.Status in the encoding of the request, a gRPC status in the trailers.
/// </summary>
public class OtlpStandIn : WireHost
{
    public const string GrpcPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    private readonly Lock gate = new();
    private readonly List<WireSpan> spans = [];

    /// <summary>What every request must carry; values as they must be. Empty: anybody may send.</summary>
    public IReadOnlyDictionary<string, string> Keys { get; init; } = new Dictionary<string, string>();

    /// <summary>Largest request, inflated.</summary>
    public int MostBytes { get; set; } = 4 << 20;

    /// <summary>Where it listens over HTTP.</summary>
    public string Path { get; init; } = "/v1/traces";

    /// <summary>Encodings it takes.</summary>
    public IReadOnlyList<string> Types { get; init; } = ["application/x-protobuf", "application/json"];

    /// <summary>Spans of requests that are dropped in silence but for a partial success: those this finds.</summary>
    public Func<WireSpan, bool>? Drops { get; set; }

    /// <summary>Everything that was taken, in order; a span that came twice is there twice.</summary>
    public IReadOnlyList<WireSpan> Spans
    {
        get
        {
            lock (gate) return [.. spans];
        }
    }

    public static async Task<OtlpStandIn> StartNewAsync()
    {
        var standIn = new OtlpStandIn();
        await standIn.StartAsync();
        return standIn;
    }

    protected override WireAnswer Answer(WireRequest request) =>
        request.Header("content-type")?.StartsWith("application/grpc", StringComparison.Ordinal) == true ? OverGrpc(request) : OverHttp(request);

    /// <summary>What the platform asks beyond the protocol; of a plain receiver the one resource attribute that the semantic conventions ask for.</summary>
    /// <exception cref="WireException">The request as a whole is refused.</exception>
    protected virtual void Check(IReadOnlyList<WireSpan> request)
    {
        if (request.Any(span => span.Resource.Find("service.name") is not string { Length: > 0 })) throw new WireException("resource: it has no service.name");
    }

    private WireAnswer OverHttp(WireRequest request)
    {
        var type = request.Header("content-type") ?? "";
        var isJson = type == "application/json";
        if (request.Path != Path) return Refusal(404, "no such path", isJson);
        if (request.Method != "POST") return Refusal(405, "only POST", isJson).With("Allow", "POST");
        if (!HasKeys(request)) return Refusal(401, "unknown key", isJson);
        if (!Types.Contains(type)) return Refusal(415, $"unsupported content type {type}", isJson);
        var coding = request.Header("content-encoding");
        if (coding is not (null or "gzip")) return Refusal(415, $"unsupported content encoding {coding}", isJson);
        try
        {
            var body = request.Inflated(coding);
            if (body.Length > MostBytes) return Refusal(413, $"a request has at most {MostBytes} bytes", isJson);
            var dropped = Take(isJson ? OtlpJsonWire.Read(body) : OtlpWire.Read(body));
            return isJson ? new WireAnswer(200, dropped == 0 ? "{}" : $$$"""{"partialSuccess":{"rejectedSpans":"{{{dropped}}}","errorMessage":"dropped {{{dropped}}}"}}""", "application/json")
                : new WireAnswer(200, Partial(dropped), "application/x-protobuf");
        }
        catch (WireException e)
        {
            return Refusal(400, e.Message, isJson);
        }
    }

    private WireAnswer OverGrpc(WireRequest request)
    {
        if (request.Protocol != "HTTP/2") return new WireAnswer(505, "gRPC needs HTTP/2");
        if (request.Header("te") != "trailers") return GrpcStatus(13, "te: trailers is missing");
        if (request.Path != GrpcPath) return GrpcStatus(12, "unknown service or method");
        if (!HasKeys(request)) return GrpcStatus(16, "unknown key");
        try
        {
            var body = Unframed(request);
            if (body.Length > MostBytes) return GrpcStatus(8, "message larger than max");
            var partial = Partial(Take(OtlpWire.Read(body)));
            var frame = new byte[5 + partial.Length];
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)partial.Length);
            partial.CopyTo(frame, 5);
            return new WireAnswer(200, frame, "application/grpc").Trailing("grpc-status", "0");
        }
        catch (WireException e)
        {
            return GrpcStatus(3, e.Message);
        }
    }

    private static byte[] Unframed(WireRequest request)
    {
        var sent = request.Sent;
        if (sent.Length < 5) throw new WireException("a frame has five bytes before its message");
        if (BinaryPrimitives.ReadUInt32BigEndian(sent.AsSpan(1)) != sent.Length - 5) throw new WireException("the frame's length is not that of its message");
        if (sent[0] > 1) throw new WireException("the frame's flag is 0 or 1");
        var coding = request.Header("grpc-encoding");
        if (sent[0] == 1 && coding != "gzip") throw new WireException("a compressed message needs grpc-encoding: gzip");
        return (request with { Sent = sent[5..] }).Inflated(sent[0] == 1 ? "gzip" : null);
    }

    /// <summary>A call that fails at once has its trailers among the headers.</summary>
    public static WireAnswer GrpcStatus(int status, string message) =>
        new WireAnswer(200, [], "application/grpc").With("grpc-status", status.ToString(System.Globalization.CultureInfo.InvariantCulture)).With("grpc-message", Uri.EscapeDataString(message));

    private int Take(IReadOnlyList<WireSpan> request)
    {
        Check(request);
        var wanted = Drops is null ? request : [.. request.Where(span => !Drops(span))];
        lock (gate) spans.AddRange(wanted);
        return request.Count - wanted.Count;
    }

    private bool HasKeys(WireRequest request) => Keys.All(key => request.Header(key.Key) == key.Value);

    // ExportTraceServiceResponse { partial_success { rejected_spans, error_message } }; empty when all is taken.
    private static byte[] Partial(int dropped) => dropped == 0 ? []
        : new ProtobufBytes().Message(1, new ProtobufBytes().Varint(1, (ulong)dropped).Text(2, $"dropped {dropped}")).ToArray();

    // google.rpc.Status { code, message }.
    private static WireAnswer Refusal(int status, string message, bool isJson) => isJson
        ? new WireAnswer(status, JsonSerializer.Serialize(new { code = 3, message }), "application/json")
        : new WireAnswer(status, new ProtobufBytes().Varint(1, 3).Text(2, message).ToArray(), "application/x-protobuf");
}
