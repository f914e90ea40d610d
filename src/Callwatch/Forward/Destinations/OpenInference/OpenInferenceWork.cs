using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Spans;
using static Callwatch.Forward.Destinations.OpenInference.OpenInferenceAttributes;

namespace Callwatch.Forward.Destinations.OpenInference;

/// <summary>What stands around model calls: tools, documents, nodes of a workflow, judgements.</summary>
internal static class OpenInferenceWork
{
    public static void AddTool(OutboundAttributes attributes, SpanToSend span)
    {
        attributes.Add("tool.name", span.ToolName());
        attributes.Add("tool.description", span.ToolDescription());
        attributes.AddJson("tool.parameters", span.Content.Input as JsonObject);
        attributes.Add("tool.id", span.ToolCallId());
    }

    public static void AddDocuments(OutboundAttributes attributes, string prefix, IReadOnlyList<JsonObject> documents)
    {
        for (var i = 0; i < documents.Count; i++)
        {
            attributes.AddJson(Indexed(prefix, i, "document.id"), documents[i]["id"]);
            attributes.AddJson(Indexed(prefix, i, "document.content"), documents[i]["content"] ?? "");
            attributes.Add(Indexed(prefix, i, "document.score"), WorkFacts.Number(documents[i]["score"]));
            attributes.AddJson(Indexed(prefix, i, "document.metadata"), documents[i]["metadata"] as JsonObject);
        }
    }

    public static void AddRerank(OutboundAttributes attributes, SpanToSend span)
    {
        attributes.AddJson("reranker.query", span.Content.Input is JsonObject request ? request["query"] : span.Content.Input as JsonValue);
        attributes.Add("reranker.model_name", span.Span.Call?.Model);
        attributes.Add("reranker.top_k", span.Span.Call?.TopK is { } top ? (long)top : null);
        AddDocuments(attributes, "reranker.output_documents", span.FoundDocuments());
        if (span.Span.Call is { } call) OpenInferenceCalls.AddCost(attributes, call.Cost);
    }

    public static void AddNode(OutboundAttributes attributes, SpanToSend span)
    {
        if (span.Field("node_type") is null) return;
        attributes.Add("graph.node.id", span.Field("node_id") ?? span.Field("node_execution_id") ?? span.Span.SpanId.ToString());
        attributes.Add("graph.node.name", span.Span.DisplayName);
        attributes.Add("graph.node.parent_id", span.Field("predecessor_node_id"));
    }

    /// <summary>Judgements of a span on the span itself. Read by Arize; Phoenix has a route of its own for them.</summary>
    public static void AddAnnotations(OutboundAttributes attributes, IReadOnlyList<Score> scores)
    {
        for (var i = 0; i < scores.Count; i++)
        {
            var at = Indexed("annotations", i, "annotation");
            attributes.Add(at + ".name", scores[i].Name);
            attributes.Add(at + ".score", scores[i].Value);
            attributes.Add(at + ".explanation", scores[i].Comment);
            attributes.Add(at + ".annotator_kind", AnnotatorOf(scores[i]));
        }
    }

    /// <summary><c>HUMAN</c>, <c>LLM</c> or <c>CODE</c>. What a program has put beside a span without saying who judged is taken for a person's: feedback comes so.</summary>
    public static string AnnotatorOf(Score score) => score.Source switch
    {
        "llm" => "LLM",
        "code" => "CODE",
        _ => "HUMAN",
    };
}
