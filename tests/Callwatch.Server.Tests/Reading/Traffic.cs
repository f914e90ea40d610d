using Callwatch.Server.Tests.Receive;
using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Reading;

/// <summary>A few traces with known facts: app shop with a failed and a streamed call, app desk beneath it, and a call that costs nothing known.</summary>
internal static class Traffic
{
    public const string Range = "from=2026-09-17T11:00:00Z&to=2026-09-17T13:00:00Z";

    public static Task<RunningServer> ServerAsync(params (string Key, string? Value)[] settings) =>
        RunningServer.StartAsync(settings: [("Callwatch:Store:BatchDelay", "00:00:00"), .. settings]);

    public static async Task SendAsync(RunningServer server)
    {
        using var response = await server.SendTracesAsync(A.Together(
            A.Resource("shop", ("deployment.environment.name", "prod"), ("service.version", "1.4.2")).Holding(
                A.Span("POST /ask").Trace(1).Id(1).Kind(2).At(0, 3_000).With(("http.request.method", "POST"), ("user.id", "anna"), ("session.id", "s-1"), ("tag.tags", new[] { "beta", "eu" })),
                Call("chat gpt-4o").Trace(1).Id(2, under: 1).At(100, 2_000)
                    .With(("gen_ai.response.model", "gpt-4o-2024-08-06"), ("gen_ai.usage.input_tokens", 1_000), ("gen_ai.usage.output_tokens", 100), ("gen_ai.request.temperature", 0.5))
                    .With(("gen_ai.request.stream", true), ("gen_ai.response.time_to_first_chunk", 0.4), ("gen_ai.response.finish_reasons", new[] { "stop" }), ("gen_ai.response.id", "chatcmpl-1"))
                    .With(("gen_ai.input.messages", """[{"role":"user","parts":[{"type":"text","content":"=HYPERLINK(\"http://evil\") refund, please"}]}]"""))
                    .With(("gen_ai.output.messages", """[{"role":"assistant","parts":[{"type":"text","content":"Of course."}],"finish_reason":"stop"}]""")),
                Call("chat gpt-4o").Trace(2).Id(1).At(60_000, 500).Status(2, "429 Rate limit reached").With(("error.type", "RateLimitError"), ("http.response.status_code", 429))),
            A.Resource("desk").Holding(
                Call("chat acme").Trace(1).Id(3, under: 1).At(2_200, 700).With(("gen_ai.provider.name", "acme"), ("gen_ai.request.model", "acme-7b"), ("gen_ai.usage.input_tokens", 5), ("gen_ai.usage.output_tokens", 7)))));
        Assert.True(response.IsSuccessStatusCode);
        await server.StoredAsync();
    }

    /// <summary>So many plain calls of the app bulk, one a second, from noon on.</summary>
    public static async Task SendManyAsync(RunningServer server, int count, int firstTrace = 1_000)
    {
        using var response = await server.SendTracesAsync(A.Resource("bulk").Holding(
            [.. Enumerable.Range(0, count).Select(i => Call("chat gpt-4o").Trace((ulong)(firstTrace + i)).Id(1).At(i * 1_000, 250).With(("gen_ai.usage.input_tokens", 10 + i), ("gen_ai.usage.output_tokens", 5)))]).Traces());
        Assert.True(response.IsSuccessStatusCode);
        await server.StoredAsync();
    }

    public static string TraceId(ulong number) => A.TraceId(number).ToString();

    public static string SpanId(ulong number) => new SpanId(number).ToString();

    private static SpanBuilder Call(string name) =>
        A.Span(name).Kind(3).With(("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o"));
}
