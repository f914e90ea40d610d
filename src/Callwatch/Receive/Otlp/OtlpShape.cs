namespace Callwatch.Receive.Otlp;

/// <summary>What a length-delimited field of an OTLP message holds, as far as intake looks into it.</summary>
internal enum OtlpPart : byte
{
    /// <summary>Kept as it is: ids, unknown fields.</summary>
    Opaque = 0,
    Text,

    /// <summary>A KeyValue of a list of attributes: keys must differ, and there is a most.</summary>
    Attribute,

    /// <summary>An AnyValue.</summary>
    Value,

    // Messages with parts of their own.
    Event, Link, Status,
}

/// <summary>The parts of one kind of OTLP message by field number (opentelemetry-proto 1.x: trace/v1, logs/v1, common/v1, resource/v1).</summary>
internal sealed class OtlpShape
{
    public static readonly OtlpShape Resource = new("resource", attributes: 1);
    public static readonly OtlpShape Scope = new("scope", attributes: 3, (1, OtlpPart.Text), (2, OtlpPart.Text));
    public static readonly OtlpShape Span = new(
        "span", attributes: 9, (3, OtlpPart.Text), (5, OtlpPart.Text), (11, OtlpPart.Event), (13, OtlpPart.Link), (15, OtlpPart.Status));

    public static readonly OtlpShape LogRecord = new("log", attributes: 6, (3, OtlpPart.Text), (5, OtlpPart.Value), (12, OtlpPart.Text));

    public static readonly OtlpShape Metric = new("metric", attributes: 0, (1, OtlpPart.Text), (2, OtlpPart.Text), (3, OtlpPart.Text));

    /// <summary>ResourceSpans and ScopeSpans, ResourceLogs and ScopeLogs: besides what they contain only a schema URL.</summary>
    public static readonly OtlpShape Envelope = new("schema_url", attributes: 0, (3, OtlpPart.Text));

    private static readonly OtlpShape Event = new("event", attributes: 3, (2, OtlpPart.Text));
    private static readonly OtlpShape Link = new("link", attributes: 4, (3, OtlpPart.Text));
    private static readonly OtlpShape Status = new("status", attributes: 0, (2, OtlpPart.Text));

    private readonly OtlpPart[] parts = new OtlpPart[16];

    private OtlpShape(string word, int attributes, params ReadOnlySpan<(int Field, OtlpPart Part)> others)
    {
        Word = word;
        AttributesField = attributes;
        if (attributes > 0) parts[attributes] = OtlpPart.Attribute;
        foreach (var (field, part) in others) parts[field] = part;
    }

    /// <summary>The word for it in <c>callwatch.changed</c>.</summary>
    public string Word { get; }

    /// <summary>Number of its attributes field; 0 when it has none.</summary>
    public int AttributesField { get; }

    public OtlpPart this[int field] => field < parts.Length ? parts[field] : OtlpPart.Opaque;

    public static OtlpShape Of(OtlpPart part) => part switch
    {
        OtlpPart.Event => Event,
        OtlpPart.Link => Link,
        _ => Status,
    };
}
