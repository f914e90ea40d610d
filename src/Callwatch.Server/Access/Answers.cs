using Callwatch.Dashboard.Standalone;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Server.Access;

/// <summary>Writes an error in the form its asker understands: gRPC status, page, or problem document.</summary>
internal static class Answers
{
    public static Task WriteProblemAsync(HttpContext context, int status, string code, string detail)
    {
        if (IsGrpc(context.Request))
        {
            WriteGrpc(context.Response, status, detail);
            return Task.CompletedTask;
        }

        if (status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = "Bearer realm=\"callwatch\"";
        return WantsPage(context.Request)
            ? status == StatusCodes.Status401Unauthorized ? SignInPage.WriteAsync(context, status, detail) : StandalonePages.WriteErrorAsync(context, status, detail)
            : Problems.Of(status, code, detail).ExecuteAsync(context);
    }

    /// <summary>A person's browser on its way to a page; scripts and SDKs do not ask for HTML by name.</summary>
    public static bool WantsPage(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || request.HasFormContentType) && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    private static bool IsGrpc(HttpRequest request) => request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;

    // "Trailers-Only": with no message to send, status and text travel in the headers of a 200.
    private static void WriteGrpc(HttpResponse response, int status, string detail)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/grpc";
        response.Headers["grpc-status"] = status switch
        {
            StatusCodes.Status400BadRequest => "3",
            StatusCodes.Status401Unauthorized => "16",
            StatusCodes.Status403Forbidden => "7",
            StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed => "12",
            StatusCodes.Status421MisdirectedRequest => "7",
            StatusCodes.Status429TooManyRequests => "8",
            StatusCodes.Status503ServiceUnavailable => "14",
            _ => "13",
        };
        response.Headers["grpc-message"] = Uri.EscapeDataString(detail);
    }
}
