using System.Text.Json.Nodes;
using Callwatch.Normalize;
using Callwatch.Normalize.Pricing;
using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize;

/// <summary>Every recorded export of a real client becomes what its meta.json says (the README beside the fixtures explains the facts).</summary>
public sealed class FixtureFactsTests
{
    private static readonly SpanNormalizer Normalizer = new(new PriceBooks());

    public static TheoryData<string> Names => [.. Fixtures.Otlp.Where(fixture => fixture.Expected is not null).Select(fixture => fixture.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_fact_of_a_recorded_export_comes_out(string name)
    {
        var fixture = Fixtures.Named(name);
        var spans = Recorded.Spans(fixture, Normalizer);
        var verdicts = spans.GroupBy(entry => entry.Span.TraceId)
            .SelectMany(trace => TraceJudge.Judge([.. trace.Select(entry => entry.Span)]).Select(verdict => (trace.Key, verdict)))
            .ToDictionary(pair => (pair.Key, pair.verdict.SpanId), pair => pair.verdict);
        var expected = fixture.Expected!;
        var problems = new List<string>();

        Check("spans", (int?)expected["spans"], spans.Count);
        Check("llmCalls", (int?)expected["llmCalls"], verdicts.Values.Count(verdict => verdict.Counts));
        Check("merged", (int?)expected["duplicateLlmSpansMerged"] ?? 0, verdicts.Values.Count(verdict => verdict.MergedInto is not null));
        Check("errors", (int?)expected["errors"], spans.Count(entry => entry.Span.Outcome == Outcome.Error && verdicts[(entry.Span.TraceId, entry.Span.SpanId)].Counts));
        foreach (var call in expected["calls"]!.AsArray())
        {
            var entry = spans.Single(entry => entry.Span.SpanId.ToString() == (string)call!["spanId"]!);
            var facts = CallFacts(entry.Span, verdicts[(entry.Span.TraceId, entry.Span.SpanId)], entry.Content, entry.Scope, verdicts.Values);
            foreach (var (key, value) in call!.AsObject())
            {
                if (key is "contentFromLogEvents" or "kindAnyOf" || (key == "kind" && call["kindAnyOf"] is not null)) continue;
                if (!Same(value, facts[key])) problems.Add($"{call["spanName"]}.{key}: expected {value?.ToJsonString()}, got {facts[key]?.ToJsonString()}");
            }
        }

        var others = spans.Where(entry => verdicts[(entry.Span.TraceId, entry.Span.SpanId)] is { Counts: false, MergedInto: null })
            .Select(entry => $"{entry.Span.Name}|{entry.Span.Kind.Word()}|{entry.Span.Outcome == Outcome.Error}").Order(StringComparer.Ordinal);
        var expectedOthers = expected["otherSpans"]!.AsArray()
            .Select(other => $"{other!["name"]}|{other["kind"]}|{(bool?)other["error"] ?? false}").Order(StringComparer.Ordinal);
        Check("otherSpans", string.Join(", ", expectedOthers), string.Join(", ", others));
        Assert.True(problems.Count == 0, name + "\n" + string.Join('\n', problems));

        void Check(string what, object? wanted, object? got)
        {
            if (!Equals(wanted, got)) problems.Add($"{what}: expected {wanted}, got {got}");
        }
    }

    private static JsonObject CallFacts(Span span, Verdict verdict, SpanContent content, string scope, IEnumerable<Verdict> all)
    {
        var call = verdict.Call!;
        var failed = span.Outcome == Outcome.Error;
        return new JsonObject
        {
            ["spanName"] = span.Name,
            ["spanId"] = span.SpanId.ToString(),
            ["traceId"] = span.TraceId.ToString(),
            ["scope"] = scope,
            ["kind"] = span.Kind.Word(),
            ["provider"] = call.Provider,
            ["requestModel"] = call.RequestModel,
            ["responseModel"] = call.ResponseModel,
            ["inputTokens"] = call.Usage.Input,
            ["outputTokens"] = call.Usage.Output,
            ["cacheReadTokens"] = call.Usage.CacheRead,
            ["cacheWriteTokens"] = call.Usage.CacheWrite,
            ["reasoningTokens"] = call.Usage.Reasoning,
            ["costGivenUsd"] = call.Given?.TotalUsd,
            ["streaming"] = call.Streaming,
            ["ttftPresent"] = span.Call!.TtftNanoseconds is not null, // of the span itself: a merged call may have it from the inner one
            ["ttftMs"] = call.TtftNanoseconds / 1e6,
            ["durationMs"] = span.DurationNanoseconds / 1e6,
            ["success"] = span.Outcome == Outcome.Success,
            ["errorType"] = failed ? span.Error!.Type : null,
            ["errorHttpStatus"] = failed ? verdict.HttpStatus : null,
            ["errorMessage"] = span.Error?.Message,
            ["finishReasonsRaw"] = call.FinishReasonsRaw.Count == 0 ? null : Array(call.FinishReasonsRaw),
            ["finishReasons"] = call.FinishReasons.Count == 0 ? null : Array(call.FinishReasons),
            ["toolCalls"] = Array(call.ToolCalls.Select(tool => tool.Name)),
            ["inputContentCaptured"] = content.Input is not null || content.InputMessages.Count > 0,
            ["outputContentCaptured"] = content.Output is not null || content.OutputMessages.Count > 0,
            ["temperature"] = call.Temperature,
            ["topP"] = call.TopP,
            ["maxTokens"] = call.MaxTokens,
            ["user"] = span.UserId,
            ["session"] = span.SessionId,
            ["tags"] = Array(span.Tags),
            ["environment"] = span.Environment == Environments.Default ? null : span.Environment,
            ["mergedSpanIds"] = Array(all.Where(other => other.MergedInto == span.SpanId).Select(other => other.SpanId.ToString())),
        };
    }

    private static JsonArray Array(IEnumerable<string?> items) => new([.. items.Select(item => (JsonNode?)JsonValue.Create(item))]);

    private static bool Same(JsonNode? expected, JsonNode? got)
    {
        if (expected is null || got is null) return expected is null && got is null;
        if (expected is not JsonValue value || value.GetValueKind() != System.Text.Json.JsonValueKind.Number) return JsonNode.DeepEquals(expected, got);
        var (wanted, found) = (double.Parse(expected.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture), double.Parse(got.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture));
        return Math.Abs(wanted - found) <= (wanted > 1 && wanted != Math.Floor(wanted) ? 1 : 1e-6);
    }
}
