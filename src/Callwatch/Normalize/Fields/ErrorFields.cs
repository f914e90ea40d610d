using Callwatch.Normalize.Reading;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;
using static Callwatch.Normalize.Reading.FieldRule;

namespace Callwatch.Normalize.Fields;

/// <summary>Whether a span failed, why and how (genai-attributes, section 8).</summary>
internal static class ErrorFields
{
    private const int LongestMessage = 8_000;
    private const int LongestStack = 16_000;

    private static readonly FieldRules Type = [Attr("error.type")];
    private static readonly FieldRules OtherType = [Attr("error.class"), Attr("error.code"), Attr("gen_ai.framework.error.type")];
    private static readonly FieldRules Message = [Attr("error.message"), Attr("langfuse.observation.status_message"), Attr("gen_ai.response.error")];
    private static readonly FieldRules Stack = [Attr("error.stack_trace"), Attr("exception.stacktrace")];
    private static readonly FieldRules SpanExceptionType = [Attr("exception.type")];
    private static readonly FieldRules SpanExceptionMessage = [Attr("exception.message")];
    private static readonly FieldRules Status = [Attr("http.response.status_code"), Attr("http.status_code")];
    private static readonly FieldRules Level = [Attr("langfuse.observation.level")];

    /// <summary>The status the transport answered with, where an attribute says so.</summary>
    public static int? HttpStatus(SpanFacts facts) => facts.Mentions(Status) && facts.Count(Status) is >= 100 and < 600 and var status ? (int)status : null;

    /// <summary>The error of a failed span, null when it did not fail. <paramref name="answered"/>: there is a sign of an answer.</summary>
    public static SpanError? Of(SpanFacts facts, in OtlpSpan span, bool isLlm, bool answered, ref int? httpStatus)
    {
        var exception = facts.EventCount > 0 ? ExceptionRecord.LastOf(facts) : default;
        var type = facts.Mentions(Type) ? facts.Text(Type) : null;
        var status = span.StatusCode;
        var failed = status == 2 || type is not null || IsErrorLevel(facts)
            || (exception.IsEvidence && (status != 1 || (isLlm && !answered)))
            || (isLlm && httpStatus >= 400);
        if (!failed) return null;

        var message = Text(span.StatusMessage) ?? exception.Message ?? facts.Text(Message) ?? facts.Text(SpanExceptionMessage);
        httpStatus ??= ErrorGroups.StatusIn(type) ?? ErrorGroups.StatusAtStart(message);
        type ??= exception.Type ?? facts.Text(OtherType) ?? facts.Text(SpanExceptionType) ?? StatusText(facts) ?? "_OTHER";
        return new SpanError
        {
            Type = Texts.Cut(type, 200),
            Message = message is null ? null : Texts.Cut(message, LongestMessage),
            Stack = (exception.Stack ?? facts.Text(Stack)) is { } stack ? Texts.Cut(stack, LongestStack) : null,
            Group = ErrorGroups.Of(type, message, httpStatus),
        };
    }

    private static bool IsErrorLevel(SpanFacts facts)
    {
        foreach (var value in facts.All(Level))
            if (value.IsText && System.Text.Ascii.EqualsIgnoreCase(value.Raw, "error"u8)) return true;
        return false;
    }

    // Only the attribute: a status read out of the message is not what the sender called the error.
    private static string? StatusText(SpanFacts facts) => HttpStatus(facts)?.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string? Text(ReadOnlySpan<byte> utf8) => utf8.IsEmpty ? null : System.Text.Encoding.UTF8.GetString(utf8);
}
