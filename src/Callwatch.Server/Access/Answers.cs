using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
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
            ? WritePageAsync(context, status, status == StatusCodes.Status401Unauthorized ? SignInPage.Body(context, detail) : ErrorBody(status, detail))
            : Problems.Of(status, code, detail).ExecuteAsync(context);
    }

    /// <summary>A person's browser on its way to a page; scripts and SDKs do not ask for HTML by name.</summary>
    public static bool WantsPage(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || request.HasFormContentType) && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    /// <summary>A whole page that needs nothing else: it must work where nothing may be fetched.</summary>
    public static Task WritePageAsync(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(
            $$"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Callwatch</title>
            <style nonce="{{context.CspNonce()}}">
            :root { color-scheme: light dark; }
            body { font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 15vh auto 0; padding: 0 1rem; }
            h1 { font-size: 1.25rem; }
            label, input, button { display: block; font: inherit; }
            input { width: 100%; box-sizing: border-box; padding: .5rem; margin: .25rem 0 1rem; }
            button { padding: .5rem 1rem; }
            </style>
            </head>
            <body>
            <main>
            {{body}}
            </main>
            </body>
            </html>
            """,
            Encoding.UTF8,
            context.RequestAborted);
    }

    private static string ErrorBody(int status, string detail) =>
        $"""
        <h1>{status.ToString(CultureInfo.InvariantCulture)} {HtmlEncoder.Default.Encode(Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status))}</h1>
        <p>{HtmlEncoder.Default.Encode(detail)}</p>
        """;

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
