using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;

namespace Callwatch.Forward.Destinations.Otlp;

/// <summary>Takes prompts, answers and all else that people or models have said out of a span: for receivers that are to know how calls went and not what they were about.</summary>
internal static class OtlpContent
{
    // The names that content stands under in the dialects that are read: what begins with one of them.
    private static readonly string[] Names =
    [
        "gen_ai.input.", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.prompt", "gen_ai.completion", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result",
        "gen_ai.tool.definitions", "gen_ai.content.", "gen_ai.event.content", "gen_ai.retrieval.", "retrieval.", "input.value", "output.value", "llm.input_messages", "llm.output_messages",
        "llm.prompts", "llm.choices", "llm.prompt_template", "llm.tools", "llm.function_call", "llm.request.functions", "embedding.embeddings", "reranker.input_documents", "reranker.output_documents",
        "reranker.query", "tool.parameters", "tool.json_schema", "tool_arguments", "tool_response", "traceloop.entity.input", "traceloop.entity.output", "ai.prompt", "ai.response.text",
        "ai.response.object", "ai.response.toolCalls", "ai.response.reasoning", "ai.result.", "ai.toolCall.args", "ai.toolCall.result", "ai.value", "langfuse.observation.input",
        "langfuse.observation.output", "langfuse.trace.input", "langfuse.trace.output", "mlflow.spanInputs", "mlflow.spanOutputs", "mlflow.chat.tools", "gcp.vertex.agent.llm_request",
        "gcp.vertex.agent.llm_response", "gcp.vertex.agent.tool_call_args", "gcp.vertex.agent.tool_response", "genkit:input", "genkit:output", "pydantic_ai.all_messages", "all_messages_events",
        "events", "final_result", "request_data", "response_data", "callwatch.inputs", "callwatch.outputs", "callwatch.query", "callwatch.tool_inputs", "callwatch.tool_outputs", "callwatch.documents",
        "callwatch.node_inputs", "callwatch.node_outputs", "callwatch.workflow_run_inputs", "callwatch.workflow_run_outputs", "callwatch.process_data", "callwatch.suggested_question",
        "callwatch.preset_response",
    ];

    // The events of the conventions are what was said; a judgement is not.
    private const string SaidEvents = "gen_ai.";
    private const string Judgement = "gen_ai.evaluation.result";

    public static SpanToSend Without(SpanToSend span) => span with
    {
        Body = span.Body.IsEmpty ? default(ReadOnlyMemory<byte>) : Without(span.Body.Span),
        Span = span.Span with { InputPreview = null, OutputPreview = null },
        Content = span.Content with
        {
            Input = null,
            Output = null,
            InputMessages = [],
            OutputMessages = [],
            Tools = [],
            Documents = [],
            Attributes = Without(span.Content.Attributes),
            Events = [.. span.Content.Events.Where(item => !IsSaid(item.Name)).Select(item => item with { Attributes = Without(item.Attributes) })],
        },
    };

    private static bool IsContent(string key) => Array.Exists(Names, name => key.StartsWith(name, StringComparison.Ordinal));

    private static bool IsSaid(string name) => name.StartsWith(SaidEvents, StringComparison.Ordinal) && name != Judgement;

    private static JsonObject Without(JsonObject attributes) => new(attributes.Where(pair => !IsContent(pair.Key)).Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone())));

    private static byte[] Without(ReadOnlySpan<byte> body)
    {
        using var buffer = new PayloadBuffer(budget: null, int.MaxValue);
        var writer = new ProtobufWriter(buffer);
        var fields = new ProtobufReader(body);
        while (fields.Read())
        {
            if (fields is { Field: 9, Type: WireType.Bytes } && IsContent(TextOf(fields.Bytes, 1))) continue;
            if (fields is { Field: 11, Type: WireType.Bytes })
            {
                if (!IsSaid(TextOf(fields.Bytes, 2))) writer.Bytes(11, WithoutAttributes(fields.Bytes));
                continue;
            }

            writer.Raw(body[fields.FieldStart..fields.FieldEnd]);
        }

        return buffer.Written.ToArray();
    }

    private static byte[] WithoutAttributes(ReadOnlySpan<byte> happening)
    {
        using var buffer = new PayloadBuffer(budget: null, int.MaxValue);
        var writer = new ProtobufWriter(buffer);
        var fields = new ProtobufReader(happening);
        while (fields.Read())
            if (fields is not { Field: 3, Type: WireType.Bytes } || !IsContent(TextOf(fields.Bytes, 1))) writer.Raw(happening[fields.FieldStart..fields.FieldEnd]);
        return buffer.Written.ToArray();
    }

    private static string TextOf(ReadOnlySpan<byte> message, int field) => Encoding.UTF8.GetString(OtlpSpan.FirstBytes(message, field));
}
