using System.Text.Json;
using Callwatch.Receive.Records;
using Callwatch.Spans;

namespace Callwatch.Receive.Langfuse;

/// <summary>A judgement on a trace or an observation: the event <c>score-create</c>, or the body of <c>POST /api/public/scores</c>.</summary>
/// <param name="Id">The same one again takes the place of the first.</param>
/// <param name="At">Its place among the events of a batch.</param>
public sealed record LangfuseScore(string Id, int At, string TraceId, string? ObservationId, string Name, double? Value, string? Comment)
{
    private const int LongestId = 800;

    /// <summary>The judgement, or what is wrong with it.</summary>
    /// <param name="id">Where the body has none.</param>
    public static (LangfuseScore? Score, string Wrong) Read(JsonElement body, string id, int at = 0)
    {
        if (LangfuseJson.Text(body, "name") is not { } name) return (null, "A score needs a name.");
        if (LangfuseJson.Text(body, "traceId") is not { } trace)
        {
            return (null, LangfuseJson.Text(body, "sessionId") is null
                ? "A score needs a traceId."
                : "Sessions are not judged here: name the traceId of one of its traces, the last for instance.");
        }

        if ((LangfuseJson.Text(body, "id") ?? id) is not { Length: <= LongestId } own) return (null, $"The id of a score may have {LongestId} characters.");
        double? number = null;
        var comment = LangfuseJson.Text(body, "comment");
        if (body.TryGetProperty("value", out var value))
        {
            if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var given) && double.IsFinite(given)) number = given;
            else if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) number = value.GetBoolean() ? 1 : 0;
            // A category has no number.
            else if (LangfuseJson.Text(value) is { } category) comment = comment is null ? category : category + ": " + comment;
        }

        return number is null && comment is null
            ? (null, "A score needs a value (a number, true or false, or a category), or a comment.")
            : (new LangfuseScore(own, at, trace, LangfuseJson.Text(body, "observationId"), name, number, comment), "");
    }

    /// <summary>Whether its trace's id is one of OpenTelemetry, whose root may be any span.</summary>
    public bool IsOfAnyTrace => Spans.TraceId.TryParse(TraceId, null, out var id) && !id.IsNone;

    /// <summary>As the log record it becomes: of its observation, else of the trace's root.</summary>
    /// <param name="root">That of a trace which was told in another way; null where it was told in this one.</param>
    /// <param name="app">Of the trace; null leaves it to the sender's key.</param>
    public FeedbackEvent ToEvent(int tenantId, Timestamp time, SpanId? root, string? app)
    {
        var trace = RecordIds.TraceOf(tenantId, TraceId);
        var about = ObservationId is { } observation ? LangfuseSpans.SpanOf(trace, observation) : root ?? LangfuseSpans.RootOf(trace);
        return new FeedbackEvent(trace, about, app, time, Name, Value, Comment) { Id = Id };
    }
}
