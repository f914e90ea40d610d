using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Callwatch.Testing;

namespace Callwatch.Benchmarks;

/// <summary>
/// OTLP requests to send, each with ids and times of its own: made once with stand-ins for them, which are then written over in each copy.
/// </summary>
internal sealed class Bodies
{
    private const ulong StartStandIn = 0x7473_7473_7473_7473, EndStandIn = 0x6E65_6E65_6E65_6E65;

    private readonly byte[] template;
    private readonly bool isJson;
    private readonly bool gzip;
    private readonly List<(int At, Field Field)> places = [];

    private Bodies(byte[] template, bool isJson, bool gzip)
    {
        (this.template, this.isJson, this.gzip) = (template, isJson, gzip);
        Find(isJson ? new string('d', 32) : "TRACEID_TRACEID_", Field.Trace);
        Find(isJson ? new string('e', 16) : "SPANID__", Field.Span);
        Find(isJson ? new string('1', 19) : Encoding.Latin1.GetString(BitConverter.GetBytes(StartStandIn)), Field.Start);
        Find(isJson ? new string('2', 19) : Encoding.Latin1.GetString(BitConverter.GetBytes(EndStandIn)), Field.End);
        Find("SESSION_STANDIN_", Field.Session);
        places.Sort();
    }

    private enum Field
    {
        Trace, Span, Start, End, Session,
    }

    public int RawBytes => template.Length;

    public string Headers => $"Content-Type: application/{(isJson ? "json" : "x-protobuf")}\r\n{(gzip ? "Content-Encoding: gzip\r\n" : "")}";

    /// <summary>Spans of a web service, about 600 bytes each, eight to a trace.</summary>
    public static Bodies Plain(int spans, bool json, bool gzip = true) => new(
        json ? Json(spans, PlainAttributes) : Protobuf(spans, "GET /api/orders/{order_id}", PlainAttributes), json, gzip);

    /// <summary>Model calls with a chat history of about 10 KB in and a short answer, of a thousand sessions in turn.</summary>
    public static Bodies Calls(int calls, bool gzip = true) => new(Protobuf(calls, "chat gpt-4o-mini", CallAttributes), isJson: false, gzip);

    /// <summary>One request, never the same twice.</summary>
    public byte[] Next(Random random, DateTimeOffset now, int spansPerTrace = 8)
    {
        var body = template.ToArray();
        Span<byte> trace = stackalloc byte[16];
        Span<byte> span = stackalloc byte[8];
        var seen = 0;
        var end = (ulong)(now - DateTimeOffset.UnixEpoch).Ticks * 100;
        var start = end;
        foreach (var (at, field) in places)
        {
            switch (field)
            {
                case Field.Trace:
                    if (seen++ % spansPerTrace == 0) random.NextBytes(trace);
                    Put(body, at, trace);
                    break;
                case Field.Span:
                    random.NextBytes(span);
                    Put(body, at, span);
                    break;
                case Field.Start:
                    start = end - (ulong)random.Next(1_000_000, 900_000_000);
                    PutTime(body, at, start);
                    break;
                case Field.End:
                    PutTime(body, at, end);
                    break;
                case Field.Session:
                    Encoding.ASCII.GetBytes(random.Next(1000).ToString("session-D8", CultureInfo.InvariantCulture).PadRight(16, '_')).CopyTo(body, at);
                    break;
            }
        }

        return gzip ? Gzip(body) : body;
    }

    private static byte[] Gzip(byte[] body)
    {
        using var result = new MemoryStream();
        using (var zip = new GZipStream(result, CompressionLevel.Fastest)) zip.Write(body);
        return result.ToArray();
    }

    private void Find(string standIn, Field field)
    {
        var pattern = Encoding.Latin1.GetBytes(standIn);
        for (var at = 0; template.AsSpan(at).IndexOf(pattern) is var found and >= 0; at += pattern.Length)
        {
            at += found;
            places.Add((at, field));
        }
    }

    private void Put(byte[] body, int at, ReadOnlySpan<byte> id)
    {
        if (isJson) Encoding.ASCII.GetBytes(Convert.ToHexStringLower(id)).CopyTo(body, at);
        else id.CopyTo(body.AsSpan(at));
    }

    private void PutTime(byte[] body, int at, ulong time)
    {
        if (isJson) Encoding.ASCII.GetBytes(time.ToString(CultureInfo.InvariantCulture)).CopyTo(body, at);
        else BinaryPrimitives.WriteUInt64LittleEndian(body.AsSpan(at), time);
    }

    private static byte[] Protobuf(int spans, string name, Func<Random, List<(string Key, object Value)>> attributes)
    {
        var random = new Random(7);
        var scope = new ProtobufBytes().Message(1, new ProtobufBytes().Text(1, "bench").Text(2, "1.0"));
        for (var i = 0; i < spans; i++)
        {
            var span = new ProtobufBytes().Text(1, "TRACEID_TRACEID_").Text(2, "SPANID__").Text(5, name).Varint(6, 2).Fixed64(7, StartStandIn).Fixed64(8, EndStandIn);
            foreach (var (key, value) in attributes(random)) span.Attribute(9, key, value);
            scope.Message(2, span);
        }

        var resource = new ProtobufBytes().Attribute(1, "service.name", "bench").Attribute(1, "deployment.environment.name", "load");
        return new ProtobufBytes().Message(1, new ProtobufBytes().Message(1, resource).Message(2, scope)).ToArray();
    }

    private static byte[] Json(int spans, Func<Random, List<(string Key, object Value)>> attributes)
    {
        var random = new Random(7);
        var all = string.Join(',', Enumerable.Range(0, spans).Select(_ =>
        {
            var fields = string.Join(',', attributes(random).Select(attribute => attribute.Value is string text
                ? $$$"""{"key":"{{{attribute.Key}}}","value":{"stringValue":"{{{text}}}"}}"""
                : $$$"""{"key":"{{{attribute.Key}}}","value":{"intValue":"{{{attribute.Value}}}"}}"""));
            return $$"""{"traceId":"{{new string('d', 32)}}","spanId":"{{new string('e', 16)}}","name":"GET /api/orders/{order_id}","kind":2,"startTimeUnixNano":"{{new string('1', 19)}}","endTimeUnixNano":"{{new string('2', 19)}}","attributes":[{{fields}}]}""";
        }));
        return Encoding.UTF8.GetBytes(
            $$$"""{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"bench"}}]},"scopeSpans":[{"scope":{"name":"bench"},"spans":[{{{all}}}]}]}]}""");
    }

    private static List<(string Key, object Value)> PlainAttributes(Random random) =>
    [
        ("http.request.method", "GET"), ("url.path", $"/api/orders/{random.NextInt64():x16}"), ("url.scheme", "https"), ("url.query", $"expand=lines&currency=EUR&page={random.Next(50)}"),
        ("server.address", $"orders-{random.Next(12)}.internal.example"), ("server.port", 8443), ("http.route", "/api/orders/{order_id}"), ("http.response.status_code", random.Next(9) == 0 ? 404 : 200),
        ("user_agent.original", $"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.{random.Next(40)}"), ("network.protocol.version", "1.1"), ("client.address", $"192.0.2.{random.Next(256)}"),
        ("thread.id", random.Next(64)), ("enduser.pseudo.id", $"{random.Next():x8}"), ("order.state", random.Next(2) == 0 ? "shipped" : "waiting"),
    ];

    private static List<(string Key, object Value)> CallAttributes(Random random)
    {
        var words = "the refund for order was sent on monday and should arrive within five working days please check your account".Split(' ');
        var messages = string.Join(',', Enumerable.Range(0, 12).Select(i =>
            $$"""{"role":"{{(i % 2 == 0 ? "user" : "assistant")}}","parts":[{"type":"text","content":"{{string.Join(' ', Enumerable.Range(0, 130).Select(_ => words[random.Next(words.Length)]))}}"}]}"""));
        return
        [
            ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o-mini"), ("gen_ai.response.model", "gpt-4o-mini-2024-07-18"),
            ("gen_ai.conversation.id", "SESSION_STANDIN_"), ("user.id", $"user-{random.Next(500)}"), ("gen_ai.usage.input_tokens", random.Next(1500, 2500)), ("gen_ai.usage.output_tokens", random.Next(20, 300)),
            ("gen_ai.input.messages", "[" + messages + "]"),
            ("gen_ai.output.messages", """[{"role":"assistant","parts":[{"type":"text","content":"The refund has been sent and will arrive this week."}],"finish_reason":"stop"}]"""),
        ];
    }
}
