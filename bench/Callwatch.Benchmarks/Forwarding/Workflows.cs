using Callwatch.Testing;

namespace Callwatch.Benchmarks.Forwarding;

/// <summary>Runs of a workflow: an agent that looks something up, uses a tool, and asks a model with some kilobytes of messages; five spans.</summary>
internal static class Workflows
{
    private static readonly string[] Words = "the refund for your order was sent on monday and should arrive within five working days please check account again".Split(' ');

    /// <summary>An OTLP request with so many traces, each whole.</summary>
    public static byte[] Request(int traces, int seed, DateTimeOffset now)
    {
        var random = new Random(seed);
        var end = (ulong)(now - DateTimeOffset.UnixEpoch).Ticks * 100;
        var scope = new ProtobufBytes().Message(1, new ProtobufBytes().Text(1, "bench").Text(2, "1.0"));
        for (var i = 0; i < traces; i++)
            foreach (var span in Trace(random, end)) scope.Message(2, span);
        var resource = new ProtobufBytes().Attribute(1, "service.name", "bench").Attribute(1, "deployment.environment.name", "load");
        return new ProtobufBytes().Message(1, new ProtobufBytes().Message(1, resource).Message(2, scope)).ToArray();
    }

    private static IEnumerable<ProtobufBytes> Trace(Random random, ulong end)
    {
        var trace = Id(random, 16);
        var root = Id(random, 8);
        var (user, session) = ($"user-{random.Next(500)}", $"session-{random.Next(1000)}");
        var question = Text(random, 20);
        yield return Span("invoke_agent support", null, 0, 1000, root)
            .Attribute(9, "gen_ai.operation.name", "invoke_agent").Attribute(9, "gen_ai.agent.name", "support").Attribute(9, "gen_ai.conversation.id", session).Attribute(9, "user.id", user)
            .Attribute(9, "input.value", question).Attribute(9, "output.value", Text(random, 60));
        yield return Span("retrieve", root, 20, 120)
            .Attribute(9, "openinference.span.kind", "RETRIEVER").Attribute(9, "input.value", question)
            .Attribute(9, "retrieval.documents.0.document.content", Text(random, 80)).Attribute(9, "retrieval.documents.1.document.content", Text(random, 80));
        yield return Span("execute_tool order_state", root, 130, 200)
            .Attribute(9, "gen_ai.operation.name", "execute_tool").Attribute(9, "gen_ai.tool.name", "order_state").Attribute(9, "gen_ai.tool.call.arguments", """{"order":"4711"}""")
            .Attribute(9, "gen_ai.tool.call.result", """{"state":"shipped"}""");
        yield return Span("chat gpt-4o-mini", root, 210, 900)
            .Attribute(9, "gen_ai.operation.name", "chat").Attribute(9, "gen_ai.provider.name", "openai").Attribute(9, "gen_ai.request.model", "gpt-4o-mini")
            .Attribute(9, "gen_ai.response.model", "gpt-4o-mini-2024-07-18").Attribute(9, "gen_ai.conversation.id", session).Attribute(9, "user.id", user)
            .Attribute(9, "gen_ai.usage.input_tokens", random.Next(600, 900)).Attribute(9, "gen_ai.usage.output_tokens", random.Next(50, 200))
            .Attribute(9, "gen_ai.input.messages", "[" + string.Join(',', Enumerable.Range(0, 6).Select(turn => Message(turn % 2 == 0 ? "user" : "assistant", Text(random, 100)))) + "]")
            .Attribute(9, "gen_ai.output.messages", "[" + Message("assistant", Text(random, 60)) + "]");
        yield return Span("POST /orders", root, 910, 990).Attribute(9, "http.request.method", "POST").Attribute(9, "url.path", "/orders").Attribute(9, "http.response.status_code", 200);

        ProtobufBytes Span(string name, byte[]? parent, int from, int to, byte[]? id = null)
        {
            var span = new ProtobufBytes().Bytes(1, trace).Bytes(2, id ?? Id(random, 8));
            if (parent is not null) span.Bytes(4, parent);
            return span.Text(5, name).Varint(6, 1).Fixed64(7, end - (ulong)((1000 - from) * 1_000_000L)).Fixed64(8, end - (ulong)((1000 - to) * 1_000_000L));
        }
    }

    private static byte[] Id(Random random, int length)
    {
        var id = new byte[length];
        random.NextBytes(id);
        return id;
    }

    private static string Text(Random random, int words) => string.Join(' ', Enumerable.Range(0, words).Select(_ => Words[random.Next(Words.Length)]));

    private static string Message(string role, string text) => $$"""{"role":"{{role}}","parts":[{"type":"text","content":"{{text}}"}]}""";
}
