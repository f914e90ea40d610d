using Callwatch.Normalize;
using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize;

public sealed class CoverageTests
{
    [Theory]
    [InlineData("https://api.openai.com/v1/chat/completions", "openai")]
    [InlineData("https://api.openai.com/v1/responses", "openai")]
    [InlineData("https://api.openai.com/v1/embeddings?x=1", "openai")]
    [InlineData("https://api.anthropic.com/v1/messages", "anthropic")]
    [InlineData("https://shop.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-06-01", "azure")]
    [InlineData("https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent", "google")]
    [InlineData("https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/google/models/m:streamGenerateContent", "google")]
    [InlineData("https://bedrock-runtime.eu-central-1.amazonaws.com/model/anthropic.claude/converse", "aws")]
    [InlineData("http://vllm.internal:8000/v1/chat/completions", "other")]
    [InlineData("http://localhost:11434/v1/embeddings", "other")]
    [InlineData("https://api.openai.com/v1/models", null)]
    [InlineData("https://api.openai.com/v1/files", null)]
    [InlineData("https://storage.googleapis.com/bucket/messages", null)]
    [InlineData("https://sqs.eu-central-1.amazonaws.com/1/messages", null)]
    [InlineData("https://chat.example/api/messages", null)]
    [InlineData("no address", null)]
    public void A_request_for_an_answer_is_known_by_host_and_path(string url, string? provider) =>
        Assert.Equal(provider, Normalized.Of(A.Span("POST").Kind(3).With(("http.request.method", "POST"), ("url.full", url))).ModelRequest);

    [Fact]
    public void Old_names_of_attributes_a_host_without_a_path_and_ports_are_understood()
    {
        Assert.Equal("openai", Normalized.Of(A.Span("HTTP POST").Kind(3).With(("http.method", "POST"), ("http.host", "api.openai.com:443"), ("http.target", "/v1/chat/completions?stream=1"))).ModelRequest);
        Assert.Equal("anthropic", Normalized.Of(A.Span("POST").Kind(3).With(("http.request.method", "POST"), ("server.address", "api.anthropic.com"))).ModelRequest);
    }

    [Fact]
    public void What_a_server_answers_what_is_only_asked_for_and_what_is_a_call_itself_are_no_requests()
    {
        (string, object?)[] attributes = [("http.request.method", "POST"), ("url.full", "https://api.openai.com/v1/chat/completions")];
        Assert.Null(Normalized.Of(A.Span("POST").Kind(2).With(attributes)).ModelRequest);
        Assert.Null(Normalized.Of(A.Span("GET").Kind(3).With(("http.request.method", "GET"), ("url.full", "https://api.openai.com/v1/chat/completions"))).ModelRequest);
        Assert.Null(Normalized.Of(A.Span("chat").Kind(3).With(attributes).With("gen_ai.operation.name", "chat")).ModelRequest);
    }

    [Fact]
    public void A_request_without_any_call_in_its_trace_is_without_a_call() => Assert.Equal([true], Without(Request(1, 0)));

    [Fact]
    public void A_request_above_or_beneath_a_call_at_any_depth_belongs_to_it()
    {
        Assert.Equal([false, false, false], Without(Call(1, 0), Other(2, 1), Request(3, 2)));
        Assert.Equal([false, false, false], Without(Request(1, 0), Other(2, 1), Call(3, 2)));
    }

    [Fact]
    public void A_request_beside_a_call_belongs_to_it_only_while_both_are_under_way()
    {
        Assert.Equal([false, false, false], Without(Other(1, 0), Call(2, 1, 0, 100), Request(3, 1, 10, 90)));
        Assert.Equal([false, false, true], Without(Other(1, 0), Call(2, 1, 0, 100), Request(3, 1, 200, 300)));
        // The parent need not have come.
        Assert.Equal([false, false], Without(Call(2, 9, 0, 100), Request(3, 9, 10, 90)));
        Assert.Equal([false, true], Without(Call(2, 0, 0, 100), Request(3, 0, 10, 90)));
    }

    [Fact]
    public void An_agent_with_usage_tells_of_the_requests_beneath_it() =>
        Assert.Equal([false, false], Without(Call(1, 0) with { Kind = SpanKind.Agent }, Request(2, 1)));

    [Fact]
    public void As_many_requests_as_calls_beside_them_are_not_compared_each_with_each()
    {
        const int Many = 40_000;
        JudgedSpan[] spans =
        [
            Other(1, 0), .. Enumerable.Range(0, Many).Select(i => Call((ulong)(i * 2) + 10, 1, i * 10, (i * 10) + 3)),
            .. Enumerable.Range(0, Many).Select(i => Request((ulong)(i * 2) + 11, 1, (i * 10) + 5, (i * 10) + (i % 2 == 0 ? 7 : 12))),
        ];
        var without = Without(spans)[(Many + 1)..];
        for (var i = 0; i < Many - 1; i++) Assert.Equal(i % 2 == 0, without[i]);
    }

    [Fact]
    public void The_order_of_spans_does_not_matter()
    {
        var random = new Random(5);
        for (var round = 0; round < 300; round++)
        {
            JudgedSpan[] spans = [.. Enumerable.Range(1, 12).Select(id => Any(random, id))];
            var before = TraceJudge.Judge(spans).ToDictionary(verdict => verdict.SpanId, verdict => verdict.IsWithoutCall);
            random.Shuffle(spans);
            Assert.Equal(before, TraceJudge.Judge(spans).ToDictionary(verdict => verdict.SpanId, verdict => verdict.IsWithoutCall));
        }
    }

    private static JudgedSpan Any(Random random, int id)
    {
        var start = random.Next(100);
        var parent = (ulong)random.Next(0, 14);
        return random.Next(3) switch
        {
            0 => Call((ulong)id, parent, start, start + random.Next(50)),
            1 => Request((ulong)id, parent, start, start + random.Next(50)),
            _ => Other((ulong)id, parent),
        };
    }

    private static bool[] Without(params JudgedSpan[] spans) => [.. TraceJudge.Judge(spans).Select(verdict => verdict.IsWithoutCall)];

    private static JudgedSpan Call(ulong id, ulong parent, int from = 0, int to = 1_000) =>
        Span(id, parent, SpanKind.Chat, from, to) with { Call = new LlmCall { Source = CallSource.Recorded, RequestModel = "m", Usage = new TokenUsage { Input = 1, Output = 1 } } };

    private static JudgedSpan Request(ulong id, ulong parent, int from = 0, int to = 1_000) => Span(id, parent, SpanKind.Http, from, to) with { IsModelRequest = true };

    private static JudgedSpan Other(ulong id, ulong parent) => Span(id, parent, SpanKind.Other, 0, 1_000);

    private static JudgedSpan Span(ulong id, ulong parent, SpanKind kind, int from, int to) => new()
    {
        SpanId = new SpanId(id),
        ParentSpanId = parent == id ? default : new SpanId(parent),
        Kind = kind,
        Start = A.Noon.Plus(TimeSpan.FromMilliseconds(from)),
        End = A.Noon.Plus(TimeSpan.FromMilliseconds(to)),
        Outcome = Outcome.Success,
    };
}
