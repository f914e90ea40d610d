using System.Text.Json.Nodes;
using Callwatch.Normalize.Fields;
using Callwatch.Normalize.Reading;
using Callwatch.Spans;

namespace Callwatch.Normalize.Messages;

/// <summary>What a retrieval found, as <c>id, content, score, metadata</c> (genai-attributes, section 4.4).</summary>
internal static class Documents
{
    public static IReadOnlyList<JsonNode> Of(SpanFacts facts, SpanKind kind)
    {
        if (List(Conversation.First(facts, RetrievalFields.DocumentsBefore).Json) is { Count: > 0 } before) return before;
        if (Indexed(facts, Family.Documents) is { Count: > 0 } found) return found;
        if (Indexed(facts, Family.RerankedDocuments) is { Count: > 0 } reranked) return reranked;
        return kind is SpanKind.Retrieval or SpanKind.Rerank ? List(Conversation.First(facts, RetrievalFields.DocumentsAfter).Json) : [];
    }

    private static List<JsonNode> Indexed(SpanFacts facts, Family family) =>
        IndexedMessages.ToJson(facts, family) is { } json ? List(facts.Made(json)) : [];

    private static List<JsonNode> List(JsonView array)
    {
        var documents = new List<JsonNode>();
        foreach (var item in array.Items)
        {
            var inner = item.Value["document"u8];
            documents.Add(Of(inner.Form == JsonForm.Object ? inner : item.Value));
        }

        return documents;
    }

    private static JsonObject Of(JsonView document)
    {
        var node = new JsonObject();
        if (document.Form != JsonForm.Object)
        {
            node["content"] = document.ToNode();
            return node;
        }

        Put("id", document.First("id"u8, "document_id"u8));
        Put("content", document.First("content"u8, "page_content"u8, "text"u8));
        var score = document.First("score"u8, "relevance_score"u8);
        Put("score", score.IsAbsent ? document["metadata"u8]["score"u8] : score);
        Put("metadata", document["metadata"u8]);
        return node;

        void Put(string name, JsonView value)
        {
            if (!value.IsAbsent) node[name] = name == "metadata" ? MessageReader.Loose(value) : value.ToNode();
        }
    }
}
