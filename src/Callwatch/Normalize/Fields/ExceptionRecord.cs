using System.Text;
using Callwatch.Normalize.Reading;
using Callwatch.Receive.Otlp;

namespace Callwatch.Normalize.Fields;

/// <summary>
/// An exception told by a span event or a joined log record. <c>IsEvidence</c>: it was told as the span's own end. An application's log
/// line with an exception in it may be about one that was handled: it explains a failure, but makes none.
/// </summary>
internal readonly record struct ExceptionRecord(bool IsEvidence, string? Type, string? Message, string? Stack)
{
    private enum Weight
    {
        None, Logged, Told, Escaped,
    }

    /// <summary>The last one; one that left the span (<c>exception.escaped</c>) before all others, a mere log line after them.</summary>
    public static ExceptionRecord LastOf(SpanFacts facts)
    {
        var (last, most) = (-1, Weight.None);
        for (var i = 0; i < facts.EventCount; i++)
        {
            var weight = WeightOf(facts.EventAt(i));
            if (weight == Weight.None || weight < most) continue;
            (last, most) = (i, weight);
        }

        if (last < 0) return default;
        var exception = facts.EventAt(last);
        return new ExceptionRecord(
            most > Weight.Logged, Text(exception["exception.type"u8]), Text(exception["exception.message"u8]), Text(exception["exception.stacktrace"u8]));
    }

    private static Weight WeightOf(Happening happening)
    {
        if (happening.Name.SequenceEqual("exception"u8) || happening.Name.SequenceEqual("gen_ai.client.operation.exception"u8))
            return new WireValue(happening["exception.escaped"u8]).Flag() == true ? Weight.Escaped : Weight.Told;
        return happening.IsLog && happening["exception.type"u8].Type != OtlpValueType.None ? Weight.Logged : Weight.None;
    }

    private static string? Text(OtlpValue value) => value.Type == OtlpValueType.String && !value.Raw.IsEmpty ? Encoding.UTF8.GetString(value.Raw) : null;
}
