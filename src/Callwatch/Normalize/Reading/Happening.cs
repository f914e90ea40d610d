using Callwatch.Receive.Otlp;

namespace Callwatch.Normalize.Reading;

/// <summary>A span event or a log record of the span: they tell the same things in two ways.</summary>
internal readonly ref struct Happening
{
    private readonly ReadOnlySpan<byte> message;
    private readonly int attributes;

    public Happening(ReadOnlySpan<byte> eventMessage)
    {
        message = eventMessage;
        attributes = 3;
        var spanEvent = new OtlpEvent(eventMessage);
        Name = spanEvent.Name;
        Time = spanEvent.TimeUnixNanoseconds;
    }

    public Happening(OtlpLog log)
    {
        message = log.Record;
        attributes = 6;
        Name = log.EventName;
        Time = log.TimeUnixNanoseconds;
        Body = log.Body;
        IsLog = true;
    }

    public ReadOnlySpan<byte> Name { get; }

    /// <summary>Nanoseconds since 1970.</summary>
    public ulong Time { get; }

    public OtlpValue Body { get; }

    public bool IsLog { get; }

    public OtlpAttributes Attributes => new(message, attributes);

    /// <summary>The attribute of that name; an empty value when there is none.</summary>
    public OtlpValue this[ReadOnlySpan<byte> key]
    {
        get
        {
            foreach (var attribute in Attributes)
                if (attribute.Key.SequenceEqual(key)) return attribute.Value;
            return default;
        }
    }

    /// <summary>True for events whose attributes are those of the call: GenAI events but for judgements and exceptions.</summary>
    public static bool DescribesCall(ReadOnlySpan<byte> name) =>
        name.StartsWith("gen_ai."u8) && !name.StartsWith("gen_ai.evaluation."u8) && !name.EndsWith(".exception"u8);
}
