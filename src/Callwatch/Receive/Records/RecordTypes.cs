namespace Callwatch.Receive.Records;

/// <summary>The business traces an application hands over finished. Workflows carry their nodes, which have fields of their own.</summary>
internal enum RecordType
{
    Message,
    Workflow,
    Tool,
    Moderation,
    SuggestedQuestion,
    DatasetRetrieval,
    GenerateConversationName,
    Conversation,
    Node,
}

internal static class RecordTypes
{
    /// <summary>The words of <c>type</c>, for an error message.</summary>
    public const string Known =
        "message, workflow, tool, moderation, suggested_question, dataset_retrieval, generate_conversation_name, conversation";

    /// <summary>Null for a word nobody knows; <c>generate_name</c> is another word for <c>generate_conversation_name</c>.</summary>
    public static RecordType? Parse(string? word) => word switch
    {
        "message" => RecordType.Message,
        "workflow" => RecordType.Workflow,
        "tool" => RecordType.Tool,
        "moderation" => RecordType.Moderation,
        "suggested_question" => RecordType.SuggestedQuestion,
        "dataset_retrieval" => RecordType.DatasetRetrieval,
        "generate_conversation_name" or "generate_name" => RecordType.GenerateConversationName,
        "conversation" => RecordType.Conversation,
        _ => null,
    };

    /// <summary>As it is sent, as it names spans, and as it goes into their ids.</summary>
    public static string Word(this RecordType type) => type switch
    {
        RecordType.Message => "message",
        RecordType.Workflow => "workflow",
        RecordType.Tool => "tool",
        RecordType.Moderation => "moderation",
        RecordType.SuggestedQuestion => "suggested_question",
        RecordType.DatasetRetrieval => "dataset_retrieval",
        RecordType.GenerateConversationName => "generate_conversation_name",
        RecordType.Conversation => "conversation",
        _ => "node",
    };

    /// <summary>The kind of its span (<c>callwatch.kind</c>).</summary>
    public static string Kind(this RecordType type) => type == RecordType.DatasetRetrieval ? "retrieval" : type.Word();
}

/// <summary>Why a record was not taken. <see cref="Message"/> never holds anything of its contents.</summary>
/// <param name="Code">One of <see cref="RecordFaultCodes"/>.</param>
/// <param name="Field">With the nodes it lies in: <c>nodes[2].start_time</c>.</param>
internal sealed record RecordFault(string Code, string Field, string Message);

/// <summary>A closed list: programs may depend on them.</summary>
internal static class RecordFaultCodes
{
    public const string Required = "required";
    public const string UnknownType = "unknown_type";
    public const string WrongType = "wrong_type";
    public const string NotWhole = "not_whole";
    public const string OutOfRange = "out_of_range";
    public const string BadTime = "bad_time";
    public const string BadTraceId = "bad_trace_id";
    public const string TooMany = "too_many";
    public const string TooLarge = "too_large";
}
