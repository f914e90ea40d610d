using System.ComponentModel;
using System.Globalization;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Receive;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Importing;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Callwatch.Server.Endpoints;

/// <summary>Takes files: what <c>export</c> has written, and what OpenTelemetry's tools write. They go through the same intake as what is sent.</summary>
internal static class ImportEndpoint
{
    public static void MapImport(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/import", TakeAsync).RequireScope(KeyScopes.Ingest | KeyScopes.IngestAny).WithTags("Sending").WithName("Import")
            .WithSummary("Takes a file of traces: OTLP as protobuf or JSON, or calls as JSON lines. What it answers for is on disk.")
            .Produces<ApiImported>(StatusCodes.Status202Accepted);

    private static async Task<IResult> TakeAsync(
        HttpContext http, Intake intake, IOptions<ReceiveOptions> options,
        [FromQuery(Name = "shift"), Description("Seconds that all times are moved by, to 9 decimals; with a minus into the past. Default: 0.")] string? shift)
    {
        if (!TryNanoseconds(shift, out var nanoseconds)) return Problems.Unprocessable("shift", "'shift' is a number of seconds, such as 604800 or -0.5, of at most 100 years.");
        http.LeaveSizeToIntake();
        var file = new ImportFile(nanoseconds, options.Value.MaxNesting);
        var result = await intake.TakeAsync(
            new IntakeRequest
            {
                Signal = Signal.Traces,
                Format = OtlpFormat.Protobuf,
                Sender = http.Caller().ToSender(),
                Body = http.Request.BodyReader,
                Length = http.Request.ContentLength,
                Coding = CodingOf(http.Request),
                Foreign = file,
            },
            http.RequestAborted);
        if (result is not IntakeResult.Accepted accepted) return RecordEndpoints.Refusal(result);
        return TypedResults.Json(
            new ApiImported
            {
                Accepted = file.Spans - accepted.Rejected,
                Rejected = accepted.Rejected,
                Reason = accepted.Message,
                BadLines = file.BadLines,
                Lines = [.. file.Troubles.Select(trouble => new ApiImportTrouble(trouble.Line, trouble.Code, trouble.Field, trouble.Message))],
            },
            ApiJson.Default.ApiImported, statusCode: StatusCodes.Status202Accepted);
    }

    // A packed file sent as the file it is.
    private static ContentCoding? CodingOf(HttpRequest request) =>
        request.Headers.ContentEncoding.Count == 0 && request.ContentType?.Split(';')[0].Trim() is "application/gzip" or "application/x-gzip" ? ContentCoding.Gzip : ContentCodings.Parse(request.Headers.ContentEncoding);

    private static bool TryNanoseconds(string? text, out long nanoseconds)
    {
        nanoseconds = 0;
        if (string.IsNullOrEmpty(text)) return true;
        if (!decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) || Math.Abs(seconds) > 3_200_000_000) return false;
        nanoseconds = (long)(seconds * 1_000_000_000);
        return true;
    }
}
