using System.Diagnostics;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Receive;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Records;
using Callwatch.Server.Access;
using Callwatch.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Callwatch.Server.Endpoints;

/// <summary>Trace records: business traces that an application hands over finished, as JSON.</summary>
internal static class RecordEndpoints
{
    public static void MapRecords(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/traces", TakeAsync).RequireScope(KeyScopes.Ingest | KeyScopes.IngestAny).WithTags("Sending").WithName("SendRecords")
            .WithSummary("Takes trace records: one object, or a list of them. What it answers for is on disk.")
            .Produces<ApiRecordsTaken>(StatusCodes.Status202Accepted);

    private static async Task<IResult> TakeAsync(HttpContext http, Intake intake, Counters counters, IOptions<ReceiveOptions> options)
    {
        var caller = http.Caller();
        if (!http.Request.HasJsonContentType())
        {
            counters.Add(Reason.UnsupportedMediaType, tenantId: caller.TenantId);
            return Problems.Of(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "Send trace records as application/json.");
        }

        http.LeaveSizeToIntake();
        var hints = new RecordHints(http.Request.Headers["X-Trace-Id"], http.Request.Query["trace_id"], http.Request.Headers.TraceParent);
        var batch = new RecordBatch(caller.TenantId, hints, options.Value.MaxSpans, options.Value.MaxNesting);
        var result = await intake.TakeAsync(
            new IntakeRequest
            {
                Signal = Signal.Traces,
                Format = OtlpFormat.Protobuf,
                Sender = caller.ToSender(),
                Body = http.Request.BodyReader,
                Length = http.Request.ContentLength,
                Coding = ContentCodings.Parse(http.Request.Headers.ContentEncoding),
                Foreign = batch,
            },
            http.RequestAborted);
        return result is IntakeResult.Accepted ? TypedResults.Json(ToApi(batch), ApiJson.Default.ApiRecordsTaken, statusCode: StatusCodes.Status202Accepted) : Refusal(result);
    }

    /// <summary>Why intake did not take a request, in the manner of the API.</summary>
    internal static IResult Refusal(IntakeResult result) => result switch
    {
        IntakeResult.TooLarge refused => Problems.Of(StatusCodes.Status413PayloadTooLarge, "too_large", refused.Message),
        IntakeResult.UnknownCoding refused => Problems.Of(StatusCodes.Status415UnsupportedMediaType, "unsupported_encoding", refused.Message),
        IntakeResult.TooSlow refused => Problems.Of(StatusCodes.Status408RequestTimeout, "too_slow", refused.Message),
        IntakeResult.Busy refused => Problems.TryLater(StatusCodes.Status429TooManyRequests, "busy", refused.Message, refused.RetryAfter),
        IntakeResult.Unavailable refused => Problems.TryLater(StatusCodes.Status503ServiceUnavailable, "unavailable", refused.Message, refused.RetryAfter),
        IntakeResult.Refused refused => Problems.Of(StatusCodes.Status400BadRequest, "malformed_json", refused.Message),
        IntakeResult.Abandoned => Problems.Of(StatusCodes.Status400BadRequest, "abandoned", "The body could not be read to its end."),
        _ => throw new UnreachableException(),
    };

    private static ApiRecordsTaken ToApi(RecordBatch batch) => new()
    {
        Accepted = batch.Accepted,
        Rejected = [.. batch.Refused.Select(record => new ApiRejectedRecord(record.Index, record.Code, record.Field, record.Message))],
        TraceIds = [.. batch.Traces.Select(trace => trace.ToString())],
    };
}
