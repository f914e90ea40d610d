using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.LangSmith;

/// <summary>Writes one run as LangSmith's clients do (JavaScript client 0.12): finished, with all it has.</summary>
internal sealed class RunJson(Anchor anchor, string project) : IDisposable
{
    private readonly JsonBuffer buffer = new();
    private readonly string root = RunTree.RootId(anchor).ToString("D");

    public ReadOnlyMemory<byte> Of(Run run)
    {
        var span = run.Span;
        return buffer.Written(json =>
        {
            Identity(json, run.Id, run.Parent, run.DottedOrder);
            json.WriteString("name", NameOf(span.Span));
            json.WriteString("run_type", RunType.Of(span));
            if (!run.CompletesRoot) json.WriteString("start_time", run.Start.Iso());
            json.WriteString("end_time", (span.Span.End < run.Start ? run.Start : span.Span.End).Iso());
            json.WriteString("session_name", project);
            Tags(json, span.AllTags());
            Inputs(json, span);
            Outputs(json, span);
            if (span.Span.Failure() is { } error) json.WriteString("error", error);
            Events(json, span);
            json.WriteStartObject("extra");
            RunMetadata.Write(json, run, anchor);
            json.WriteEndObject();
        });
    }

    /// <summary>The root run as long as its span has not come: open, so that what lies beneath it is shown; completed once by a later revision.</summary>
    public ReadOnlyMemory<byte> OpenRoot() => buffer.Written(json =>
    {
        Identity(json, RunTree.RootId(anchor), null, RunTree.RootOrder(anchor));
        json.WriteString("name", anchor.App);
        json.WriteString("run_type", "chain");
        json.WriteString("start_time", anchor.Start.Iso());
        json.WriteString("session_name", project);
        Tags(json, anchor.Tags);
        json.WriteStartObject("inputs");
        json.WriteEndObject();
        json.WriteStartObject("extra");
        RunMetadata.WriteOfTrace(json, anchor);
        json.WriteEndObject();
    });

    public void Dispose() => buffer.Dispose();

    private void Identity(Utf8JsonWriter json, Guid id, Guid? parent, string order)
    {
        json.WriteString("id", id.ToString("D"));
        json.WriteString("trace_id", root);
        json.WriteString("dotted_order", order);
        if (parent is { } above) json.WriteString("parent_run_id", above.ToString("D"));
    }

    private static string NameOf(Span span) => string.IsNullOrWhiteSpace(span.DisplayName) ? span.Kind.Word() : span.DisplayName;

    private static void Tags(Utf8JsonWriter json, IEnumerable<string> tags)
    {
        json.WriteStartArray("tags");
        foreach (var tag in tags) json.WriteStringValue(tag);
        json.WriteEndArray();
    }

    // Objects only: lists of messages and texts are wrapped.
    private static void Inputs(Utf8JsonWriter json, SpanToSend span)
    {
        json.WriteStartObject("inputs");
        var isMessages = Body(json, span.Input(), span.Span.Kind is SpanKind.Retrieval or SpanKind.Rerank ? "query" : "input");
        if (isMessages && span.Content.Tools.Count > 0)
        {
            json.WriteStartArray("tools");
            foreach (var tool in span.Content.Tools) tool.WriteTo(json);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void Outputs(Utf8JsonWriter json, SpanToSend span)
    {
        json.WriteStartObject("outputs");
        if (span.Span.Kind is SpanKind.Retrieval or SpanKind.Rerank && span.Content.Documents.Count > 0) Documents(json, span);
        else Body(json, span.Output(), "output");
        if (span.Span.Call is { } call && RunUsage.IsKnown(call)) RunUsage.Write(json, call);
        json.WriteEndObject();
    }

    // True when it was messages.
    private static bool Body(Utf8JsonWriter json, JsonNode? body, string name)
    {
        switch (body)
        {
            case null:
                return false;
            case JsonObject message when IsMessage(message):
                json.WriteStartArray("messages");
                message.WriteTo(json);
                json.WriteEndArray();
                return true;
            case JsonArray { Count: > 0 } list when list.All(IsMessage):
                Put(json, "messages", list);
                return true;
            case JsonObject map:
                // Usage is read from there and would be counted beside the call's own.
                foreach (var (key, value) in map)
                    if (key != "usage_metadata") Put(json, key, value);
                return false;
            default:
                Put(json, name, body);
                return false;
        }
    }

    private static bool IsMessage(JsonNode? node) => node is JsonObject message && message.ContainsKey("role") && (message.ContainsKey("content") || message.ContainsKey("tool_calls"));

    private static void Documents(Utf8JsonWriter json, SpanToSend span)
    {
        json.WriteStartArray("documents");
        foreach (var document in span.Content.Documents.OfType<JsonObject>())
        {
            json.WriteStartObject();
            Put(json, "page_content", document["content"]);
            json.WriteString("type", "Document");
            json.WriteStartObject("metadata");
            var own = document["metadata"] as JsonObject ?? [];
            foreach (var (key, value) in own) Put(json, key, value);
            foreach (var name in (string[])["id", "score"])
                if (document[name] is { } value && !own.ContainsKey(name)) Put(json, name, value);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Events(Utf8JsonWriter json, SpanToSend span)
    {
        if (span.Span.FirstTokenAt() is not { } first) return;
        json.WriteStartArray("events");
        json.WriteStartObject();
        json.WriteString("name", "new_token");
        json.WriteString("time", first.Iso());
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void Put(Utf8JsonWriter json, string name, JsonNode? value)
    {
        json.WritePropertyName(name);
        if (value is null) json.WriteNullValue();
        else value.WriteTo(json);
    }
}
