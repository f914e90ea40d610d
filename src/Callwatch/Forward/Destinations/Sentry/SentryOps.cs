using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Sentry;

/// <summary>Ops and statuses of spans ("AI agent monitoring" of the Sentry docs: ops are <c>gen_ai.</c> and the operation).</summary>
internal static class SentryOps
{
    private const string GenAi = "gen_ai.";

    public static string Of(SpanToSend span) => span.Span.Kind switch
    {
        SpanKind.Agent or SpanKind.Message or SpanKind.Workflow => "gen_ai.invoke_agent",
        SpanKind.Chat => "gen_ai.chat",
        SpanKind.Embedding => "gen_ai.embeddings",
        SpanKind.Rerank => "gen_ai.rerank",
        SpanKind.Completion or SpanKind.Image or SpanKind.Speech or SpanKind.Transcription => "gen_ai.generate_content",
        SpanKind.Tool => "gen_ai.execute_tool",
        SpanKind.Retrieval => "retrieval",
        SpanKind.Moderation or SpanKind.Guardrail => "moderation",

        // The call of a node that asks a model is a span of its own beneath it, with the model and the tokens.
        SpanKind.Node => NodeType(span) switch
        {
            "tool" => "gen_ai.execute_tool",
            "agent" => "gen_ai.invoke_agent",
            "knowledge-retrieval" => "retrieval",
            _ => "workflow.node",
        },
        SpanKind.Http => "http.client",
        SpanKind.Db => "db.query",
        SpanKind.Messaging => "queue",
        _ => "function",
    };

    /// <summary>The second part of a <c>gen_ai</c> op; null of any other.</summary>
    public static string? OperationOf(string op) => op.StartsWith(GenAi, StringComparison.Ordinal) ? op[GenAi.Length..] : null;

    public static string? NodeType(SpanToSend span) => Attribute(span, "callwatch.node_type");

    public static string? ToolName(SpanToSend span) => Attribute(span, "gen_ai.tool.name") ?? Attribute(span, "callwatch.tool_name");

    public static string? AgentName(SpanToSend span) => Attribute(span, "gen_ai.agent.name") ?? Attribute(span, "gen_ai.workflow.name");

    /// <summary>Who runs, where no agent is named: of a message the app, else the run itself.</summary>
    public static string AgentOf(SpanToSend span) => AgentName(span) ?? (span.Span.Kind == SpanKind.Message ? span.App : span.Span.DisplayName);

    /// <summary>The names that Sentry groups by: <c>chat MODEL</c>, <c>execute_tool TOOL</c>, <c>invoke_agent AGENT</c>; else the span's own.</summary>
    public static string Describe(SpanToSend span, string op) => OperationOf(op) switch
    {
        "execute_tool" => "execute_tool " + (ToolName(span) ?? span.Span.DisplayName),
        "invoke_agent" => "invoke_agent " + AgentOf(span),
        { } operation when (span.Span.Call?.RequestModel ?? span.Span.Call?.Model) is { } model => $"{operation} {model}",
        _ => span.Span.DisplayName,
    };

    public static string Status(Span span) => span.Outcome switch
    {
        Outcome.Success => "ok",
        Outcome.Cancelled => "cancelled",
        _ => span.Error?.Group switch
        {
            "rate_limit" => "resource_exhausted",
            "auth" => span.HttpStatus == 403 ? "permission_denied" : "unauthenticated",
            "invalid_request" => span.HttpStatus == 404 ? "not_found" : "invalid_argument",
            "timeout" => "deadline_exceeded",
            "overloaded" => "unavailable",
            "content_filter" => "failed_precondition",
            _ => span.HttpStatus is 502 or 503 ? "unavailable" : "internal_error",
        },
    };

    public static string? Attribute(SpanToSend span, string name) => span.Content.Attributes[name] is System.Text.Json.Nodes.JsonValue value ? value.ToString() is { Length: > 0 } text ? text : null : null;
}
