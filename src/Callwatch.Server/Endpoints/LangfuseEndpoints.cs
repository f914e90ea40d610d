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
        HttpContext http, Intake intake, LangfuseMemory memory, Counters counters, TimeProvider time, IOptions<ReceiveOptions> options)
    {
        var caller = http.Caller();
        if (!http.Request.HasJsonContentType())
        {
            counters.Add(Reason.UnsupportedMediaType, tenantId: caller.TenantId);
            return Problems.Of(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "Send the batch as application/json.");
        }

        http.LeaveSizeToIntake();
        var batch = new LangfuseBatch(caller.TenantId, caller.AppId, Timestamp.From(time.GetUtcNow()), memory, options.Value.MaxNesting);
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
        if (result is not IntakeResult.Accepted) return RecordEndpoints.Refusal(result);
        batch.Remember();
        foreach (var score in batch.Scores)
        {
            var told = await TellAsync(score.ToEvent(caller.TenantId, Timestamp.From(time.GetUtcNow())).ToOtlp(), intake, caller);
            // The client sends all of it again: spans come to the same ids.
            if (told is not IntakeResult.Accepted) return RecordEndpoints.Refusal(told);
        }

        return TypedResults.Text(Answer(batch.Answers).ToJsonString(), "application/json", statusCode: StatusCodes.Status207MultiStatus);
    }

    private static Task<IntakeResult> TellAsync(byte[] log, Intake intake, Caller caller) => intake.TakeAsync(
        new IntakeRequest
        {
            Signal = Signal.Logs,
            Format = OtlpFormat.Protobuf,
            Sender = caller.ToSender(),
            Body = PipeReader.Create(new System.Buffers.ReadOnlySequence<byte>(log)),
            Length = log.Length,
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
