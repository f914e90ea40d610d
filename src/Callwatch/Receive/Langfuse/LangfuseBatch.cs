using System.Text.Json;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;
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

    // What is written anew for a trace that comes late; the rest goes by what its root says.
    private const int MostOvertakenBytes = 8 << 20;

    private readonly List<LangfuseAnswer> answers = [];
    private readonly List<LangfuseScore> scores = [];
    private readonly HashSet<LangfuseMemory.Key> held = [];
    private Dictionary<string, LangfuseEntity> traces = new(StringComparer.Ordinal);
    private Dictionary<string, LangfuseEntity> observations = new(StringComparer.Ordinal);
    private HashSet<string> roots = new(StringComparer.Ordinal);

    /// <summary>One for each event, in their order.</summary>
    public IReadOnlyList<LangfuseAnswer> Answers => answers;

    /// <summary>Judgements, which go on as log records.</summary>
    public IReadOnlyList<LangfuseScore> Scores => scores;

    public int RefusedItems => answers.Count(answer => answer.Status != 201);

    /// <summary>Writes what <see cref="IsOvertaken"/> has found; whatever body it is given.</summary>
    public IForeignBody Anew => new Again(this);

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
            var read = batch.EnumerateArray().Select(item => LangfuseEvent.Read(item, now)).ToList();
            // All that is known of a trace, from whichever request, is put together by one at a time.
            lock (memory.Gate)
            {
                Take(read);
                Gather();
            }
        }
        // The latter is how the JSON reader says that a text is no Unicode.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "The body is no JSON.";
        }

        Write(into);
        return null;
    }

    /// <summary>
    /// Once it is on disk: whether another request has told more of the same meanwhile. Which of the two lies later in the journal nobody knows, and the
    /// later one stands: then all that is known is to be written <see cref="Anew"/>.
    /// </summary>
    public bool IsOvertaken()
    {
        lock (memory.Gate)
        {
            var known = traces.ToDictionary(trace => trace.Key, trace => memory.Find(KeyOf(trace.Key, isTrace: true)) ?? trace.Value, StringComparer.Ordinal);
            var later = observations.ToDictionary(one => one.Key, one => memory.Find(KeyOf(one.Key, isTrace: false)) ?? one.Value, StringComparer.Ordinal);
            roots = [.. roots.Where(id => known[id].Version != traces[id].Version)];
            observations = later.Where(one => one.Value.Version != observations[one.Key].Version || TraceOf(one.Value, known).Facts != TraceOf(one.Value, traces).Facts)
                .ToDictionary(one => one.Key, one => one.Value, StringComparer.Ordinal);
            traces = known;
            return roots.Count > 0 || observations.Count > 0;
        }
    }

    /// <summary>It is over: what need not be remembered is let go.</summary>
    /// <param name="isOnDisk">False when it was refused; the client sends it again.</param>
    public void LetGo(bool isOnDisk)
    {
        foreach (var key in held) memory.LetGo(key, isOnDisk);
        held.Clear();
    }

    /// <summary>What was taken at first cannot be, after all.</summary>
    public void Refuse(LangfuseScore score, int status, string message) => answers[score.At] = new LangfuseAnswer(answers[score.At].Id, status, message);

    // The reader is a copy: the one that is read on stays where it is.
    private static bool IsTooDense(Utf8JsonReader reader)
    {
        var tokens = 0;
        while (reader.Read() && !(reader.CurrentDepth == 0 && reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray))
            if (++tokens > MostTokens) return true;
        return false;
    }

    // As the platform does: whatever is created, is before it is changed.
    private void Take(List<(LangfuseEvent? Event, LangfuseAnswer? Wrong)> read)
    {
        var taken = new LangfuseAnswer?[read.Count];
        foreach (var updates in (bool[])[false, true])
        {
            for (var i = 0; i < read.Count; i++)
                if (read[i].Event is { } one && one.IsUpdate == updates) taken[i] = Take(one, i);
        }

        for (var i = 0; i < read.Count; i++) answers.Add(read[i].Wrong ?? taken[i]!);
    }

    private LangfuseAnswer Take(LangfuseEvent told, int at)
    {
        switch (told.Subject)
        {
            case LangfuseSubject.Trace:
                traces[told.BodyId] = Known(traces, told.BodyId, isTrace: true, told).WithTrace(told.Body);
                roots.Add(told.BodyId);
                break;
            case LangfuseSubject.Observation:
                if (told.IsUpdate && !observations.ContainsKey(told.BodyId) && memory.Find(KeyOf(told.BodyId, isTrace: false)) is null)
                    return new LangfuseAnswer(told.Id, 404, "What was created of this observation is not known any more; it stays as it is. Send it whole, with startTime and endTime.");
                observations[told.BodyId] = Known(observations, told.BodyId, isTrace: false, told).With(told.Body);
                break;
            case LangfuseSubject.Score:
                var (score, wrong) = LangfuseScore.Read(told.Body, told.BodyId, at);
                if (score is null) return new LangfuseAnswer(told.Id, 400, wrong);
                scores.Add(score);
                break;
        }

        return new LangfuseAnswer(told.Id, 201);
    }

    private LangfuseEntity Known(Dictionary<string, LangfuseEntity> seen, string id, bool isTrace, LangfuseEvent told) =>
        seen.GetValueOrDefault(id) ?? memory.Find(KeyOf(id, isTrace)) ?? new LangfuseEntity(id, isTrace ? "trace" : told.Type ?? "span", told.Time);

    // What is to be written: roots that are new or say something else than they did, observations of this request, and those that overtook their trace.
    private void Gather()
    {
        foreach (var observation in observations.Values)
        {
            var id = LangfuseSpans.TraceOf(observation);
            var trace = TraceOf(observation, traces);
            var (start, end) = LangfuseSpans.TimesOf(observation);
            traces[id] = trace.Widened(start, end);
            if (traces[id].Extent != trace.Extent || trace.IsLost) roots.Add(id);
        }

        foreach (var (id, trace) in traces)
            foreach (var late in memory.Overtaken(KeyOf(id, isTrace: true), trace.Facts, MostOvertakenBytes)) observations.TryAdd(late.Id, late);
        foreach (var (id, trace) in traces.ToList()) traces[id] = Keep(trace, isTrace: true);
        foreach (var (id, observation) in observations.ToList()) observations[id] = Keep(observation with { Facts = TraceOf(observation, traces).Facts }, isTrace: false);
        roots.RemoveWhere(id => !traces[id].IsTold);
    }

    private LangfuseEntity Keep(LangfuseEntity entity, bool isTrace)
    {
        var key = KeyOf(entity.Id, isTrace);
        held.Add(key);
        return memory.Keep(key, entity, isTrace ? null : KeyOf(LangfuseSpans.TraceOf(entity), isTrace: true));
    }

    private LangfuseEntity TraceOf(LangfuseEntity observation, Dictionary<string, LangfuseEntity> among)
    {
        var id = LangfuseSpans.TraceOf(observation);
        return among.GetValueOrDefault(id) ?? memory.Find(KeyOf(id, isTrace: true)) ?? new LangfuseEntity(id, "trace", observation.Told);
    }

    private void Write(PayloadBuffer into)
    {
        if (roots.Count == 0 && observations.Count == 0) return;
        var to = new ProtobufWriter(into);
        var resource = to.Begin(1, 1 << 16);
        var scope = to.Begin(2, 1 << 16);
        var name = to.Begin(1, 32);
        to.Bytes(1, "langfuse-ingestion"u8);
        to.End(name);
        foreach (var root in roots) LangfuseSpans.Root(tenantId, traces[root]).Write(to);
        foreach (var observation in observations.Values)
        {
            // Each repeats what its trace is called: a long name is too much long before the last of them.
            if (into.Trouble != BufferTrouble.None) break;
            LangfuseSpans.Of(tenantId, observation, TraceOf(observation, traces)).Write(to);
        }

        to.End(scope);
        to.End(resource);
    }

    private LangfuseMemory.Key KeyOf(string id, bool isTrace) => new(tenantId, appId, isTrace, id);

    private sealed class Again(LangfuseBatch batch) : IForeignBody
    {
        public int RefusedItems => 0;

        public string? Write(ReadOnlySpan<byte> body, PayloadBuffer into)
        {
            batch.Write(into);
            return null;
        }
    }
}
