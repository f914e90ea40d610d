using Callwatch.Spans;

namespace Callwatch.Store.Rollups;

/// <summary>The fields whose known values are offered while somebody types a filter. The order is stored (bits of <c>calls.overflow</c>): add at the end.</summary>
public static class FacetFields
{
    internal const int Tag = 0;

    /// <summary>Names in the table <c>facets</c>.</summary>
    public static readonly IReadOnlyList<string> Names =
    [
        "tag", "kind", "outcome", "call_source", "provider", "model", "request_model", "operation", "environment", "release", "user",
        "prompt", "prompt_version", "error_type", "error_group", "finish", "http_status",
    ];

    /// <summary>A call's value of a field other than tags; null where it has none.</summary>
    internal static string? ValueOf(int field, Span span)
    {
        var call = span.Call!;
        return field switch
        {
            1 => span.Kind.Word(),
            2 => span.Outcome.Word(),
            3 => CallSourceWord(call.Source),
            4 => call.Provider,
            5 => call.Model,
            6 => call.RequestModel,
            7 => call.Operation,
            8 => span.Environment,
            9 => span.Release,
            10 => span.UserId,
            11 => call.PromptName,
            12 => call.PromptVersion,
            13 => span.Error?.Type,
            14 => span.Error?.Group,
            15 => call.FinishReasons is [var first, ..] ? first : null,
            16 => span.HttpStatus?.ToString(System.Globalization.CultureInfo.InvariantCulture),
            _ => null,
        };
    }

    private static string CallSourceWord(CallSource source) => source switch
    {
        CallSource.Summary => "summary",
        CallSource.Synthetic => "synthetic",
        _ => "recorded",
    };
}
