using System.Globalization;
using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Receive;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;
using Callwatch.Server.Access;
using Callwatch.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Callwatch.Server.Endpoints;

/// <summary>OTLP/HTTP (opentelemetry-proto 1.x, "OTLP/HTTP Response"): answers in the format of the request, errors as <c>google.rpc.Status</c>.</summary>
internal static class OtlpEndpoints
{
    /// <summary>Langfuse's SDKs put this before the paths of OTLP.</summary>
    private const string LangfuseBase = "/api/public/otel";

    public static void MapOtlp(this IEndpointRouteBuilder routes)
    {
        foreach (var start in new[] { "", LangfuseBase })
        {
            routes.MapSignal(start + "/v1/traces", Traces);
            routes.MapSignal(start + "/v1/logs", Logs);
            routes.MapSignal(start + "/v1/metrics", Metrics);
        }

        routes.MapOtlpGrpc();
        routes.MapNotOtlp();
    }

    internal static Sender ToSender(this Caller caller) => new(caller.TenantId, caller.AppId, caller.MayNameApp, caller.KeyId);

    /// <summary>Intake has limits of its own, and answers in the sender's language when they are reached.</summary>
    internal static void LeaveSizeToIntake(this HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
    }

    private static void MapSignal(this IEndpointRouteBuilder routes, string path, Delegate handler) =>
        routes.MapPost(path, handler).RequireScope(KeyScopes.Ingest | KeyScopes.IngestAny).WithTags("Sending");

    private static Task<IResult> Traces(HttpContext http, Intake intake, Counters counters) => TakeAsync(Signal.Traces, http, intake, counters);

    private static Task<IResult> Logs(HttpContext http, Intake intake, Counters counters) => TakeAsync(Signal.Logs, http, intake, counters);

    private static Task<IResult> Metrics(HttpContext http, Intake intake, Counters counters) => TakeAsync(Signal.Metrics, http, intake, counters);

    private static async Task<IResult> TakeAsync(Signal signal, HttpContext http, Intake intake, Counters counters)
    {
        var caller = http.Caller();
        if (FormatOf(http.Request.ContentType) is not { } format)
        {
            counters.Add(Reason.UnsupportedMediaType, tenantId: caller.TenantId);
            return Problems.Of(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "Send OTLP as application/x-protobuf or application/json.");
        }

        http.LeaveSizeToIntake();
        var result = await intake.TakeAsync(
            new IntakeRequest
            {
                Signal = signal,
                Format = format,
                Sender = caller.ToSender(),
                Body = http.Request.BodyReader,
                Length = http.Request.ContentLength,
                Coding = ContentCodings.Parse(http.Request.Headers.ContentEncoding),
            },
            http.RequestAborted);
        return Answer(result, signal, format, http.Response);
    }

    private static OtlpFormat? FormatOf(string? contentType)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type)) return null;
        return type.MediaType.Value?.ToLowerInvariant() switch
        {
            "application/x-protobuf" or "application/protobuf" => OtlpFormat.Protobuf,
            "application/json" => OtlpFormat.Json,
            _ => null,
        };
    }

    private static OtlpResult Answer(IntakeResult result, Signal signal, OtlpFormat format, HttpResponse response)
    {
        var (status, code, message, after) = result switch
        {
            IntakeResult.Accepted => (StatusCodes.Status200OK, 0, "", null),
            IntakeResult.TooLarge refused => (StatusCodes.Status413PayloadTooLarge, GrpcCode.ResourceExhausted, refused.Message, null),
            IntakeResult.UnknownCoding refused => (StatusCodes.Status415UnsupportedMediaType, GrpcCode.InvalidArgument, refused.Message, null),
            IntakeResult.TooSlow refused => (StatusCodes.Status408RequestTimeout, GrpcCode.DeadlineExceeded, refused.Message, null),
            IntakeResult.Busy refused => (StatusCodes.Status429TooManyRequests, GrpcCode.Unavailable, refused.Message, refused.RetryAfter),
            IntakeResult.Unavailable refused => (StatusCodes.Status503ServiceUnavailable, GrpcCode.Unavailable, refused.Message, refused.RetryAfter),
            IntakeResult.Refused refused => (StatusCodes.Status400BadRequest, GrpcCode.InvalidArgument, refused.Message, (TimeSpan?)null),
            _ => (StatusCodes.Status400BadRequest, GrpcCode.Cancelled, "The body could not be read to its end.", null),
        };
        if (result is IntakeResult.Accepted accepted) return new OtlpResult(status, format, OtlpAnswer.Response(format, signal, accepted.Rejected, accepted.Message));
        if (result is IntakeResult.UnknownCoding) response.Headers.AcceptEncoding = ContentCodings.Accepted;
        if (after is { } wait) response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        // The rest of such a body would only come as slowly.
        if (result is IntakeResult.TooSlow && HttpProtocol.IsHttp11(response.HttpContext.Request.Protocol)) response.Headers.Connection = "close";
        return new OtlpResult(status, format, OtlpAnswer.Status(format, code, message));
    }

    private sealed record OtlpResult(int Status, OtlpFormat Format, byte[] Body) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            response.StatusCode = Status;
            response.ContentType = Format == OtlpFormat.Json ? "application/json" : "application/x-protobuf";
            response.ContentLength = Body.Length;
            await response.Body.WriteAsync(Body, httpContext.RequestAborted);
        }
    }
}
