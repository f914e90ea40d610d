using System.Globalization;

namespace Callwatch.Normalize.Fields;

/// <summary>The families of errors that people act on alike (genai-attributes, section 8).</summary>
internal static class ErrorGroups
{
    private const StringComparison AnyCase = StringComparison.OrdinalIgnoreCase;

    // Last part of a type's name. A caller that goes away is no failure of the model.
    private static readonly HashSet<string> CancelledTypes = new(StringComparer.OrdinalIgnoreCase)
    {
        "APIUserAbortError", "AbortError", "OperationCanceledException", "TaskCanceledException", "CancelledError", "CanceledError", "CancellationException",
        "CancellationError", "Cancelled", "Canceled", "ClientDisconnect", "ClientAbortException",
    };

    private static readonly (string Part, string Group)[] TypeParts =
    [
        ("RateLimit", "rate_limit"), ("rate_limit", "rate_limit"), ("TooManyRequests", "rate_limit"), ("insufficient_quota", "rate_limit"),
        ("ContentFilter", "content_filter"), ("content_filter", "content_filter"), ("ContentPolicy", "content_filter"),
        ("Authentication", "auth"), ("PermissionDenied", "auth"), ("Unauthorized", "auth"), ("Forbidden", "auth"), ("invalid_api_key", "auth"),
        ("Timeout", "timeout"), ("TimedOut", "timeout"), ("DeadlineExceeded", "timeout"),
        ("Overloaded", "overloaded"), ("ServiceUnavailable", "overloaded"),
        ("BadRequest", "invalid_request"), ("InvalidRequest", "invalid_request"), ("invalid_request", "invalid_request"), ("NotFound", "invalid_request"),
        ("UnprocessableEntity", "invalid_request"), ("ContextWindow", "invalid_request"), ("context_length", "invalid_request"), ("InvalidArgument", "invalid_request"),
        ("InternalServer", "server"), ("server_error", "server"), ("BadGateway", "server"),
    ];

    private static readonly (string Part, string Group)[] MessageParts =
    [
        ("rate limit", "rate_limit"), ("too many requests", "rate_limit"), ("quota", "rate_limit"), ("content filter", "content_filter"),
        ("content management policy", "content_filter"), ("overloaded", "overloaded"), ("timed out", "timeout"), ("timeout", "timeout"),
        ("deadline exceeded", "timeout"), ("invalid api key", "auth"), ("incorrect api key", "auth"), ("unauthorized", "auth"),
    ];

    private static readonly string[] CancelledBeginnings =
    [
        "Request was aborted", "The operation was canceled", "A task was canceled", "This operation was aborted", "The user aborted a request", "cancelled", "canceled",
    ];

    public static string Of(string type, string? message, int? httpStatus)
    {
        if (IsCancelled(type, message, httpStatus)) return "cancelled";
        var byType = TypeParts.FirstOrDefault(part => type.Contains(part.Part, AnyCase)).Group;
        if (byType == "content_filter") return byType;
        return OfStatus(httpStatus) ?? byType ?? OfMessage(message) ?? "other";
    }

    /// <summary>A status that is the whole text, as some write into <c>error.type</c>.</summary>
    public static int? StatusIn(string? type) =>
        type is { Length: 3 } && int.TryParse(type, NumberStyles.None, CultureInfo.InvariantCulture, out var status) && status is >= 100 and < 600 ? status : null;

    /// <summary>A three-digit 4xx or 5xx at the start of the message, after an optional <c>Error: </c> or <c>HTTP </c>.</summary>
    public static int? StatusAtStart(string? message)
    {
        var text = message.AsSpan();
        if (text.StartsWith("Error: ", StringComparison.Ordinal)) text = text[7..];
        if (text.StartsWith("HTTP ", StringComparison.Ordinal)) text = text[5..];
        if (text.Length < 3 || text[0] is not ('4' or '5') || !char.IsAsciiDigit(text[1]) || !char.IsAsciiDigit(text[2])) return null;
        return text.Length > 3 && char.IsAsciiLetterOrDigit(text[3]) ? null : ((text[0] - '0') * 100) + ((text[1] - '0') * 10) + (text[2] - '0');
    }

    // .NET reports HttpClient's own time limit as a cancellation.
    private static bool IsCancelled(string type, string? message, int? httpStatus)
    {
        if (httpStatus == 499) return true;
        var name = type[(type.LastIndexOfAny(['.', '+', ':']) + 1)..];
        if (CancelledTypes.Contains(name)) return message?.Contains("timeout", AnyCase) != true;
        return httpStatus is null && message is not null && CancelledBeginnings.Any(beginning => message.StartsWith(beginning, AnyCase));
    }

    private static string? OfStatus(int? status) => status switch
    {
        429 => "rate_limit",
        401 or 403 => "auth",
        400 or 404 or 422 => "invalid_request",
        408 or 504 => "timeout",
        503 or 529 => "overloaded",
        >= 500 => "server",
        _ => null,
    };

    private static string? OfMessage(string? message) =>
        message is null ? null : MessageParts.FirstOrDefault(part => message.Contains(part.Part, AnyCase)).Group;
}
