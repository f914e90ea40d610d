using System.Globalization;
using System.Text;
using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Receive;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>Codes of gRPC and of <c>google.rpc.Status</c> that intake answers with.</summary>
internal static class GrpcCode
{
    public const int Cancelled = 1;
    public const int InvalidArgument = 3;
    public const int DeadlineExceeded = 4;
    public const int ResourceExhausted = 8;
    public const int Unimplemented = 12;
    public const int Internal = 13;
    public const int Unavailable = 14;
}

/// <summary>
/// OTLP/gRPC: the unary Export of the three services (gRPC over HTTP/2, "Requests" and "Responses"; OTLP/gRPC's own list of codes).
/// Unknown methods find no route here and are answered UNIMPLEMENTED where all errors are.
/// </summary>
internal static class OtlpGrpcEndpoints
{
    // What a sender may compress with; Brotli is no name of gRPC's.
    private const string AcceptedCodings = "identity, gzip, deflate";

    public static void MapOtlpGrpc(this IEndpointRouteBuilder routes)
    {
        routes.MapExport("trace.v1.TraceService", Traces);
        routes.MapExport("logs.v1.LogsService", Logs);
        routes.MapExport("metrics.v1.MetricsService", Metrics);
    }

    private static void MapExport(this IEndpointRouteBuilder routes, string service, Delegate handler) =>
        routes.MapPost("/opentelemetry.proto.collector." + service + "/Export", handler)
            .RequireScope(KeyScopes.Ingest | KeyScopes.IngestAny).ExcludeFromDescription();

    private static Task Traces(HttpContext http, Intake intake, TimeProvider time) => TakeAsync(Signal.Traces, http, intake, time);

    private static Task Logs(HttpContext http, Intake intake, TimeProvider time) => TakeAsync(Signal.Logs, http, intake, time);

    private static Task Metrics(HttpContext http, Intake intake, TimeProvider time) => TakeAsync(Signal.Metrics, http, intake, time);

    private static async Task TakeAsync(Signal signal, HttpContext http, Intake intake, TimeProvider time)
    {
        if (Objection(http) is { } objection)
        {
            await objection.ExecuteAsync(http);
            return;
        }

        http.LeaveSizeToIntake();
        http.Response.ContentType = "application/grpc";
        http.Response.Headers["grpc-accept-encoding"] = AcceptedCodings;
        using var deadline = TimeoutOf(http.Request.Headers["grpc-timeout"]) is { } timeout ? new CancellationTokenSource(timeout, time) : new CancellationTokenSource();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, http.RequestAborted);
        var coding = ContentCodings.Parse(http.Request.Headers["grpc-encoding"]);
        var result = await intake.TakeAsync(
            new IntakeRequest
            {
                Signal = signal,
                Format = OtlpFormat.Protobuf,
                Sender = http.Caller().ToSender(),
                Body = http.Request.BodyReader,
                Coding = coding == ContentCoding.Brotli ? null : coding,
                IsGrpc = true,
            },
            cancel.Token);
        if (deadline.IsCancellationRequested) Fail(http.Response, GrpcCode.DeadlineExceeded, "The time the call allows has passed.");
        else if (result is IntakeResult.Accepted accepted) await SucceedAsync(http.Response, OtlpAnswer.Response(OtlpFormat.Protobuf, signal, accepted.Rejected, accepted.Message));
        else Fail(http.Response, result);
    }

    private static IResult? Objection(HttpContext http)
    {
        if (http.Request.ContentType?.ToLowerInvariant().Split(';')[0].Trim() is not ("application/grpc" or "application/grpc+proto"))
            return Problems.Of(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "This is the address of OTLP/gRPC; OTLP/HTTP goes to /v1/traces, /v1/logs and /v1/metrics.");
        return http.Response.SupportsTrailers() ? null
            : TypedResults.Text("gRPC needs HTTP/2; it has a port of its own.", statusCode: StatusCodes.Status505HttpVersionNotsupported);
    }

    /// <summary>At most eight digits and a unit; null when there is none, or none that can be read.</summary>
    internal static TimeSpan? TimeoutOf(string? text)
    {
        if (text is not { Length: >= 2 and <= 9 } || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var amount)) return null;
        var timeout = text[^1] switch
        {
            'H' => TimeSpan.FromHours(Math.Min(amount, 1000)),
            'M' => TimeSpan.FromMinutes(Math.Min(amount, 60_000)),
            'S' => TimeSpan.FromSeconds(Math.Min(amount, 3_600_000)),
            'm' => TimeSpan.FromMilliseconds(amount),
            'u' => TimeSpan.FromMicroseconds(amount),
            'n' => TimeSpan.FromTicks((amount + 99) / 100),
            _ => (TimeSpan?)null,
        };
        return timeout < TimeSpan.FromDays(40) ? timeout : null;
    }

    private static async Task SucceedAsync(HttpResponse response, byte[] message)
    {
        byte[] framed = [0, (byte)(message.Length >> 24), (byte)(message.Length >> 16), (byte)(message.Length >> 8), (byte)message.Length, .. message];
        await response.Body.WriteAsync(framed, response.HttpContext.RequestAborted);
        response.AppendTrailer("grpc-status", "0");
    }

    private static void Fail(HttpResponse response, IntakeResult result)
    {
        switch (result)
        {
            case IntakeResult.Busy busy:
                FailForNow(response, busy.Message, busy.RetryAfter);
                break;
            case IntakeResult.Unavailable unavailable:
                FailForNow(response, unavailable.Message, unavailable.RetryAfter);
                break;
            case IntakeResult.Refused refused:
                Fail(response, CodeOf(refused), refused.Message);
                break;
            default:
                Fail(response, GrpcCode.Cancelled, "The call was not read to its end.");
                break;
        }
    }

    private static int CodeOf(IntakeResult.Refused refused) => refused switch
    {
        IntakeResult.BadFrame => GrpcCode.Internal,
        IntakeResult.UnknownCoding => GrpcCode.Unimplemented,
        IntakeResult.TooLarge => GrpcCode.ResourceExhausted,
        IntakeResult.TooSlow => GrpcCode.DeadlineExceeded,
        _ => GrpcCode.InvalidArgument,
    };

    /// <summary>With the time to wait both as OTLP has it (RetryInfo in the details) and as gRPC's own retry policy does.</summary>
    private static void FailForNow(HttpResponse response, string message, TimeSpan retryAfter)
    {
        response.Headers["grpc-status-details-bin"] =
            Convert.ToBase64String(OtlpAnswer.Status(OtlpFormat.Protobuf, GrpcCode.Unavailable, message, retryAfter)).TrimEnd('=');
        response.Headers["grpc-retry-pushback-ms"] = ((long)retryAfter.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        Fail(response, GrpcCode.Unavailable, message);
    }

    // "Trailers-Only": with no message to send, status and text travel in the headers.
    private static void Fail(HttpResponse response, int code, string message)
    {
        response.Headers["grpc-status"] = code.ToString(CultureInfo.InvariantCulture);
        response.Headers["grpc-message"] = PercentEncoded(message);
    }

    private static string PercentEncoded(string message)
    {
        var text = new StringBuilder();
        foreach (var part in Encoding.UTF8.GetBytes(message))
        {
            if (part is >= 0x20 and <= 0x7E and not (byte)'%') text.Append((char)part);
            else text.Append(CultureInfo.InvariantCulture, $"%{part:X2}");
        }

        return text.ToString();
    }
}
