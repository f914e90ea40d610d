using System.Text.Json;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;
using Callwatch.Receive.Records;
using Callwatch.Spans;

namespace Callwatch.Receive.Langfuse;

/// <summary>
/// The events of one <c>POST /api/public/ingestion</c> on their way to OTLP, as older Langfuse clients and Dify send them: each observation becomes a
/// span, and a trace the root above them. What later events say of the same trace or observation is put together, and its span written anew.
/// </summary>
/// <param name="appId">The app whose key sent it; what was told with the key of another is not known here.</param>
public sealed class LangfuseBatch(int tenantId, int? appId, Timestamp now, LangfuseMemory memory, int mostNesting) : IForeignBody
{
    /// <summary>A batch is held as a tree; the platform itself takes 4.5 MB.</summary>
    public const int MostBytes = 16 << 20;

    /// <summary>Each is answered for by itself; clients send some dozens.</summary>
    public const int MostEvents = 20_000;

    /// <summary>Names, values and brackets: as a tree each takes many times the two bytes that it may have as text.</summary>
    public const int MostTokens = 1_000_000;

    private readonly List<LangfuseAnswer> answers = [];
    private readonly List<LangfuseScore> scores = [];
    private readonly Dictionary<string, LangfuseEntity> traces = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LangfuseEntity> observations = new(StringComparer.Ordinal);

    /// <summary>One for each event, in their order.</summary>
    public IReadOnlyList<LangfuseAnswer> Answers => answers;

    /// <summary>Judgements, which go on as log records.</summary>
    public IReadOnlyList<LangfuseScore> Scores => scores;

    public int RefusedItems => answers.Count(answer => answer.Status != 201);

    /// <inheritdoc/>
    public string? Write(ReadOnlySpan<byte> body, PayloadBuffer into)
    {
        if (body.Length > MostBytes) return $"A batch may have {MostBytes} bytes; send smaller ones.";
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = mostNesting + 8 });
            if (IsTooDense(reader)) return $"A batch may have {MostTokens} names, values and brackets; send smaller ones.";
            using var json = JsonDocument.ParseValue(ref reader);
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("batch", out var batch) || batch.ValueKind != JsonValueKind.Array) return "The body must be an object with a list called batch.";
            if (batch.GetArrayLength() > MostEvents) return $"A batch may have {MostEvents} events; send smaller ones.";
            Take([.. batch.EnumerateArray()]);
        }
        // The latter is how the JSON reader says that a text is no Unicode.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "The body is no JSON.";
        }

        Write(new ProtobufWriter(into), into);
        return null;
    }

    /// <summary>Once all of it is on disk: what later requests may add to.</summary>
    public void Remember()
    {
        foreach (var (id, trace) in traces) memory.Keep(KeyOf(id, isTrace: true), trace);
        foreach (var (id, observation) in observations)
        {
            if (observation.IsOpen) memory.Keep(KeyOf(id, isTrace: false), observation);
            else memory.Forget(KeyOf(id, isTrace: false));
        }
    }

    // The reader is a copy: the one that is read on stays where it is.
    private static bool IsTooDense(Utf8JsonReader reader)
    {
        var tokens = 0;
        while (reader.Read() && !(reader.CurrentDepth == 0 && reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray))
            if (++tokens > MostTokens) return true;
        return false;
    }

    // As the platform does: whatever is created, is before it is changed.
    private void Take(List<JsonElement> items)
    {
        var read = items.ConvertAll(item => LangfuseEvent.Read(item, now));
        var taken = new LangfuseAnswer?[read.Count];
        foreach (var updates in (bool[])[false, true])
        {
            for (var i = 0; i < read.Count; i++)
                if (read[i].Event is { } one && one.IsUpdate == updates) taken[i] = Take(one);
        }

        for (var i = 0; i < read.Count; i++) answers.Add(read[i].Wrong ?? taken[i]!);
    }

    private LangfuseAnswer Take(LangfuseEvent told)
    {
        switch (told.Subject)
        {
            case LangfuseSubject.Trace:
                traces[told.BodyId] = Known(traces, told.BodyId, isTrace: true, told).With(told.Body);
                break;
            case LangfuseSubject.Observation:
                if (told.IsUpdate && !observations.ContainsKey(told.BodyId) && memory.Find(KeyOf(told.BodyId, isTrace: false)) is null)
                    return new LangfuseAnswer(told.Id, 404, "What was created of this observation is not known any more; it stays as it is. Send it whole, with startTime and endTime.");
                observations[told.BodyId] = Known(observations, told.BodyId, isTrace: false, told).With(told.Body);
                break;
            case LangfuseSubject.Score:
                if (LangfuseScore.Read(told.Body) is not { } score) return new LangfuseAnswer(told.Id, 400, "A score needs a name, a traceId, and a value or a comment.");
                scores.Add(score);
                break;
        }

        return new LangfuseAnswer(told.Id, 201);
    }

    private LangfuseEntity Known(Dictionary<string, LangfuseEntity> seen, string id, bool isTrace, LangfuseEvent told) =>
        seen.GetValueOrDefault(id) ?? memory.Find(KeyOf(id, isTrace)) ?? new LangfuseEntity(id, isTrace ? "trace" : told.Type ?? "span", told.Time);

    private void Write(ProtobufWriter to, PayloadBuffer into)
    {
        // Roots that are new, or that say something else than they did.
        var roots = new HashSet<string>(traces.Keys, StringComparer.Ordinal);
        foreach (var observation in observations.Values)
        {
            var id = LangfuseSpans.TraceOf(observation);
            var trace = traces.GetValueOrDefault(id) ?? memory.Find(KeyOf(id, isTrace: true)) ?? new LangfuseEntity(id, "trace", observation.Told);
            var (start, end) = LangfuseSpans.TimesOf(observation);
            traces[id] = trace.Widened(start, end);
            if (traces[id].Extent != trace.Extent) roots.Add(id);
        }

        if (traces.Count == 0) return;
        var resource = to.Begin(1, 1 << 16);
        var scope = to.Begin(2, 1 << 16);
        var name = to.Begin(1, 32);
        to.Bytes(1, "langfuse-ingestion"u8);
        to.End(name);
        foreach (var trace in traces.Values)
            if (trace.IsTold && roots.Contains(trace.Id)) LangfuseSpans.Root(tenantId, trace).Write(to);
        foreach (var observation in observations.Values)
        {
            // Each repeats what its trace is called: a long name is too much long before the last of them.
            if (into.Trouble != BufferTrouble.None) break;
            LangfuseSpans.Of(tenantId, observation, traces[LangfuseSpans.TraceOf(observation)]).Write(to);
        }

        to.End(scope);
        to.End(resource);
    }

    private LangfuseMemory.Key KeyOf(string id, bool isTrace) => new(tenantId, appId, isTrace, id);
}

/// <summary>A judgement on a trace or an observation.</summary>
public sealed record LangfuseScore(string TraceId, string? ObservationId, string Name, double? Value, string? Comment)
{
    internal static LangfuseScore? Read(JsonElement body)
    {
        if (LangfuseJson.Text(body, "name") is not { } name || LangfuseJson.Text(body, "traceId") is not { } trace) return null;
        double? number = null;
        var comment = LangfuseJson.Text(body, "comment");
        if (body.TryGetProperty("value", out var value))
        {
            if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var given) && double.IsFinite(given)) number = given;
            else if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) number = value.GetBoolean() ? 1 : 0;
            // A category has no number.
            else if (LangfuseJson.Text(value) is { } category) comment ??= category;
        }

        return number is null && comment is null ? null : new LangfuseScore(trace, LangfuseJson.Text(body, "observationId"), name, number, comment);
    }

    /// <summary>As the log record it becomes.</summary>
    public FeedbackEvent ToEvent(int tenantId, Timestamp time)
    {
        var trace = RecordIds.TraceOf(tenantId, TraceId);
        return new FeedbackEvent(trace, ObservationId is { } observation ? LangfuseSpans.SpanOf(trace, observation) : LangfuseSpans.RootOf(trace), null, time, Name, Value, Comment);
    }
}
