using System.Text.Json;
using Callwatch.Normalize;
using Callwatch.Normalize.Pricing;
using Callwatch.Receive.Otlp;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize;

/// <summary>Whatever bytes come: nothing throws, and the same bytes become the same span.</summary>
public sealed class AnyInputTests
{
    private static readonly SpanNormalizer Normalizer = new(new PriceBooks());
    private static readonly IReadOnlyList<byte[]> Corpus = [.. Fixtures.Otlp.SelectMany(fixture => Recorded.Payloads(fixture, "traces"))];
    private static readonly IReadOnlyList<byte[]> Logs = [.. Fixtures.Otlp.SelectMany(fixture => Recorded.Payloads(fixture, "logs"))];

    [Fact]
    public void Cut_exports_are_read_as_far_as_they_go()
    {
        var random = new Random(1);
        foreach (var payload in Corpus)
        {
            for (var i = 0; i < 20; i++) Read(payload[..random.Next(payload.Length)]);
        }
    }

    [Fact]
    public void Flipped_exports_are_read_as_something()
    {
        var random = new Random(2);
        foreach (var payload in Corpus)
        {
            for (var i = 0; i < 30; i++)
            {
                var flipped = payload.ToArray();
                for (var flips = random.Next(1, 8); flips > 0; flips--) flipped[random.Next(flipped.Length)] ^= (byte)(1 << random.Next(8));
                Read(flipped);
            }
        }
    }

    [Fact]
    public void Values_of_any_kind_may_stand_under_any_known_name()
    {
        var random = new Random(3);
        var names = KnownNames().ToList();
        for (var i = 0; i < 3_000; i++)
        {
            var span = A.Span("chat").With(random.Next(3) == 0 ? [] : [("gen_ai.operation.name", random.Next(2) == 0 ? "chat" : "execute_tool")]);
            for (var n = random.Next(1, 12); n > 0; n--) span.With(names[random.Next(names.Count)], AnyValue(random, 0));
            if (random.Next(3) == 0) span.Event("gen_ai.choice", ("message", AnyValue(random, 0)), ("gen_ai.event.content", AnyValue(random, 0)));
            if (random.Next(3) == 0) span.Event("exception", ("exception.type", AnyValue(random, 0)), ("exception.escaped", AnyValue(random, 0)));
            Read(A.Traces(span));
        }
    }

    [Fact]
    public void Logs_of_any_kind_may_be_joined()
    {
        var random = new Random(4);
        foreach (var log in Logs)
        {
            for (var i = 0; i < 100; i++)
            {
                var flipped = log.ToArray();
                for (var flips = random.Next(1, 6); flips > 0; flips--) flipped[random.Next(flipped.Length)] ^= (byte)(1 << random.Next(8));
                var joined = new List<JoinedLog> { new(flipped, random.Next(flipped.Length)) };
                foreach (var record in OtlpLog.In(flipped)) joined.Add(new JoinedLog(flipped, record.Offset));
                foreach (var span in OtlpSpan.In(Corpus[random.Next(Corpus.Count)]))
                {
                    Normalizer.Normalize(span, Recorded.Origin, joined);
                    _ = Normalizer.Content(span, joined).Attributes.ToJsonString();
                }
            }
        }
    }

    [Fact]
    public void The_same_bytes_become_the_same_span_whatever_was_read_before_and_on_whichever_thread()
    {
        var alone = Corpus.Select(Facts).ToList();
        Parallel.For(0, 200, i =>
        {
            var random = new Random(i);
            var at = random.Next(Corpus.Count);
            Facts(Corpus[random.Next(Corpus.Count)]);
            Assert.Equal(alone[at], Facts(Corpus[at]));
        });
    }

    [Fact]
    public void Deep_and_long_values_are_read_in_passing()
    {
        var deep = new string('[', 100_000);
        var manyCalls = "[{\"role\":\"assistant\",\"tool_calls\":[" + string.Join(',', Enumerable.Range(0, 50_000).Select(i => "{\"id\":\"" + i + "\",\"name\":\"f\"}")) + "]}]";
        var manyKeys = "{" + string.Join(',', Enumerable.Range(0, 100_000).Select(i => "\"k" + i + "\":1")) + "}";
        Read(A.Traces(A.Span().With(("gen_ai.operation.name", "chat"), ("gen_ai.input.messages", deep), ("gen_ai.output.messages", manyCalls), ("metadata", manyKeys), ("output.value", manyKeys))));
    }

    private static string Facts(byte[] payload)
    {
        var facts = new List<string>();
        foreach (var span in OtlpSpan.In(payload)) facts.Add(JsonSerializer.Serialize(Normalizer.Normalize(span, Recorded.Origin, [])));
        return string.Join('\n', facts);
    }

    private static void Read(byte[] payload)
    {
        foreach (var span in OtlpSpan.In(payload))
        {
            Assert.NotNull(Normalizer.Normalize(span, Recorded.Origin, []).DisplayName);
            var content = Normalizer.Content(span, []);
            _ = JsonSerializer.Serialize(new { content.Input, content.Output, content.InputMessages, content.OutputMessages, content.Tools, content.Documents, content.Attributes, content.Events });
        }
    }

    private static IEnumerable<string> KnownNames() =>
        Callwatch.Normalize.Reading.AttributeTable.Names
            .Concat(["llm.input_messages.0.message.role", "llm.input_messages.0.message.contents.1.message_content.text", "llm.output_messages.0.message.tool_calls.0.tool_call.function.name",
                "gen_ai.prompt.0.content", "gen_ai.completion.0.tool_calls.0.arguments", "retrieval.documents.3.document.metadata", "annotations.0.annotation.score",
                "embedding.embeddings.0.embedding.vector", "langfuse.trace.metadata.tags", "llm.tools.0.tool.json_schema", "gen_ai.usage.details.web_searches"]);

    private static object? AnyValue(Random random, int depth) => random.Next(depth > 2 ? 9 : 12) switch
    {
        0 => null,
        1 => "",
        2 => random.NextInt64() - random.NextInt64(),
        3 => random.Next(4) switch { 0 => double.NaN, 1 => double.PositiveInfinity, 2 => -1.5, _ => random.NextDouble() * 1e300 },
        4 => random.Next(2) == 0,
        5 => new byte[] { 0xFF, 0x00 },
        6 => "text, with \"quotes\" and \\ud800",
        7 => Json[random.Next(Json.Length)],
        8 => Json[random.Next(Json.Length)][..^1],
        9 => Enumerable.Range(0, random.Next(4)).Select(_ => AnyValue(random, depth + 1)).ToArray(),
        10 => Enumerable.Range(0, random.Next(4)).Select(i => KeyValuePair.Create(Keys[(i + random.Next(3)) % Keys.Length], AnyValue(random, depth + 1))).DistinctBy(pair => pair.Key).ToList(),
        _ => "\"" + Json[random.Next(Json.Length)].Replace("\"", "\\\"", StringComparison.Ordinal) + "\"",
    };

    private static readonly string[] Keys = ["role", "content", "parts", "tool_calls", "message", "type"];

    private static readonly string[] Json =
    [
        "[]", "{}", "null", "\"x\"", "[null,1,\"a\",[],{}]", """[{"role":"user","content":"Hi"}]""", """{"messages":[{"role":1,"content":[{"type":"text"},{"text":null},7]}]}""",
        """{"choices":[{"message":null},{"delta":{"content":"x"}},3]}""", """{"input":5,"output":-3,"total":"x","input_cached_tokens":1e400}""", """{"a":"\ud800","b":"\q\u12"}""",
        """[{"role":"user","parts":[{"type":"image","image":{"image":5}},{"type":"blob","content":"AA"},{"functionCall":null}]}]""", """{"usage":{"prompt_tokens":99999999999999999999}}""",
        """[[[[[{"kwargs":{"kwargs":{}}}]]]]]""", """{"system":{"a":1},"prompt":{"prompt":{"prompt":{"prompt":"deep"}}}}""", """{"output":[{"type":"function_call"},{"type":"reasoning","summary":[]}]}""",
    ];
}
