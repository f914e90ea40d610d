using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Server.Tests.Reading;
using Callwatch.Server.Tests.Receive;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Costs;

/// <summary>
/// Conversations of a support bot with a long system prompt: at first the provider's cache helps, then a release writes the time into the
/// prompt and it no longer does. Beside them a model without a price and HTTP requests, one of them without a call.
/// </summary>
internal static class CostTraffic
{
    public const string Range = "from=2026-09-17T11:00:00Z&to=2026-09-17T15:00:00Z";

    private const int TurnsOfSession = 4;

    public static async Task SendAsync(RunningServer server)
    {
        var calls = new List<SpanBuilder>();
        for (ulong session = 0; session < 8; session++) calls.AddRange(Session(session, stamped: session >= 5));
        using var response = await server.SendTracesAsync(A.Together(
            A.Resource("support").Holding([.. calls]),
            A.Resource("nightly").Holding(
                Call("vllm", "qwen3-32b", 90, 1, 100).With(("gen_ai.usage.input_tokens", 2_000_000), ("gen_ai.usage.output_tokens", 1_000_000)),
                A.Span("job").Trace(91).Id(1).At(200_000, 5_000),
                Request(91, 2, "https://api.openai.com/v1/chat/completions"),
                Call("openai", "gpt-4o", 92, 1, 201).With(("gen_ai.usage.input_tokens", 10), ("gen_ai.usage.output_tokens", 10)),
                Request(92, 2, "https://api.openai.com/v1/chat/completions"))));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await server.StoredAsync();
    }

    private static IEnumerable<SpanBuilder> Session(ulong session, bool stamped)
    {
        var messages = new JsonArray();
        for (var turn = 0; turn < TurnsOfSession; turn++)
        {
            var system = "You answer for the shop. " + (stamped ? $"It is 12:{session:00}:{turn:00}. " : "") + "Be kind and brief.";
            if (turn > 0) messages.Add(Message("assistant", "Answer " + turn));
            messages.Add(Message("user", $"Question {turn} of {session}"));
            JsonArray sent = [Message("system", system), .. messages.Select(message => message!.DeepClone())];
            var input = 3_000 + (turn * 500);
            yield return Call("openai", "gpt-4o", 10 + session, (ulong)turn + 1, ((int)session * 600) + (turn * 40))
                .With(("gen_ai.conversation.id", "s-" + session), ("gen_ai.usage.input_tokens", input), ("gen_ai.usage.output_tokens", 50), ("gen_ai.usage.cache_read.input_tokens", turn == 0 || stamped ? 0 : input - 600))
                .With(("gen_ai.input.messages", sent.ToJsonString(new JsonSerializerOptions { WriteIndented = false })));
        }
    }

    private static JsonObject Message(string role, string text) =>
        new() { ["role"] = role, ["parts"] = new JsonArray(new JsonObject { ["type"] = "text", ["content"] = text }) };

    private static SpanBuilder Call(string provider, string model, ulong trace, ulong span, int second) => A.Span("chat " + model).Kind(3).Trace(trace).Id(span, under: span == 1 ? 0u : 1u).At(second * 1_000, 2_000)
        .With(("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", provider), ("gen_ai.request.model", model));

    private static SpanBuilder Request(ulong trace, ulong span, string url) =>
        A.Span("POST").Kind(3).Trace(trace).Id(span, under: 1).At(200_100, 1_000).With(("http.request.method", "POST"), ("url.full", url));
}
