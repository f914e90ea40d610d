using Callwatch.Spans;

namespace Callwatch.Testing;

/// <summary>Builders of OTLP requests: <c>A.Traces(A.Span("chat gpt-4o").With("gen_ai.system", "openai"))</c>.</summary>
public static class A
{
    /// <summary>When built spans start unless they say otherwise: 2026-09-17T12:00:00Z, as <see cref="ManualTime"/>.</summary>
    public static Timestamp Noon { get; } = Timestamp.From(new DateTimeOffset(2026, 9, 17, 12, 0, 0, TimeSpan.Zero));

    public static TraceId TraceId(ulong number) => new(0x0A0A_0A0A_0A0A_0A0A, number);

    /// <summary>A span of trace 1 with id 1 that starts at <see cref="Noon"/> and lasts 100 ms.</summary>
    public static SpanBuilder Span(string name = "span") => new(name);

    /// <summary>A GenAI event as a log record for span 1 of trace 1.</summary>
    public static LogBuilder Log(string eventName) => new(eventName);

    /// <summary>An ExportTraceServiceRequest with one resource and one scope.</summary>
    public static byte[] Traces(params SpanBuilder[] spans) => new ResourceBuilder().Holding(spans).Traces();

    /// <summary>An ExportLogsServiceRequest with one resource and one scope.</summary>
    public static byte[] Logs(params LogBuilder[] logs) => new ResourceBuilder().Logs(logs);

    /// <summary>A resource that says who sends: <c>A.Resource("shop", ("deployment.environment.name", "staging")).Holding(...).Traces()</c>.</summary>
    public static ResourceBuilder Resource(string? serviceName = null, params (string Key, object? Value)[] attributes) =>
        new ResourceBuilder().With(serviceName is null ? attributes : [("service.name", serviceName), .. attributes]);

    /// <summary>Several resources in one request.</summary>
    public static byte[] Together(params ResourceBuilder[] resources) => [.. resources.SelectMany(resource => resource.Traces())];
}

/// <summary>One resource with one scope.</summary>
public sealed class ResourceBuilder
{
    private readonly List<(string Key, object? Value)> attributes = [];
    private readonly List<(string Key, object? Value)> scopeAttributes = [];
    private readonly List<SpanBuilder> spans = [];
    private string scopeName = "tests";
    private string scopeVersion = "1.0.0";

    public ResourceBuilder With(params (string Key, object? Value)[] values)
    {
        attributes.AddRange(values);
        return this;
    }

    public ResourceBuilder Scope(string name, string version = "1.0.0", params (string Key, object? Value)[] values)
    {
        (scopeName, scopeVersion) = (name, version);
        scopeAttributes.AddRange(values);
        return this;
    }

    public ResourceBuilder Holding(params SpanBuilder[] more)
    {
        spans.AddRange(more);
        return this;
    }

    public byte[] Traces() => Request(spans.Select(span => span.Message()));

    public byte[] Logs(params LogBuilder[] logs) => Request(logs.Select(log => log.Message()));

    // Traces and logs have the same three levels with the same field numbers.
    private byte[] Request(IEnumerable<ProtobufBytes> records)
    {
        var resource = new ProtobufBytes();
        foreach (var (key, value) in attributes) resource.Attribute(1, key, value);
        var scope = new ProtobufBytes().Text(1, scopeName).Text(2, scopeVersion);
        foreach (var (key, value) in scopeAttributes) scope.Attribute(3, key, value);
        var scoped = new ProtobufBytes().Message(1, scope);
        foreach (var record in records) scoped.Message(2, record);
        return new ProtobufBytes().Message(1, new ProtobufBytes().Message(1, resource).Message(2, scoped)).ToArray();
    }
}

/// <summary>One span, built by hand.</summary>
public sealed class SpanBuilder(string name)
{
    private readonly List<(string Key, object? Value)> attributes = [];
    private readonly List<ProtobufBytes> events = [];
    private readonly List<ProtobufBytes> links = [];
    private TraceId traceId = A.TraceId(1);
    private ulong spanId = 1;
    private ulong parent;
    private int kind = 1;
    private ulong start = (ulong)A.Noon.UnixNanoseconds;
    private ulong end = (ulong)A.Noon.UnixNanoseconds + 100_000_000;
    private int statusCode;
    private string? statusMessage;

    public SpanBuilder With(string key, object? value)
    {
        attributes.Add((key, value));
        return this;
    }

    public SpanBuilder With(params (string Key, object? Value)[] values)
    {
        attributes.AddRange(values);
        return this;
    }

    public SpanBuilder Trace(ulong number) => Trace(A.TraceId(number));

    public SpanBuilder Trace(TraceId id)
    {
        traceId = id;
        return this;
    }

    public SpanBuilder Id(ulong id, ulong under = 0)
    {
        (spanId, parent) = (id, under);
        return this;
    }

    /// <summary>OTLP's kind: 1 internal, 2 server, 3 client.</summary>
    public SpanBuilder Kind(int otlpKind)
    {
        kind = otlpKind;
        return this;
    }

    /// <summary>Start after <see cref="A.Noon"/> and length, in milliseconds.</summary>
    public SpanBuilder At(double startMs, double lengthMs) =>
        Between(A.Noon.Plus(TimeSpan.FromMilliseconds(startMs)), A.Noon.Plus(TimeSpan.FromMilliseconds(startMs + lengthMs)));

    public SpanBuilder Between(Timestamp from, Timestamp to)
    {
        (start, end) = ((ulong)from.UnixNanoseconds, (ulong)to.UnixNanoseconds);
        return this;
    }

    /// <summary>0 unset, 1 ok, 2 error.</summary>
    public SpanBuilder Status(int code, string? message = null)
    {
        (statusCode, statusMessage) = (code, message);
        return this;
    }

    public SpanBuilder Event(string eventName, params (string Key, object? Value)[] values) => EventAt(0, eventName, values);

    /// <summary>An event so many milliseconds after <see cref="A.Noon"/>.</summary>
    public SpanBuilder EventAt(double ms, string eventName, params (string Key, object? Value)[] values)
    {
        var built = new ProtobufBytes().Fixed64(1, (ulong)A.Noon.Plus(TimeSpan.FromMilliseconds(ms)).UnixNanoseconds).Text(2, eventName);
        foreach (var (key, value) in values) built.Attribute(3, key, value);
        events.Add(built);
        return this;
    }

    public SpanBuilder Link(TraceId toTrace, ulong toSpan, params (string Key, object? Value)[] values)
    {
        var built = new ProtobufBytes().Bytes(1, toTrace.ToBytes()).Bytes(2, IdBytes(toSpan));
        foreach (var (key, value) in values) built.Attribute(4, key, value);
        links.Add(built);
        return this;
    }

    public ProtobufBytes Message()
    {
        var span = new ProtobufBytes().Bytes(1, traceId.ToBytes()).Bytes(2, IdBytes(spanId));
        if (parent != 0) span.Bytes(4, IdBytes(parent));
        span.Text(5, name).Varint(6, (ulong)kind).Fixed64(7, start).Fixed64(8, end);
        foreach (var (key, value) in attributes) span.Attribute(9, key, value);
        foreach (var built in events) span.Message(11, built);
        foreach (var built in links) span.Message(13, built);
        if (statusCode == 0 && statusMessage is null) return span;
        var status = new ProtobufBytes();
        if (statusMessage is not null) status.Text(2, statusMessage);
        return span.Message(15, status.Varint(3, (ulong)statusCode));
    }

    internal static byte[] IdBytes(ulong id)
    {
        var bytes = new byte[8];
        new SpanId(id).Write(bytes);
        return bytes;
    }
}

/// <summary>One log record, built by hand.</summary>
public sealed class LogBuilder(string eventName)
{
    private readonly List<(string Key, object? Value)> attributes = [];
    private TraceId traceId = A.TraceId(1);
    private ulong spanId = 1;
    private ulong time = (ulong)A.Noon.UnixNanoseconds;
    private object? body;
    private bool nameAsAttribute;

    public LogBuilder With(string key, object? value)
    {
        attributes.Add((key, value));
        return this;
    }

    /// <summary>The span it names; 0 names none.</summary>
    public LogBuilder For(ulong trace, ulong span)
    {
        (traceId, spanId) = (trace == 0 ? default : A.TraceId(trace), span);
        return this;
    }

    public LogBuilder At(double ms)
    {
        time = (ulong)A.Noon.Plus(TimeSpan.FromMilliseconds(ms)).UnixNanoseconds;
        return this;
    }

    public LogBuilder Body(object? value)
    {
        body = value;
        return this;
    }

    /// <summary>The name of the event in the attribute <c>event.name</c>, as older SDKs have it.</summary>
    public LogBuilder NamedByAttribute()
    {
        nameAsAttribute = true;
        return this;
    }

    public ProtobufBytes Message()
    {
        var log = new ProtobufBytes().Fixed64(1, time);
        if (body is not null) log.Message(5, ProtobufBytes.AnyValue(body));
        if (nameAsAttribute) log.Attribute(6, "event.name", eventName);
        foreach (var (key, value) in attributes) log.Attribute(6, key, value);
        if (!traceId.IsNone) log.Bytes(9, traceId.ToBytes());
        if (spanId != 0) log.Bytes(10, SpanBuilder.IdBytes(spanId));
        return nameAsAttribute ? log : log.Text(12, eventName);
    }
}
