using Callwatch.Spans;

namespace Callwatch.Testing.StandIns;

/// <summary>What is wrong with a request, in words a test can look for.</summary>
public sealed class WireException(string message) : Exception(message);

/// <summary>One span of an export request with what it stands under, as a receiver that holds to the letter of OTLP reads it.</summary>
/// <param name="Kind">1 internal to 5 consumer.</param>
/// <param name="StatusCode">0 unset, 1 ok, 2 error.</param>
public sealed record WireSpan(
    WireAttributes Resource, string ScopeName, string? ScopeVersion, TraceId TraceId, SpanId SpanId, SpanId ParentSpanId, string Name, int Kind, ulong Start, ulong End,
    WireAttributes Attributes, IReadOnlyList<WireEvent> Events, IReadOnlyList<WireLink> Links, int StatusCode, string? StatusMessage)
{
    /// <summary>The text of an attribute; null when it is not there, or is no text.</summary>
    public string? Text(string key) => Attributes.Find(key) as string;
}

public sealed record WireEvent(string Name, ulong Time, WireAttributes Attributes);

public sealed record WireLink(TraceId TraceId, SpanId SpanId, WireAttributes Attributes);

/// <summary>Attributes in the order they came: values are string, bool, long, double, byte[], a list of these, or attributes again.</summary>
public sealed class WireAttributes(IReadOnlyList<KeyValuePair<string, object>> all)
{
    public IReadOnlyList<KeyValuePair<string, object>> All => all;

    public object? Find(string key) => all.FirstOrDefault(pair => pair.Key == key).Value;

    public bool Has(string key) => all.Any(pair => pair.Key == key);
}

/// <summary>What every span must be, whichever encoding brought it (opentelemetry-proto 1.x; OpenTelemetry specification, "Attribute", "Set Status").</summary>
internal static class WireRules
{
    public static TraceId TraceIdOf(ReadOnlySpan<byte> bytes, string of)
    {
        if (bytes.Length != 16) throw new WireException($"{of}: a trace id has 16 bytes, not {bytes.Length}");
        return TraceId.TryRead(bytes, out var id) && !id.IsNone ? id : throw new WireException($"{of}: the trace id is all zero");
    }

    public static SpanId SpanIdOf(ReadOnlySpan<byte> bytes, string of)
    {
        if (bytes.Length != 8) throw new WireException($"{of}: a span id has 8 bytes, not {bytes.Length}");
        return SpanId.TryRead(bytes, out var id) && !id.IsNone ? id : throw new WireException($"{of}: the span id is all zero");
    }

    public static SpanId ParentOf(ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? default : SpanIdOf(bytes, "parent");

    public static WireAttributes Attributes(List<KeyValuePair<string, object>> pairs, string of)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, value) in pairs)
        {
            if (key.Length == 0) throw new WireException($"{of}: an attribute has no key");
            if (!keys.Add(key)) throw new WireException($"{of}: the attribute {key} comes twice");
            if (value is double real && !double.IsFinite(real)) throw new WireException($"{of}: the attribute {key} is no finite number");
        }

        return new WireAttributes(pairs);
    }

    public static WireEvent Event(string? name, ulong time, WireAttributes attributes)
    {
        if (string.IsNullOrEmpty(name)) throw new WireException("event: it has no name");
        return time == 0 ? throw new WireException($"event {name}: it has no time") : new WireEvent(name, time, attributes);
    }

    public static WireSpan Check(WireSpan span)
    {
        if (span.TraceId.IsNone) throw new WireException("span: it has no trace id");
        if (span.SpanId.IsNone) throw new WireException("span: it has no span id");
        if (span.ParentSpanId == span.SpanId) throw new WireException("span: it is its own parent");
        if (span.Name.Length == 0) throw new WireException("span: it has no name");
        if (span.Kind is < 1 or > 5) throw new WireException($"span: {span.Kind} is no kind");
        if (span.Start == 0) throw new WireException("span: it has no start time");
        if (span.End == 0) throw new WireException("span: it has no end time");
        if (span.End < span.Start) throw new WireException("span: it ends before it starts");
        if (span.StatusCode is < 0 or > 2) throw new WireException($"span: {span.StatusCode} is no status");
        if (!string.IsNullOrEmpty(span.StatusMessage) && span.StatusCode != 2) throw new WireException("span: a status message without an error");
        return span.ScopeName.Length > 0 ? span : throw new WireException("scope: it has no name");
    }
}
