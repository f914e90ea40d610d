using System.Text.Json;
using Callwatch.Spans;

namespace Callwatch.Receive.Records;

/// <summary>Whether a value has the shape its field must have.</summary>
internal static class RecordShapes
{
    // Beyond it a count is no count, and no double holds it exactly.
    private const decimal MostWhole = 1_000_000_000_000_000;

    /// <summary>Null when it has.</summary>
    public static RecordFault? Check(string field, JsonElement value, FieldShape shape) => shape switch
    {
        FieldShape.Text => value.ValueKind == JsonValueKind.String ? null : Wrong(field, shape),
        FieldShape.Number => Number(field, value, whole: false),
        FieldShape.Whole => Number(field, value, whole: true),
        FieldShape.Flag => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : Wrong(field, shape),
        FieldShape.Map => value.ValueKind == JsonValueKind.Object ? null : Wrong(field, shape),
        FieldShape.List => value.ValueKind == JsonValueKind.Array ? null : Wrong(field, shape),
        FieldShape.Words => value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) ? null : Wrong(field, shape),
        FieldShape.Content => value.ValueKind is JsonValueKind.String or JsonValueKind.Object or JsonValueKind.Array ? null : Wrong(field, shape),
        FieldShape.Time => Time(field, value),
        _ => null,
    };

    public static RecordFault Wrong(string field, FieldShape shape) => new(RecordFaultCodes.WrongType, field, $"{field} must be {Words(shape)}.");

    private static RecordFault? Number(string field, JsonElement value, bool whole)
    {
        if (value.ValueKind != JsonValueKind.Number) return Wrong(field, whole ? FieldShape.Whole : FieldShape.Number);
        if (!value.TryGetDecimal(out var number) || number > MostWhole) return new RecordFault(RecordFaultCodes.OutOfRange, field, $"{field} is larger than anything that can be counted.");
        if (number < 0) return new RecordFault(RecordFaultCodes.OutOfRange, field, $"{field} must not be negative.");
        return whole && number != decimal.Truncate(number) ? new RecordFault(RecordFaultCodes.NotWhole, field, $"{field} must be a whole number.") : null;
    }

    private static RecordFault? Time(string field, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String) return Wrong(field, FieldShape.Time);
        // The year 1970 as a whole is what an unset clock says.
        return Timestamp.TryParse(value.GetString(), out var time) && time.UnixNanoseconds > 0
            ? null
            : new RecordFault(RecordFaultCodes.BadTime, field, $"{field} must be a time by RFC 3339 with its zone, such as 2026-11-22T09:30:00.25Z or +01:00 at its end.");
    }

    private static string Words(FieldShape shape) => shape switch
    {
        FieldShape.Text => "a string",
        FieldShape.Number => "a number",
        FieldShape.Whole => "a whole number",
        FieldShape.Flag => "true or false",
        FieldShape.Map => "an object",
        FieldShape.List => "a list",
        FieldShape.Words => "a list of strings",
        FieldShape.Content => "a string, an object or a list",
        _ => "a string with a time by RFC 3339",
    };
}
