using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Spans;
using Callwatch.Testing;

namespace Callwatch.Server.Tests.Cases;

/// <summary>
/// A worked case of the documentation: two hours of a made-up platform that end at 14:00 on 17 September 2026, the same two hours a week
/// before, and one thing that goes wrong at 13:12. Every file follows from its seed; docs/cases/make writes them.
/// </summary>
internal abstract class CaseFile(string name, int seed)
{
    private const int TracesOfMinute = 6;

    private readonly Random random = new(seed);
    private int traces;

    public static IReadOnlyList<CaseFile> All => [new SlowRelease(), new LostCache(), new FailingProvider()];

    public static DateTimeOffset End { get; } = new(2026, 9, 17, 14, 0, 0, TimeSpan.Zero);

    public static DateTimeOffset Begins { get; } = new(2026, 9, 17, 13, 12, 0, TimeSpan.Zero);

    public string Name => name;

    /// <summary>Where it lies: docs/cases.</summary>
    public string Path => System.IO.Path.GetFullPath(System.IO.Path.Combine(Fixtures.Root, "..", "..", "docs", "cases", name + ".jsonl.gz"));

    /// <summary>Requests of OTLP/JSON, one a line.</summary>
    public string Lines()
    {
        var text = new StringBuilder();
        foreach (var days in new[] { -7, 0 })
            for (var minute = -120; minute < 0; minute++)
                text.Append(Minute(End.AddDays(days).AddMinutes(minute)).ToJsonString()).Append('\n');
        return text.ToString();
    }

    public static byte[] Packed(string lines)
    {
        using var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, CompressionLevel.SmallestSize)) stream.Write(Encoding.UTF8.GetBytes(lines));
        return packed.ToArray();
    }

    /// <summary>One trace; all its spans.</summary>
    protected abstract Work Draw(DateTimeOffset start, bool broken);

    protected double Between(double low, double high) => low + (random.NextDouble() * (high - low));

    protected bool Chance(double share) => random.NextDouble() < share;

    protected T Pick<T>(params T[] of) => of[random.Next(of.Length)];

    /// <summary>Around a middle, sometimes much longer.</summary>
    protected double Around(double middle) => middle * Math.Exp(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()) * 0.35);

    /// <summary>A business operation of an app and what happened in it, one after another.</summary>
    protected sealed record Work(string App, string Release, string Name, string User, IReadOnlyList<Step> Steps);

    /// <summary>Something that took a while.</summary>
    protected sealed record Step(string Name, string Kind, double Ms)
    {
        public IReadOnlyList<(string Key, object Value)> Facts { get; init; } = [];

        public (string Type, string Message)? Error { get; init; }
    }

    private JsonObject Minute(DateTimeOffset start)
    {
        var works = Enumerable.Range(0, TracesOfMinute).Select(i => (At: start.AddMilliseconds((60_000d / TracesOfMinute * i) + Between(0, 5_000)), i)).Select(pair => (pair.At, Work: Draw(pair.At, pair.At >= Begins))).ToList();
        return new JsonObject
        {
            ["resourceSpans"] = new JsonArray([.. works.GroupBy(one => (one.Work.App, one.Work.Release)).Select(group => new JsonObject
            {
                ["resource"] = new JsonObject { ["attributes"] = Attributes([("service.name", group.Key.App), ("service.version", group.Key.Release), ("deployment.environment.name", "production")]) },
                ["scopeSpans"] = new JsonArray(new JsonObject { ["scope"] = new JsonObject { ["name"] = "cases" }, ["spans"] = new JsonArray([.. group.SelectMany(one => Spans(one.At, one.Work))]) }),
            })]),
        };
    }

    private IEnumerable<JsonNode?> Spans(DateTimeOffset start, Work work)
    {
        var trace = $"{seed:x8}{++traces:x8}{random.NextInt64():x16}";
        var (at, id) = (start, 1);
        var spans = new List<JsonNode?>();
        foreach (var step in work.Steps)
        {
            var from = at.AddMilliseconds(4);
            at = from.AddMilliseconds(step.Ms);
            spans.Add(Span(trace, ++id, 1, step.Name, step.Kind == "chat" ? 3 : 1, from, at, step.Kind == "chat" ? step.Facts : [("callwatch.kind", step.Kind), .. step.Facts], step.Error));
        }

        return spans.Prepend(Span(trace, 1, 0, work.Name, 2, start, at.AddMilliseconds(6), [("user.id", work.User)], null));
    }

    private static JsonObject Span(string trace, int id, int parent, string name, int kind, DateTimeOffset start, DateTimeOffset end, IReadOnlyList<(string Key, object Value)> facts, (string Type, string Message)? error)
    {
        var span = new JsonObject { ["traceId"] = trace, ["spanId"] = id.ToString("x16", CultureInfo.InvariantCulture) };
        if (parent != 0) span["parentSpanId"] = parent.ToString("x16", CultureInfo.InvariantCulture);
        span["name"] = name;
        span["kind"] = kind;
        span["startTimeUnixNano"] = Nanoseconds(start);
        span["endTimeUnixNano"] = Nanoseconds(end);
        span["attributes"] = Attributes(error is { } one ? [.. facts, ("error.type", one.Type)] : facts);
        if (error is { } failed) span["status"] = new JsonObject { ["code"] = 2, ["message"] = failed.Message };
        return span;
    }

    private static JsonArray Attributes(IReadOnlyList<(string Key, object Value)> facts) => [.. facts.Select(fact => (JsonNode)new JsonObject
    {
        ["key"] = fact.Key,
        ["value"] = fact.Value switch
        {
            int number => new JsonObject { ["intValue"] = number.ToString(CultureInfo.InvariantCulture) },
            double number => new JsonObject { ["doubleValue"] = number },
            bool flag => new JsonObject { ["boolValue"] = flag },
            _ => new JsonObject { ["stringValue"] = (string)fact.Value },
        },
    })];

    private static string Nanoseconds(DateTimeOffset time) => Timestamp.From(time).UnixNanoseconds.ToString(CultureInfo.InvariantCulture);

    /// <summary>A model call.</summary>
    protected Step Call(string operation, string provider, string model, double firstMs, double ms, int input, int output, params (string Key, object Value)[] more) => new("chat " + model, "chat", Math.Round(ms, 3))
    {
        Facts =
        [
            ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", provider), ("gen_ai.request.model", model), ("gen_ai.workflow.name", operation), ("gen_ai.request.stream", true),
            ("gen_ai.response.time_to_first_chunk", Math.Round(Math.Min(firstMs, ms) / 1000, 6)), ("gen_ai.usage.input_tokens", input), ("gen_ai.usage.output_tokens", output), .. more,
        ],
    };

    protected static Step Failing(Step call, string type, string message, int status) => call with
    {
        Facts = [.. call.Facts.Where(fact => !fact.Key.StartsWith("gen_ai.usage", StringComparison.Ordinal) && !fact.Key.StartsWith("gen_ai.response", StringComparison.Ordinal)), ("http.response.status_code", status)],
        Error = (type, message),
    };

    protected string User() => "user-" + random.Next(1, 90).ToString(CultureInfo.InvariantCulture);
}

/// <summary>Release 3.9.0 of an assistant asks gpt-4.1 at an address on another continent, through one more proxy: its answers begin late.</summary>
internal sealed class SlowRelease() : CaseFile("slow-release", 31)
{
    protected override Work Draw(DateTimeOffset start, bool broken)
    {
        if (Chance(0.45))
        {
            var model = Pick("gpt-4.1", "gpt-4.1", "gpt-4o-mini");
            return new Work("back-office", "7.2", "POST /letters", User(), [Call("letter", "openai", model, Around(500), Around(2_300), (int)Around(1_900), (int)Around(210), ("gen_ai.prompt.name", "letter"), ("gen_ai.prompt.version", "3"))]);
        }

        // The new release reaches one pod after the other within ten minutes.
        var released = broken && Chance(Math.Min(1, (start - Begins).TotalMinutes / 10));
        var later = released ? 4 : 1;
        return new Work(
            "shop-assistant", released ? "3.9.0" : "3.8.2", "POST /ask", User(),
            [
                new Step("search documents", "retrieval", Math.Round(Around(130), 3)),
                Call("classify", "openai", "gpt-4o-mini", Around(220), Around(420), (int)Around(350), (int)Around(12), ("gen_ai.prompt.name", "classify"), ("gen_ai.prompt.version", "5")),
                Call("answer", "openai", "gpt-4.1", Around(650 * later), Around(650 * later) + Around(1_700), (int)Around(2_400), (int)Around(240), ("gen_ai.prompt.name", "answer"), ("gen_ai.prompt.version", "12")),
            ]);
    }
}

/// <summary>Version 12 of a prompt begins with the time of day: no two prompts have a beginning in common, and the provider's cache no longer helps.</summary>
internal sealed class LostCache() : CaseFile("lost-cache", 32)
{
    protected override Work Draw(DateTimeOffset start, bool broken)
    {
        if (Chance(0.5))
            return new Work("mail-sorter", "1.4", "job sort", User(), [Call("sort", "openai", "gpt-4.1-mini", Around(300), Around(700), (int)Around(1_400), (int)Around(30), ("gen_ai.prompt.name", "sort"), ("gen_ai.prompt.version", "2"))]);
        var input = (int)Around(9_000);
        var cached = broken ? (Chance(0.04) ? (int)(input * 0.8) : 0) : (int)(input * Between(0.75, 0.92));
        return new Work("contract-helper", "5.1", "POST /review", User(),
            [
                Call("review", "anthropic", "claude-sonnet-4-5", Around(broken ? 1_300 : 900), Around(4_200), input, (int)Around(380), ("gen_ai.usage.cache_read.input_tokens", cached), ("gen_ai.prompt.name", "contract-review"), ("gen_ai.prompt.version", broken ? "12" : "11")),
                Call("summary", "openai", "gpt-4.1-mini", Around(300), Around(1_100), (int)Around(1_200), (int)Around(120), ("gen_ai.prompt.name", "summary"), ("gen_ai.prompt.version", "4")),
            ]);
    }
}

/// <summary>One of two providers of the same model refuses a third of what it is asked for.</summary>
internal sealed class FailingProvider() : CaseFile("failing-provider", 33)
{
    protected override Work Draw(DateTimeOffset start, bool broken)
    {
        var app = Pick("help-desk", "shop-assistant", "help-desk");
        var (provider, model) = (Pick("azure", "openai"), Pick("gpt-4o", "gpt-4o", "gpt-4o-mini"));
        var call = Call(app == "help-desk" ? "reply" : "answer", provider, model, Around(450), Around(2_100), (int)Around(1_600), (int)Around(190), ("gen_ai.prompt.name", "reply"), ("gen_ai.prompt.version", "8"));
        if (provider == "azure" && broken && Chance(0.35)) call = Failing(call with { Ms = Math.Round(Between(40, 120), 3) }, "ServiceUnavailable", $"The deployment is overloaded; request {Guid(8)} was not served.", 503);
        else if (Chance(0.008)) call = Failing(call, "RateLimitError", "Too many requests.", 429);
        return new Work(app, app == "help-desk" ? "2.6" : "3.8.2", "POST /ask", User(), [new Step("load history", "db", Math.Round(Around(25), 3)), call]);
    }

    private string Guid(int digits) => string.Concat(Enumerable.Range(0, digits).Select(_ => Pick("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f")));
}
