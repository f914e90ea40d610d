using System.Text.Json;
using Callwatch.Spans;

namespace Callwatch.Receive.Langfuse;

/// <summary>What became of an event of the batch, in the platform's own words of a 207.</summary>
/// <param name="Id">Of the event.</param>
/// <param name="Status">201, or why not.</param>
/// <param name="Message">What is wrong and what would be right; null when it was taken.</param>
public sealed record LangfuseAnswer(string Id, int Status, string? Message = null);

/// <summary>What an event is about.</summary>
internal enum LangfuseSubject
{
    Trace,
    Observation,
    Score,

    /// <summary>Of the client itself: taken, and of no use.</summary>
    Log,
}

/// <summary>One event of <c>POST /api/public/ingestion</c> (Langfuse API, batch ingestion), checked.</summary>
/// <param name="Type">Of the observation; null where an update does not say.</param>
/// <param name="Body">Goes with its request.</param>
internal sealed record LangfuseEvent(string Id, LangfuseSubject Subject, bool IsUpdate, string? Type, Timestamp Time, string BodyId, JsonElement Body)
{
    // Bodies may have these; one that is no time by RFC 3339 with a zone is refused by the platform, too.
    private static readonly string[] Times = ["timestamp", "startTime", "endTime", "completionStartTime"];

    /// <summary>The event, or what is wrong with it.</summary>
    public static (LangfuseEvent? Event, LangfuseAnswer? Wrong) Read(JsonElement json, Timestamp now)
    {
        if (!LangfuseJson.IsUnicode(json)) return (null, new LangfuseAnswer("unknown", 400, "A string in it is no Unicode text: bytes that are no UTF-8, or half of a surrogate pair."));
        if (json.ValueKind != JsonValueKind.Object || LangfuseJson.Text(json, "id") is not { Length: <= 800 } id) return (null, new LangfuseAnswer("unknown", 400, "An event must be an object with an id of 1 to 800 characters."));
        var (subject, isUpdate, type) = SubjectOf(LangfuseJson.Text(json, "type") ?? "");
        if (subject is null) return (null, new LangfuseAnswer(id, 400, "type must be one of: trace-create, span-create, generation-create, event-create and those of the newer observation types, their updates, score-create, sdk-log."));
        if (subject == LangfuseSubject.Log) return (new LangfuseEvent(id, LangfuseSubject.Log, false, null, now, "", default), null);
        if (!json.TryGetProperty("body", out var body) || body.ValueKind != JsonValueKind.Object) return (null, new LangfuseAnswer(id, 400, "body must be an object."));
        foreach (var name in Times)
        {
            if (LangfuseJson.Text(body, name) is { } text && !Timestamp.TryParse(text, out _))
                return (null, new LangfuseAnswer(id, 400, $"body.{name} must be a time by ISO 8601 with its zone, such as 2026-11-22T09:30:00.25Z."));
        }

        // The platform makes an id for observations without one; the event's is as unique.
        var bodyId = LangfuseJson.Text(body, "id") ?? (subject == LangfuseSubject.Observation && !isUpdate ? id : null);
        if (bodyId is null && subject != LangfuseSubject.Score) return (null, new LangfuseAnswer(id, 400, "body.id is required."));
        var time = LangfuseJson.Text(json, "timestamp") is { } at && Timestamp.TryParse(at, out var told) && !told.IsNone ? told : now;
        if (type == "observation") type = LangfuseJson.Text(body, "type")?.ToLowerInvariant();
        return (new LangfuseEvent(id, subject.Value, isUpdate, isUpdate && type == "observation" ? null : type, time, bodyId ?? id, body), null);
    }

    private static (LangfuseSubject? Subject, bool IsUpdate, string? Type) SubjectOf(string type) => type switch
    {
        "trace-create" => (LangfuseSubject.Trace, false, "trace"),
        "score-create" => (LangfuseSubject.Score, false, null),
        "sdk-log" => (LangfuseSubject.Log, false, null),
        "span-create" or "generation-create" or "event-create" or "agent-create" or "tool-create" or "chain-create" or "retriever-create" or "evaluator-create" or "embedding-create" or "guardrail-create"
            or "observation-create" => (LangfuseSubject.Observation, false, type[..type.IndexOf('-', StringComparison.Ordinal)]),
        "span-update" or "generation-update" or "observation-update" => (LangfuseSubject.Observation, true, type[..type.IndexOf('-', StringComparison.Ordinal)]),
        _ => (null, false, null),
    };
}
