using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Callwatch.Server.OpenApi;

/// <summary>What the routes take that read their bodies themselves: OTLP, trace records, files, Langfuse's batches.</summary>
internal static class SendingDescription
{
    private const string Packed = "Content-Encoding gzip, deflate, br or none.";

    private static readonly string[] RecordTypes =
        ["message", "workflow", "tool", "moderation", "suggested_question", "dataset_retrieval", "generate_conversation_name", "conversation"];

    public static void Describe(OpenApiOperation operation, string? path, string? method)
    {
        if (method != "POST") return;
        switch (path)
        {
            case "v1/traces" or "v1/logs" or "v1/metrics":
                Otlp(operation, path[3..]);
                break;
            case "api/v1/traces":
                Take(operation, "One trace record, or a list of them (docs/formats/records.md). " + Packed, ("application/json", RecordOrRecords()));
                break;
            case "api/v1/import":
                Take(operation, "The file: OTLP as protobuf or JSON, or calls as JSON lines. " + Packed, ("application/octet-stream", Bytes()), ("application/json", new OpenApiSchema { Type = JsonSchemaType.Object }), ("application/gzip", Bytes()));
                break;
            case "api/public/scores":
                Take(operation, "One score, as Langfuse's clients send it.", ("application/json", new OpenApiSchema { Type = JsonSchemaType.Object }));
                break;
            case "api/public/ingestion":
                Take(operation, "A batch of Langfuse's older ingestion. " + Packed, ("application/json", Batch()));
                break;
            default:
                return;
        }

        operation.Responses ??= [];
        operation.Responses.TryAdd("408", new OpenApiResponse { Description = "The body came too slowly." });
        operation.Responses.TryAdd("429", new OpenApiResponse { Description = "Too much is under way; Retry-After says when to send it again." });
        operation.Responses.TryAdd("503", new OpenApiResponse { Description = "Nothing can be written now; Retry-After says when to send it again." });
    }

    private static void Otlp(OpenApiOperation operation, string signal)
    {
        operation.Summary = $"OTLP/HTTP: {signal}. Answered, in the format of the request, once they are on disk; errors are a google.rpc.Status.";
        Take(operation, "An OTLP export request; " + Packed, ("application/x-protobuf", Bytes()), ("application/json", new OpenApiSchema { Type = JsonSchemaType.Object }));
        operation.Responses = new OpenApiResponses
        {
            ["200"] = new OpenApiResponse
            {
                Description = "Taken. partial_success says how many were refused, and why.",
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/x-protobuf"] = new() { Schema = Bytes() },
                    ["application/json"] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.Object } },
                },
            },
        };
    }

    private static void Take(OpenApiOperation operation, string description, params ReadOnlySpan<(string Type, OpenApiSchema Schema)> bodies)
    {
        var content = new Dictionary<string, OpenApiMediaType>();
        foreach (var (type, schema) in bodies) content[type] = new OpenApiMediaType { Schema = schema };
        operation.RequestBody = new OpenApiRequestBody { Required = true, Description = description, Content = content };
    }

    // The fields that every type has and programs ask for by name; each type has more, and any other becomes metadata.
    private static OpenApiSchema RecordOrRecords()
    {
        var record = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Required = new HashSet<string>(["type", "start_time", "end_time"]),
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["type"] = new OpenApiSchema { Type = JsonSchemaType.String, Enum = [.. RecordTypes.Select(word => (JsonNode)word)] },
                ["start_time"] = Time(),
                ["end_time"] = Time(),
                ["app"] = Text("Where the key may name it."),
                ["trace_id"] = Text("1 to 128 letters, digits, - and _."),
                ["traceparent"] = Text("W3C trace context."),
                ["message_id"] = Text("Required of a message."),
                ["workflow_run_id"] = Text("Required of a workflow."),
                ["tool_name"] = Text("Required of a tool."),
                ["conversation_id"] = Text("Required of a conversation."),
                ["user_id"] = Text("Who asked."),
                ["session_id"] = Text("Else the conversation."),
                ["model"] = Text("As the provider names it."),
                ["provider"] = Text("As openai."),
                ["usage"] = new OpenApiSchema { Type = JsonSchemaType.Object, Description = "Counts of tokens, named as in usage of a span." },
                ["ttft_ms"] = new OpenApiSchema { Type = JsonSchemaType.Number, Minimum = "0" },
                ["streaming"] = new OpenApiSchema { Type = JsonSchemaType.Boolean },
                ["cost_usd"] = new OpenApiSchema { Type = JsonSchemaType.Number, Minimum = "0" },
                ["nodes"] = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.Object }, Description = "Of a workflow." },
                ["metadata"] = new OpenApiSchema { Type = JsonSchemaType.Object },
            },
            AdditionalProperties = new OpenApiSchema(),
        };
        return new OpenApiSchema { OneOf = [record, new OpenApiSchema { Type = JsonSchemaType.Array, Items = record }] };
    }

    private static OpenApiSchema Batch() => new()
    {
        Type = JsonSchemaType.Object,
        Required = new HashSet<string>(["batch"]),
        Properties = new Dictionary<string, IOpenApiSchema> { ["batch"] = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.Object } } },
    };

    private static OpenApiSchema Bytes() => new() { Type = JsonSchemaType.String, Format = "binary" };

    private static OpenApiSchema Time() => new() { Type = JsonSchemaType.String, Format = "date-time" };

    private static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };
}
