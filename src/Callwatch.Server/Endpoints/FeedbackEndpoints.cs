using System.IO.Pipelines;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Query;
using Callwatch.Receive;
using Callwatch.Receive.Records;
using Callwatch.Server.Access;
using Callwatch.Spans;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>Judgements by people, on a message or a trace.</summary>
internal static class FeedbackEndpoints
{
    private const int LongestName = 200;
    private const int LongestId = 1_000;
    private const int LongestComment = 2_000;

    public static void MapFeedback(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/feedback", TakeAsync).RequireScope(KeyScopes.Ingest | KeyScopes.IngestAny).WithTags("Sending").WithName("SendFeedback")
            .WithSummary("Takes a judgement on a message or a trace. It becomes a score of the message's span, or of the trace's root.")
            .Accepts<ApiFeedbackWish>("application/json").Produces(StatusCodes.Status202Accepted);

    private static async Task<IResult> TakeAsync(HttpContext http, Intake intake, FeedbackTargets targets, TimeProvider time, CancellationToken cancel)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, ApiJson.Default.ApiFeedbackWish);
        if (body is null) return problem!;
        if (Wrong(body) is { } wrong) return wrong;
        var caller = http.Caller();
        var scope = new ReadScope(caller.TenantId, caller.AppId);
        var about = body.MessageId is { Length: > 0 } message
            ? new FeedbackAbout(await targets.OfMessageAsync(scope, message.Trim(), cancel))
            : await targets.OfTraceAsync(scope, body.TraceId!.Trim(), cancel);
        if (about is null) return Problems.TryLater(StatusCodes.Status503ServiceUnavailable, "busy", "Too much is asked at once.", TimeSpan.FromSeconds(2));
        if (about.Target is not { } target) return Problems.NotFound("Nothing of that trace has come yet. Send the feedback after its trace, or name the message_id, which needs no trace.", "trace_not_found");

        var comment = string.IsNullOrWhiteSpace(body.Comment) ? null : body.Comment;
        var told = new FeedbackEvent(target.Trace, target.Span, target.App, Timestamp.From(time.GetUtcNow()), string.IsNullOrWhiteSpace(body.Name) ? "user" : body.Name.Trim(), body.Value, comment);
        var bytes = told.ToOtlp();
        var result = await intake.TakeAsync(
            new IntakeRequest
            {
                Signal = Signal.Logs,
                Format = OtlpFormat.Protobuf,
                Sender = caller.ToSender(),
                Body = PipeReader.Create(new System.Buffers.ReadOnlySequence<byte>(bytes)),
                Length = bytes.Length,
            },
            cancel);
        return result is IntakeResult.Accepted ? TypedResults.Accepted((string?)null) : RecordEndpoints.Refusal(result);
    }

    private static ProblemHttpResult? Wrong(ApiFeedbackWish body)
    {
        var (trace, message) = (body.TraceId, body.MessageId);
        if (string.IsNullOrWhiteSpace(trace) == string.IsNullOrWhiteSpace(message)) return Problems.Unprocessable("trace_id", "Name either trace_id or message_id.");
        if (trace?.Length > LongestId) return Problems.Unprocessable("trace_id", $"trace_id may have {LongestId} characters.");
        if (message?.Length > LongestId) return Problems.Unprocessable("message_id", $"message_id may have {LongestId} characters.");
        if (body.Name?.Length > LongestName) return Problems.Unprocessable("name", $"name may have {LongestName} characters.");
        if (body.Comment?.Length > LongestComment) return Problems.Unprocessable("comment", $"comment may have {LongestComment} characters.");
        if (body.Value is { } value && !double.IsFinite(value)) return Problems.Unprocessable("value", "value is larger than any number that can be kept.");
        return body.Value is null && string.IsNullOrWhiteSpace(body.Comment) ? Problems.Unprocessable("value", "Give a value, a comment, or both.") : null;
    }
}
