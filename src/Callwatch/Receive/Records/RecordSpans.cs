using System.Text.Json;
using Callwatch.Spans;

namespace Callwatch.Receive.Records;

/// <summary>
/// The spans of one record: its own, one for each node, and beneath each that used a model a call made up from what it tells
/// (docs/formats/records.md has the attribute of each field). Pure.
/// </summary>
internal static class RecordSpans
{
    private const string CallName = "llm";

    // Fields that say who, when and which; the others become attributes.
    private static readonly HashSet<string> Told = new(StringComparer.Ordinal)
    {
        "type", "id", "app", "app_id", "trace_id", "traceparent", "start_time", "end_time", "metadata", "nodes", "error", "error_type",
        "user_id", "session_id", "conversation_id", "environment", "tags", "release",
        "model", "provider", "response_id", "finish_reason", "temperature", "top_p", "max_tokens", "usage", "ttft_ms", "streaming", "cost_usd",
        "tool_name", "tool_inputs", "tool_outputs", "documents",
    };

    public static IReadOnlyList<RecordSpan> Of(TraceRecord record, RecordTrace trace)
    {
        var own = RecordIds.SpanOf(trace.Id, record.Type.Word(), RecordTrace.OwnId(record));
        List<RecordSpan> spans = [One(record, trace.Id, own, trace.Parent)];
        AddCall(spans, record, trace.Id, own);
        foreach (var node in record.Nodes)
        {
            var id = RecordIds.SpanOf(trace.Id, RecordType.Node.Word(), RecordTrace.OwnId(node));
            var parent = node.Text("parent_node_execution_id") is { } outer ? RecordIds.SpanOf(trace.Id, RecordType.Node.Word(), outer) : own;
            spans.Add(One(node, trace.Id, id, parent == id ? own : parent));
            AddCall(spans, node, trace.Id, id);
        }

        return spans;
    }

    private static RecordSpan One(TraceRecord record, TraceId trace, SpanId id, SpanId parent)
    {
        var span = new RecordSpan { TraceId = trace, SpanId = id, Parent = parent, Name = NameOf(record), Start = record.Start, End = record.End };
        span.Add("callwatch.kind", record.Type.Kind());
        if (record.Type.Kind() != record.Type.Word()) span.Add("callwatch.type", record.Type.Word());
        AddOwner(span, record);
        AddContent(span, record);
        foreach (var (name, value) in record.Fields)
            if (!Told.Contains(name)) span.AddValue("callwatch." + name, value);
        AddMetadata(span, record);
        AddError(span, record);
        return span;
    }

    private static string NameOf(TraceRecord record) => record.Type switch
    {
        RecordType.Tool => record.Text("tool_name")!,
        RecordType.Node => record.Text("title") ?? record.Type.Word(),
        _ => record.Type.Word(),
    };

    private static void AddOwner(RecordSpan span, TraceRecord record)
    {
        span.Add("user.id", record.Text("user_id") ?? record.Metadata("from_end_user_id") ?? record.Metadata("user_id") ?? record.Metadata("from_account_id"));
        var conversation = record.Text("conversation_id") ?? record.Metadata("conversation_id");
        span.Add("session.id", record.Text("session_id") ?? conversation);
        span.Add("gen_ai.conversation.id", conversation);
        span.Add("deployment.environment.name", record.Text("environment"));
        span.AddWords("callwatch.tags", record.Get("tags"));
    }

    private static void AddContent(RecordSpan span, TraceRecord record)
    {
        span.Add("gen_ai.tool.name", record.Text("tool_name"));
        span.AddContent("gen_ai.tool.call.arguments", record.Get("tool_inputs"));
        span.AddContent("gen_ai.tool.call.result", record.Get("tool_outputs"));
        if (record.Get("documents") is { } documents) span.Add("gen_ai.retrieval.documents", documents.GetRawText());
        if (record.Type == RecordType.DatasetRetrieval && (record.Text("query") ?? TextIn(record.Get("inputs"))) is { } query) span.Add("gen_ai.retrieval.query.text", query);
    }

    private static string? TextIn(JsonElement? content) => content is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    // What the type does not know stands beside what the sender calls metadata; its own word for a key counts.
    private static void AddMetadata(RecordSpan span, TraceRecord record)
    {
        var own = record.Get("metadata");
        if (record.Others.Count == 0)
        {
            if (own is { } map) span.Add("metadata", map.GetRawText());
            return;
        }

        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            var written = new HashSet<string>(StringComparer.Ordinal);
            if (own is { } map)
            {
                foreach (var property in map.EnumerateObject())
                    if (written.Add(property.Name)) property.WriteTo(json);
            }

            foreach (var (name, value) in record.Others)
            {
                if (!written.Add(name)) continue;
                json.WritePropertyName(name);
                value.WriteTo(json);
            }

            json.WriteEndObject();
        }

        span.Add("metadata", System.Text.Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
    }

    private static void AddError(RecordSpan span, TraceRecord record)
    {
        var failure = RecordFailure.Of(record);
        if (failure is null) return;
        span.Failed = true;
        span.ErrorMessage = failure.Message;
        span.Add("error.type", failure.Type);
    }

    private static void AddCall(List<RecordSpan> spans, TraceRecord record, TraceId trace, SpanId parent)
    {
        if (RecordCall.Of(record) is not { } call) return;
        var span = new RecordSpan { TraceId = trace, SpanId = RecordIds.SpanOf(trace, CallName, parent.ToString()), Parent = parent, Name = CallName, Start = record.Start, End = record.End };
        span.Add("callwatch.kind", "chat");
        span.Add("callwatch.call_source", "synthetic");
        AddOwner(span, record);
        call.AddTo(span);
        AddError(span, record);
        spans.Add(span);
    }
}
