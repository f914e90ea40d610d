using System.Text;
using Callwatch.Normalize.Reading;
using Callwatch.Receive.Otlp;

namespace Callwatch.Normalize.Fields;

/// <summary>An exception told by a span event or a joined log record.</summary>
internal readonly record struct ExceptionRecord(bool IsThere, string? Type, string? Message, string? Stack)
{
    /// <summary>The last one; one that left the span (<c>exception.escaped</c>) before all others.</summary>
    public static ExceptionRecord LastOf(SpanFacts facts)
    {
        var (last, escaped) = (-1, false);
        for (var i = 0; i < facts.EventCount; i++)
        {
            var happening = facts.EventAt(i);
            if (!IsException(happening)) continue;
            var escapes = new WireValue(happening["exception.escaped"u8]).Flag() == true;
            if (escaped && !escapes) continue;
            (last, escaped) = (i, escaped || escapes);
        }

        if (last < 0) return default;
        var exception = facts.EventAt(last);
        return new ExceptionRecord(true, Text(exception["exception.type"u8]), Text(exception["exception.message"u8]), Text(exception["exception.stacktrace"u8]));
    }

    private static bool IsException(Happening happening)
    {
        if (happening.Name.SequenceEqual("exception"u8) || happening.Name.SequenceEqual("gen_ai.client.operation.exception"u8)) return true;
        return happening.IsLog && happening["exception.type"u8].Type != OtlpValueType.None;
    }

    private static string? Text(OtlpValue value) => value.Type == OtlpValueType.String && !value.Raw.IsEmpty ? Encoding.UTF8.GetString(value.Raw) : null;
}
