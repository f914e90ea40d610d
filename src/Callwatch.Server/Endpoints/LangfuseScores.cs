using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json.Nodes;
using Callwatch.Journal;
using Callwatch.Query;
using Callwatch.Receive;
using Callwatch.Receive.Langfuse;
using Callwatch.Server.Access;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using KeyScopes = Callwatch.Control.KeyScopes;

namespace Callwatch.Server.Endpoints;

/// <summary>Judgements by programs that are set up for Langfuse: in batches, and by themselves (<c>POST /api/public/scores</c>).</summary>
internal sealed class LangfuseScores(Intake intake, FeedbackTargets targets, LangfuseMemory memory, Counters counters, TimeProvider time)
{
    private const string NoTrace = "Nothing of that trace has come yet. Send the score after its trace, or name the observationId of its root, which may come later.";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/public/scores", (HttpContext http, LangfuseScores scores) => scores.TakeOneAsync(http)).RequireScope(KeyScopes.Ingest | KeyScopes.IngestAny).WithTags("Sending").WithName("SendLangfuseScore")
            .WithSummary("Takes a score as Langfuse's clients send it. It becomes one of its observation's span, else of the trace's root; the same id again takes its place.")
            .Produces(StatusCodes.Status200OK, contentType: "application/json");

    /// <summary>The judgements of a batch, whose answers say which of them are not taken; null unless all of it is to be sent again.</summary>
    public async Task<IResult?> TakeAsync(LangfuseBatch batch, Caller caller, CancellationToken cancel)
    {
        using var all = new MemoryStream();
        var roots = new Dictionary<string, FeedbackTarget?>(StringComparer.Ordinal);
        foreach (var score in batch.Scores)
        {
            var (root, trouble) = await RootAsync(score, caller, roots, cancel);
            if (trouble is not null) return trouble;
            if (IsLost(score, root, caller))
            {
                batch.Refuse(score, StatusCodes.Status404NotFound, NoTrace);
                counters.Add(Reason.RecordRefused, tenantId: caller.TenantId);
                continue;
            }

            // Messages behind each other are one.
            all.Write(EventOf(score, root, caller));
        }

        return all.Length == 0 ? null : await PassOnAsync(all.ToArray(), caller);
    }

    private async Task<IResult> TakeOneAsync(HttpContext http)
    {
        var (body, problem) = await JsonBody.ReadObjectAsync(http);
        if (body is null) return problem!;
        var caller = http.Caller();
        var (score, wrong) = LangfuseScore.Read(body.Value, Guid.CreateVersion7().ToString());
        if (score is null)
        {
            counters.Add(Reason.RecordRefused, tenantId: caller.TenantId);
            return Problems.Of(StatusCodes.Status400BadRequest, "invalid_score", wrong);
        }

        var (root, trouble) = await RootAsync(score, caller, [], http.RequestAborted);
        if (trouble is not null) return trouble;
        if (IsLost(score, root, caller)) return Problems.NotFound(NoTrace, "trace_not_found");
        return await PassOnAsync(EventOf(score, root, caller), caller) ?? TypedResults.Text(new JsonObject { ["id"] = score.Id }.ToJsonString(), "application/json");
    }

    // Of a trace that may have come by any way, as long as nothing of it has come, the root is not known.
    private bool IsLost(LangfuseScore score, FeedbackTarget? root, Caller caller) => root is null && score is { ObservationId: null, IsOfAnyTrace: true } && !IsToldHere(score, caller);

    private byte[] EventOf(LangfuseScore score, FeedbackTarget? root, Caller caller) => score.ToEvent(caller.TenantId, Timestamp.From(time.GetUtcNow()), root?.Span, root?.App).ToOtlp();

    // What was told by the older ingestion has a root whose id is known before it comes; any other has to be looked up.
    private async Task<(FeedbackTarget? Root, IResult? Trouble)> RootAsync(LangfuseScore score, Caller caller, Dictionary<string, FeedbackTarget?> known, CancellationToken cancel)
    {
        if (score.ObservationId is not null || IsToldHere(score, caller)) return (null, null);
        if (known.TryGetValue(score.TraceId, out var root)) return (root, null);
        var about = await targets.OfTraceAsync(new ReadScope(caller.TenantId, caller.AppId), score.TraceId, cancel);
        if (about is null) return (null, Problems.TryLater(StatusCodes.Status503ServiceUnavailable, "busy", "Too much is asked at once.", TimeSpan.FromSeconds(2)));
        return (known[score.TraceId] = about.Target, null);
    }

    private bool IsToldHere(LangfuseScore score, Caller caller) => memory.Knows(caller.TenantId, caller.AppId, score.TraceId);

    private async Task<IResult?> PassOnAsync(byte[] logs, Caller caller)
    {
        var result = await intake.TakeAsync(
            new IntakeRequest
            {
                Signal = Signal.Logs,
                Format = OtlpFormat.Protobuf,
                Sender = caller.ToSender(),
                Body = PipeReader.Create(new ReadOnlySequence<byte>(logs)),
                Length = logs.Length,
            },
            CancellationToken.None);
        return result is IntakeResult.Accepted ? null : RecordEndpoints.Refusal(result);
    }
}
