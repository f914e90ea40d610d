using System.Globalization;
using Callwatch.Journal.Disk;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace Callwatch.Server.Access;

/// <summary>Errors as RFC 9457 problem documents. <c>code</c> is for programs and never changes; <c>detail</c> is for people and may.</summary>
public static class Problems
{
    public static ProblemHttpResult Of(int status, string code, string detail) => TypedResults.Problem(Document(status, code, detail));

    /// <summary>Also for what belongs to another tenant.</summary>
    public static ProblemHttpResult NotFound(string detail, string code = "not_found") => Of(StatusCodes.Status404NotFound, code, detail);

    public static ProblemHttpResult Conflict(string detail, string code = "conflict") => Of(StatusCodes.Status409Conflict, code, detail);

    /// <param name="offset">The character of the field where the trouble is, where that helps: in a filter.</param>
    public static ProblemHttpResult Unprocessable(string field, string detail, int? offset = null, string code = "invalid")
    {
        var problem = Document(StatusCodes.Status422UnprocessableEntity, code, detail);
        problem.Extensions["field"] = field;
        if (offset is not null) problem.Extensions["offset"] = offset;
        return TypedResults.Problem(problem);
    }

    public static ProblemHttpResult Forbidden(string detail, string code = "wrong_scope") => Of(StatusCodes.Status403Forbidden, code, detail);

    /// <summary>429 or 503 with <c>Retry-After</c> in whole seconds, at least 1.</summary>
    public static IResult TryLater(int status, string code, string detail, TimeSpan after) => new Later(Of(status, code, detail), after);

    /// <summary>Something was to be changed, and there is no room for it.</summary>
    public static IResult DiskFull() => TryLater(StatusCodes.Status503ServiceUnavailable, "disk_full", FullDisk.Words, TimeSpan.FromMinutes(1));

    internal static ProblemDetails Document(int status, string code, string detail) => new()
    {
        Status = status,
        Title = ReasonPhrases.GetReasonPhrase(status),
        Detail = detail,
        Extensions = { ["code"] = code },
    };

    /// <summary>The code of an error that says nothing but its status.</summary>
    internal static string CodeOf(int status) => status switch
    {
        StatusCodes.Status400BadRequest => "bad_request",
        StatusCodes.Status401Unauthorized => "key_required",
        StatusCodes.Status403Forbidden => "wrong_scope",
        StatusCodes.Status404NotFound => "not_found",
        StatusCodes.Status405MethodNotAllowed => "method_not_allowed",
        StatusCodes.Status408RequestTimeout => "too_slow",
        StatusCodes.Status409Conflict => "conflict",
        StatusCodes.Status413PayloadTooLarge => "too_large",
        StatusCodes.Status415UnsupportedMediaType => "unsupported_media_type",
        StatusCodes.Status421MisdirectedRequest => "host_not_allowed",
        StatusCodes.Status422UnprocessableEntity => "invalid",
        StatusCodes.Status429TooManyRequests => "too_many_requests",
        StatusCodes.Status503ServiceUnavailable => "unavailable",
        >= 500 => "internal",
        _ => "error",
    };

    private sealed class Later(ProblemHttpResult problem, TimeSpan after) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            return problem.ExecuteAsync(httpContext);
        }
    }
}
