using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Testing;

namespace Callwatch.Benchmarks;

/// <summary>The requests that decoding and normalising is measured with.</summary>
internal static class NormalizeInputs
{
    private const string Words =
        "The refund was issued on the day the parcel came back, so the customer should see it within five working days of the bank's own time. ";

    /// <summary>512 spans of a web service, about 600 bytes each.</summary>
    public static byte[] Plain() =>
        A.Resource("shop-api", ("service.version", "1.4.2"), ("deployment.environment.name", "staging"), ("service.instance.id", "i-1"), ("host.name", "web-7"))
            .Scope("@opentelemetry/instrumentation-http")
            .Holding([.. Enumerable.Range(1, 512).Select(PlainSpan)])
            .Traces();

    /// <summary>Calls of the recorded exports that carry no messages, as they were sent.</summary>
    public static IReadOnlyList<byte[]> RecordedWithoutMessages() =>
    [
        .. new[] { "dotnet-openai/chat", "dotnet-openai/chat-grpc", "otel-instrumentation-openai/chat", "dotnet-extensions-ai-shape/tool-loop", "otel-instrumentation-openai/embeddings" }
            .Select(name => Fixtures.Named(name).Requests.First(request => request.Signal == "traces").Message()),
    ];

    /// <summary>100 calls with GenAI messages of about 10 KB each: a growing conversation.</summary>
    public static byte[] Messages() => A.Traces([.. Enumerable.Range(1, 100).Select(i => Call(i).With(
        ("gen_ai.input.messages", Conversation((role, text) => new JsonObject { ["role"] = role, ["parts"] = new JsonArray(new JsonObject { ["type"] = "text", ["content"] = text }) })),
        ("gen_ai.output.messages", "[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\"Within five working days.\"}],\"finish_reason\":\"stop\"}]")))]);

    /// <summary>The same size in OpenInference's one attribute per leaf, with request and response as JSON beside it.</summary>
    public static byte[] OpenInferenceMessages() => A.Traces([.. Enumerable.Range(1, 100).Select(OpenInferenceCall)]);

    /// <summary>The same size as a provider's request inside Langfuse's input.</summary>
    public static byte[] LangfuseMessages() => A.Traces([.. Enumerable.Range(1, 100).Select(i => A.Span("answer").Id((ulong)i).With(
        ("langfuse.observation.type", "generation"),
        ("langfuse.observation.model.name", "gpt-4o-2024-08-06"),
        ("langfuse.observation.usage_details", "{\"input\":2400,\"output\":23,\"total\":2423}"),
        ("langfuse.observation.input", "{\"messages\":" + Conversation((role, text) => new JsonObject { ["role"] = role, ["content"] = text }) + "}"),
        ("langfuse.observation.output", "{\"role\":\"assistant\",\"content\":\"Within five working days.\"}")))]);

    private static SpanBuilder PlainSpan(int i) => A.Span("GET /orders/:id").Id((ulong)i).Kind(2).With(
        ("http.request.method", "GET"), ("http.route", "/orders/:id"), ("url.path", "/orders/" + i), ("url.scheme", "https"), ("url.query", "fields=lines,total&currency=EUR"),
        ("http.response.status_code", 200), ("server.address", "shop.example"), ("server.port", 443), ("client.address", "10.0.0." + (i % 250)),
        ("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"), ("network.protocol.version", "1.1"), ("thread.id", i % 16));

    private static SpanBuilder Call(int i) => A.Span("chat gpt-4o").Id((ulong)i).Kind(3).With(
        ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o"), ("gen_ai.response.model", "gpt-4o-2024-08-06"),
        ("gen_ai.response.id", "chatcmpl-" + i), ("gen_ai.usage.input_tokens", 2400), ("gen_ai.usage.output_tokens", 23),
        ("gen_ai.response.finish_reasons", new[] { "stop" }), ("gen_ai.request.temperature", 0.2), ("server.address", "api.openai.com"), ("gen_ai.conversation.id", "c" + (i % 10)));

    private static SpanBuilder OpenInferenceCall(int i)
    {
        var span = A.Span("OpenAI Chat Completions").Id((ulong)i).With(
            ("openinference.span.kind", "LLM"), ("llm.model_name", "gpt-4o-2024-08-06"), ("llm.system", "openai"),
            ("llm.invocation_parameters", "{\"model\":\"gpt-4o\",\"temperature\":0.2}"), ("llm.finish_reason", "stop"),
            ("llm.token_count.prompt", 2400), ("llm.token_count.completion", 23), ("llm.token_count.total", 2423),
            ("output.value", "{\"id\":\"chatcmpl-" + i + "\",\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":{\"role\":\"assistant\",\"content\":\"Within five working days.\"}}]}"),
            ("llm.output_messages.0.message.role", "assistant"), ("llm.output_messages.0.message.content", "Within five working days."));
        for (var n = 0; n < 18; n++)
        {
            span.With("llm.input_messages." + n + ".message.role", n == 0 ? "system" : n % 2 == 1 ? "user" : "assistant");
            span.With("llm.input_messages." + n + ".message.content", n + ": " + Words + Words + Words + Words);
        }

        return span;
    }

    private static string Conversation(Func<string, string, JsonObject> message)
    {
        var messages = new JsonArray();
        for (var n = 0; n < 18; n++) messages.Add(message(n == 0 ? "system" : n % 2 == 1 ? "user" : "assistant", n + ":\n" + Words + Words + Words + Words));
        return messages.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }
}
