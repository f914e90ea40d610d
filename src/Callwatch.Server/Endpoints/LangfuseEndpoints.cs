using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Receive;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Langfuse;
using Callwatch.Server.Access;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Callwatch.Server.Endpoints;

/// <summary>
/// What programs ask that are set up for Langfuse and know only its older ingestion, Dify among them: the batch, the check of the keys, health, and the
/// links they make to a project and its traces. Field by field in <c>docs/formats/langfuse-ingestion.md</c>.
/// </summary>
internal static class LangfuseEndpoints
{
    // Each round writes what was told during the one before; a trace of which more is told all the time is written whole by the next request.
    private const int MostRounds = 3;

    public static void MapLangfuse(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/public/ingestion", TakeAsync).RequireScope(KeyScopes.Ingest | KeyScopes.IngestAny).WithTags("Sending").WithName("SendLangfuseBatch")
            .WithSummary("Takes a batch of Langfuse's older ingestion. Answers 207 with what became of each event; what it answers for is on disk.")
            .Produces(StatusCodes.Status207MultiStatus, contentType: "application/json");
        routes.MapGet("/api/public/projects", Projects).RequireScope(KeyScopes.Ingest | KeyScopes.IngestAny | KeyScopes.Read).WithTags("Sending").WithName("LangfuseProjects")
            .WithSummary("What a client set up for Langfuse asks to check its keys.")
            .Produces(StatusCodes.Status200OK, contentType: "application/json");
        routes.MapGet("/api/public/health", () => TypedResults.Text($$"""{"status":"OK","version":"{{Version}}"}""", "application/json")).AllowAnyone().ExcludeFromDescription();
        // Relative, for a proxy may serve all of this beneath a path of its own.
        routes.MapGet("/project/{project}", (string project) => TypedResults.Redirect("../calls?app=" + Uri.EscapeDataString(project))).AllowAnyone().ExcludeFromDescription();
        routes.MapGet("/project/{project}/traces/{trace}", (string trace) => TypedResults.Redirect("../../../traces/" + Uri.EscapeDataString(TraceIdOf(trace)))).AllowAnyone().ExcludeFromDescription();
    }

    private static string Version => typeof(LangfuseEndpoints).Assembly.GetName().Version!.ToString(3);

    private static async Task<IResult> TakeAsync(
        HttpContext http, Intake intake, LangfuseMemory memory, LangfuseScores scores, Counters counters, TimeProvider time, IOptions<ReceiveOptions> options)
    {
        var caller = http.Caller();
        if (!http.Request.HasJsonContentType())
        {
            counters.Add(Reason.UnsupportedMediaType, tenantId: caller.TenantId);
            return Problems.Of(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "Send the batch as application/json.");
        }

        http.LeaveSizeToIntake();
        var batch = new LangfuseBatch(caller.TenantId, caller.AppId, Timestamp.From(time.GetUtcNow()), memory, options.Value.MaxNesting);
        var result = await WriteAsync(http, intake, batch, caller);
        if (result is not IntakeResult.Accepted) return RecordEndpoints.Refusal(result);

        // The client sends all of it again when these are not taken: spans and judgements come to the same ids.
        if (await scores.TakeAsync(batch, caller, http.RequestAborted) is { } trouble) return trouble;
        return TypedResults.Text(Answer(batch.Answers).ToJsonString(), "application/json", statusCode: StatusCodes.Status207MultiStatus);
    }

    private static async Task<IntakeResult> WriteAsync(HttpContext http, Intake intake, LangfuseBatch batch, Caller caller)
    {
        var isOnDisk = false;
        try
        {
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
            for (var round = 0; round < MostRounds && result is IntakeResult.Accepted && batch.IsOvertaken(); round++) result = await WriteAnewAsync(intake, batch, caller);
            isOnDisk = result is IntakeResult.Accepted;
            return result;
        }
        finally
        {
            batch.LetGo(isOnDisk);
        }
    }

    private static Task<IntakeResult> WriteAnewAsync(Intake intake, LangfuseBatch batch, Caller caller) => intake.TakeAsync(
        new IntakeRequest
        {
            Signal = Signal.Traces,
            Format = OtlpFormat.Protobuf,
            Sender = caller.ToSender(),
            Body = PipeReader.Create(new ReadOnlySequence<byte>("{}"u8.ToArray())),
            Length = 2,
            Foreign = batch.Anew,
        },
        CancellationToken.None);

    private static JsonObject Answer(IReadOnlyList<LangfuseAnswer> answers)
    {
        var (taken, refused) = (new JsonArray(), new JsonArray());
        foreach (var answer in answers)
        {
            var one = new JsonObject { ["id"] = answer.Id, ["status"] = answer.Status };
            if (answer.Message is { } message) one["message"] = message;
            (answer.Message is null ? taken : refused).Add((JsonNode)one);
        }

        return new JsonObject { ["successes"] = taken, ["errors"] = refused };
    }

    private static ContentHttpResult Projects(HttpContext http, Apps apps)
    {
        var caller = http.Caller();
        var name = caller.AppId is { } app ? apps.NameOf(app) : Apps.DefaultName;
        var project = new JsonObject
        {
            ["id"] = name,
            ["name"] = name,
            ["organization"] = new JsonObject { ["id"] = "callwatch", ["name"] = "Callwatch" },
            ["metadata"] = new JsonObject(),
        };
        return TypedResults.Text(new JsonObject { ["data"] = new JsonArray(project) }.ToJsonString(), "application/json");
    }

    // A UUID is the same trace id with other punctuation.
    private static string TraceIdOf(string trace) => Guid.TryParseExact(trace, "D", out var id) ? id.ToString("N") : trace;
}
