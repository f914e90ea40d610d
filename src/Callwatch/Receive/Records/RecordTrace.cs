using System.Globalization;
using Callwatch.Spans;

namespace Callwatch.Receive.Records;

/// <summary>Ids for the trace that came beside the body; they count only for a request with one record.</summary>
/// <param name="Header"><c>X-Trace-Id</c>.</param>
/// <param name="Query">The query parameter <c>trace_id</c>.</param>
/// <param name="Traceparent">The header <c>traceparent</c>.</param>
public sealed record RecordHints(string? Header, string? Query, string? Traceparent);

/// <summary>Which trace a record belongs to, and beneath which span of it.</summary>
internal sealed record RecordTrace(TraceId Id, SpanId Parent)
{
    private const int LongestId = 128;
    private const string Legal = "1 to 128 letters, digits, - and _, and not 32 zeros";

    /// <summary>The first legal of: header, query, body <c>trace_id</c>, body <c>traceparent</c>, header <c>traceparent</c>; else the run it is nested in, its message, its run, its conversation.</summary>
    public static (RecordTrace? Trace, RecordFault? Fault) Of(int tenantId, TraceRecord record, RecordHints? hints)
    {
        // As sent, blank ones too: whoever names a trace must not find the record in another one.
        var (own, context) = (record.Get("trace_id")?.GetString(), record.Get("traceparent")?.GetString());
        if (own is not null && !IsLegal(own)) return (null, new RecordFault(RecordFaultCodes.BadTraceId, "trace_id", $"trace_id must have {Legal}."));
        var inBody = ParseContext(context);
        if (context is not null && inBody is null) return (null, new RecordFault(RecordFaultCodes.BadTraceId, "traceparent", "traceparent must be 00-<32 hex digits>-<16 hex digits>-<2 hex digits>, its ids not all zero."));
        var beside = hints is null ? null : LegalOrNull(hints.Header) ?? LegalOrNull(hints.Query);
        var chosen = beside ?? own;
        var above = chosen is not null ? null : inBody ?? ParseContext(hints?.Traceparent);
        if ((chosen ?? above?.Trace.ToString() ?? KeyIn(record)) is not { } key)
        {
            return (null, new RecordFault(
                RecordFaultCodes.Required, "trace_id", "One of trace_id, traceparent, message_id, workflow_run_id and conversation_id is required: it says which trace the record belongs to."));
        }

        var id = RecordIds.TraceOf(tenantId, key);
        return (new RecordTrace(id, ParentOf(record, id) ?? above?.Span ?? default), null);
    }

    /// <summary>The record's own id: the same for the same record.</summary>
    public static string OwnId(TraceRecord record) => record.Type switch
    {
        RecordType.Message => record.Text("message_id")!,
        RecordType.Workflow => record.Text("workflow_run_id")!,
        RecordType.Conversation => record.Text("conversation_id")!,
        RecordType.Node => record.Text("node_execution_id") ?? Otherwise(record),
        _ => Otherwise(record),
    };

    private static string Otherwise(TraceRecord record) =>
        record.Text("id") ?? record.Start.UnixNanoseconds.ToString(CultureInfo.InvariantCulture) + "/" + (record.Text("tool_name") ?? record.Text("node_id"));

    private static string? KeyIn(TraceRecord record) =>
        record.Text("parent_workflow_run_id") ?? record.Text("message_id") ?? record.Text("workflow_run_id")
        ?? (record.Text("conversation_id") is { } conversation ? conversation + "/" + record.Type.Word() : null);

    private static SpanId? ParentOf(TraceRecord record, TraceId id)
    {
        if (record.Text("parent_node_execution_id") is { } node) return RecordIds.SpanOf(id, RecordType.Node.Word(), node);
        if (record.Text("parent_workflow_run_id") is { } outer) return RecordIds.SpanOf(id, RecordType.Workflow.Word(), outer);
        if (record.Type != RecordType.Message && record.Text("message_id") is { } message) return RecordIds.MessageSpan(id, message);
        return record.Type is not (RecordType.Workflow or RecordType.Message) && record.Text("workflow_run_id") is { } run ? RecordIds.SpanOf(id, RecordType.Workflow.Word(), run) : null;
    }

    private static string? LegalOrNull(string? id) => id is not null && IsLegal(id) ? id : null;

    private static bool IsLegal(string id) =>
        id.Length is > 0 and <= LongestId && id.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_') && !(id.Length == 32 && id.All(letter => letter == '0'));

    // W3C Trace Context, level 1: a later version may go on behind the flags.
    private static (TraceId Trace, SpanId Span)? ParseContext(string? text)
    {
        if (text is null || text.Length < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-' || (text.Length > 55 && (text.StartsWith("00", StringComparison.Ordinal) || text[55] != '-'))) return null;
        if (!byte.TryParse(text.AsSpan(0, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var version) || version == 0xff) return null;
        if (!byte.TryParse(text.AsSpan(53, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _)) return null;
        return TraceId.TryParse(text.AsSpan(3, 32), null, out var trace) && !trace.IsNone && SpanId.TryParse(text.AsSpan(36, 16), null, out var span) && !span.IsNone ? (trace, span) : null;
    }
}
