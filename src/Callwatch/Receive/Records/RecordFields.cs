using System.Collections.Frozen;

namespace Callwatch.Receive.Records;

/// <summary>What a field may hold. Nothing is turned from one into another: a sender that writes "12" for 12 is told so.</summary>
internal enum FieldShape
{
    Text,

    /// <summary>Not negative.</summary>
    Number,

    /// <summary>Not negative, without a fraction.</summary>
    Whole,
    Flag,
    Map,
    List,

    /// <summary>A list of strings.</summary>
    Words,

    /// <summary>A string, a map or a list: what went in or came out.</summary>
    Content,

    /// <summary>RFC 3339 with a zone.</summary>
    Time,
    Any,
}

/// <summary>
/// The fields of each type of record (names: the reference's trace entities, with those of later versions). A field that stands here is
/// checked; any other is kept as metadata. docs/formats/records.md tells the attribute of each.
/// </summary>
internal static class RecordFields
{
    private static readonly (string, FieldShape)[] Everywhere =
    [
        ("type", FieldShape.Text), ("id", FieldShape.Text), ("app", FieldShape.Text), ("app_id", FieldShape.Text), ("tenant_id", FieldShape.Text),
        ("trace_id", FieldShape.Text), ("traceparent", FieldShape.Text), ("message_id", FieldShape.Text), ("conversation_id", FieldShape.Text),
        ("workflow_run_id", FieldShape.Text), ("parent_workflow_run_id", FieldShape.Text), ("parent_node_execution_id", FieldShape.Text),
        ("start_time", FieldShape.Time), ("end_time", FieldShape.Time), ("inputs", FieldShape.Content), ("outputs", FieldShape.Content),
        ("metadata", FieldShape.Map), ("message_data", FieldShape.Any), ("message_file_data", FieldShape.Any), ("file_list", FieldShape.List),
        ("user_id", FieldShape.Text), ("session_id", FieldShape.Text), ("environment", FieldShape.Text), ("release", FieldShape.Text), ("tags", FieldShape.Words),
        ("error", FieldShape.Text), ("error_type", FieldShape.Text), ("status", FieldShape.Text), ("status_message", FieldShape.Text),
        ("model", FieldShape.Text), ("provider", FieldShape.Text), ("model_id", FieldShape.Text), ("model_name", FieldShape.Text), ("model_provider", FieldShape.Text),
        ("response_id", FieldShape.Text), ("finish_reason", FieldShape.Text), ("temperature", FieldShape.Number), ("top_p", FieldShape.Number), ("max_tokens", FieldShape.Whole),
        ("usage", FieldShape.Map), ("ttft_ms", FieldShape.Number), ("streaming", FieldShape.Flag), ("cost_usd", FieldShape.Number), ("total_tokens", FieldShape.Whole),
    ];

    private static readonly (string, FieldShape)[] OfMessage =
    [
        ("conversation_model", FieldShape.Text), ("conversation_mode", FieldShape.Text), ("message_tokens", FieldShape.Whole), ("answer_tokens", FieldShape.Whole),
        ("gen_ai_server_time_to_first_token", FieldShape.Number), ("llm_streaming_time_to_generate", FieldShape.Number), ("is_streaming_request", FieldShape.Flag),
    ];

    private static readonly (string, FieldShape)[] OfWorkflow =
    [
        ("workflow_data", FieldShape.Any), ("workflow_app_log_id", FieldShape.Text), ("workflow_id", FieldShape.Text), ("workflow_run_elapsed_time", FieldShape.Number),
        ("workflow_run_status", FieldShape.Text), ("workflow_run_inputs", FieldShape.Map), ("workflow_run_outputs", FieldShape.Map), ("workflow_run_version", FieldShape.Text),
        ("query", FieldShape.Text), ("prompt_tokens", FieldShape.Whole), ("completion_tokens", FieldShape.Whole), ("invoked_by", FieldShape.Text),
        ("triggered_from", FieldShape.Text), ("nodes", FieldShape.List),
    ];

    private static readonly (string, FieldShape)[] OfModeration =
    [
        ("flagged", FieldShape.Flag), ("action", FieldShape.Text), ("preset_response", FieldShape.Text), ("query", FieldShape.Text),
    ];

    private static readonly (string, FieldShape)[] OfSuggestion =
    [
        ("level", FieldShape.Text), ("from_account_id", FieldShape.Text), ("agent_based", FieldShape.Flag), ("from_source", FieldShape.Text),
        ("suggested_question", FieldShape.Words), ("message_tokens", FieldShape.Whole), ("answer_tokens", FieldShape.Whole),
    ];

    private static readonly (string, FieldShape)[] OfRetrieval = [("documents", FieldShape.List), ("query", FieldShape.Text)];

    private static readonly (string, FieldShape)[] OfTool =
    [
        ("tool_name", FieldShape.Text), ("tool_inputs", FieldShape.Content), ("tool_outputs", FieldShape.Content), ("tool_config", FieldShape.Map),
        ("tool_parameters", FieldShape.Map), ("time_cost", FieldShape.Number), ("file_url", FieldShape.Any),
    ];

    private static readonly (string, FieldShape)[] OfName = [("message_tokens", FieldShape.Whole), ("answer_tokens", FieldShape.Whole)];

    private static readonly (string, FieldShape)[] OfNode =
    [
        ("workflow_id", FieldShape.Text), ("node_execution_id", FieldShape.Text), ("parent_node_execution_id", FieldShape.Text), ("node_id", FieldShape.Text),
        ("node_type", FieldShape.Text), ("title", FieldShape.Text), ("elapsed_time", FieldShape.Number), ("index", FieldShape.Whole),
        ("predecessor_node_id", FieldShape.Text), ("total_price", FieldShape.Number), ("currency", FieldShape.Text), ("prompt_tokens", FieldShape.Whole),
        ("completion_tokens", FieldShape.Whole), ("tool_name", FieldShape.Text), ("iteration_id", FieldShape.Text), ("iteration_index", FieldShape.Whole),
        ("loop_id", FieldShape.Text), ("loop_index", FieldShape.Whole), ("parallel_id", FieldShape.Text), ("node_inputs", FieldShape.Content),
        ("node_outputs", FieldShape.Content), ("process_data", FieldShape.Map), ("invoked_by", FieldShape.Text),
        ("gen_ai_server_time_to_first_token", FieldShape.Number), ("is_streaming_request", FieldShape.Flag),
    ];

    private static readonly FrozenDictionary<RecordType, FrozenDictionary<string, FieldShape>> ByType =
        Enum.GetValues<RecordType>().ToFrozenDictionary(type => type, type => Everywhere.Concat(Own(type)).ToLookup(field => field.Item1, field => field.Item2, StringComparer.Ordinal)
            .ToFrozenDictionary(field => field.Key, field => field.First(), StringComparer.Ordinal));

    /// <summary>Null for a field the type does not have.</summary>
    public static FieldShape? Of(RecordType type, string name) => ByType[type].TryGetValue(name, out var shape) ? shape : null;

    /// <summary>What the type cannot be without, beside its times.</summary>
    public static string? RequiredOf(RecordType type) => type switch
    {
        RecordType.Message => "message_id",
        RecordType.Workflow => "workflow_run_id",
        RecordType.Tool => "tool_name",
        RecordType.Conversation => "conversation_id",
        _ => null,
    };

    private static (string, FieldShape)[] Own(RecordType type) => type switch
    {
        RecordType.Message => OfMessage,
        RecordType.Workflow => OfWorkflow,
        RecordType.Moderation => OfModeration,
        RecordType.SuggestedQuestion => OfSuggestion,
        RecordType.DatasetRetrieval => OfRetrieval,
        RecordType.Tool => OfTool,
        RecordType.GenerateConversationName => OfName,
        RecordType.Node => OfNode,
        _ => [],
    };
}
