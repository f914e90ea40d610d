using System.Text.Json.Nodes;

namespace Callwatch.Client.Records;

/// <summary>A message and its answer. <see cref="TraceRecord.MessageId"/> is needed.</summary>
public sealed record MessageRecord : TraceRecord
{
    /// <summary><c>chat</c>, <c>agent-chat</c>, <c>completion</c>, ...</summary>
    public string? ConversationMode { get; init; }

    /// <summary>Files that came with it, by address.</summary>
    public IReadOnlyList<string>? FileList { get; init; }
}

/// <summary>A workflow run with its nodes. <see cref="TraceRecord.WorkflowRunId"/> is needed.</summary>
public sealed record WorkflowRecord : TraceRecord
{
    /// <summary>Which workflow.</summary>
    public string? WorkflowId { get; init; }

    /// <summary>Its version.</summary>
    public string? WorkflowRunVersion { get; init; }

    /// <summary>Who or what began it.</summary>
    public string? TriggeredFrom { get; init; }

    /// <summary>The question, where it was one.</summary>
    public string? Query { get; init; }

    /// <summary>The run it is nested in; its trace is that run's.</summary>
    public string? ParentWorkflowRunId { get; init; }

    /// <summary>The node of that run.</summary>
    public string? ParentNodeExecutionId { get; init; }

    /// <summary>What ran, in any order, nested by <see cref="NodeExecution.ParentNodeExecutionId"/>.</summary>
    public IReadOnlyList<NodeExecution>? Nodes { get; init; }
}

/// <summary>A node of a workflow run.</summary>
public sealed record NodeExecution : RecordFields
{
    /// <summary>Of this execution.</summary>
    public required string NodeExecutionId { get; init; }

    /// <summary>The loop, iteration or sub-workflow it ran in.</summary>
    public string? ParentNodeExecutionId { get; init; }

    /// <summary>Of the node in the workflow.</summary>
    public string? NodeId { get; init; }

    /// <summary><c>llm</c>, <c>tool</c>, <c>knowledge-retrieval</c>, <c>loop</c>, ...</summary>
    public string? NodeType { get; init; }

    /// <summary>What people call it.</summary>
    public string? Title { get; init; }

    /// <summary>Its place in the run, from 0.</summary>
    public long? Index { get; init; }

    /// <summary>Which turn of a loop, from 0.</summary>
    public long? LoopIndex { get; init; }

    /// <summary>Which turn of an iteration, from 0.</summary>
    public long? IterationIndex { get; init; }

    /// <summary>The tool it called.</summary>
    public string? ToolName { get; init; }

    /// <summary>What went in.</summary>
    public JsonNode? NodeInputs { get; init; }

    /// <summary>What came out.</summary>
    public JsonNode? NodeOutputs { get; init; }

    /// <summary>What happened in between.</summary>
    public JsonObject? ProcessData { get; init; }

    /// <summary>Anything else, by name.</summary>
    public JsonObject? Metadata { get; init; }
}

/// <summary>A tool call, a failed one too.</summary>
public sealed record ToolRecord : TraceRecord
{
    /// <summary>Which tool.</summary>
    public required string ToolName { get; init; }

    /// <summary>What it was given.</summary>
    public JsonNode? ToolInputs { get; init; }

    /// <summary>What it gave back.</summary>
    public JsonNode? ToolOutputs { get; init; }

    /// <summary>How it is set up.</summary>
    public JsonObject? ToolConfig { get; init; }

    /// <summary>What the caller chose.</summary>
    public JsonObject? ToolParameters { get; init; }
}

/// <summary>A check of what came in.</summary>
public sealed record ModerationRecord : TraceRecord
{
    /// <summary>Whether something was found.</summary>
    public bool? Flagged { get; init; }

    /// <summary><c>direct_output</c>, <c>overridden</c>.</summary>
    public string? Action { get; init; }

    /// <summary>The answer given instead.</summary>
    public string? PresetResponse { get; init; }

    /// <summary>What was checked.</summary>
    public string? Query { get; init; }
}

/// <summary>Questions offered to the user.</summary>
public sealed record SuggestedQuestionRecord : TraceRecord
{
    /// <summary>The questions.</summary>
    public IReadOnlyList<string>? SuggestedQuestion { get; init; }
}

/// <summary>Knowledge that was looked up.</summary>
public sealed record DatasetRetrievalRecord : TraceRecord
{
    /// <summary>What was looked for.</summary>
    public string? Query { get; init; }

    /// <summary>What was found.</summary>
    public IReadOnlyList<RetrievedDocument>? Documents { get; init; }
}

/// <summary>A document that was found.</summary>
/// <param name="PageContent">Its text.</param>
/// <param name="Metadata">Where it is from, its score, ...</param>
public sealed record RetrievedDocument(string PageContent, JsonObject? Metadata = null);

/// <summary>A conversation that was given a name. <see cref="TraceRecord.ConversationId"/> says which.</summary>
public sealed record ConversationNameRecord : TraceRecord;

/// <summary>A conversation summed up. <see cref="TraceRecord.ConversationId"/> is needed.</summary>
public sealed record ConversationRecord : TraceRecord;

/// <summary>A judgement by a person. One of <see cref="MessageId"/> and <see cref="TraceId"/>, and a value or a comment, are needed.</summary>
public sealed record FeedbackRecord
{
    /// <summary>The message that is judged.</summary>
    public string? MessageId { get; init; }

    /// <summary>The trace that is judged.</summary>
    public string? TraceId { get; init; }

    /// <summary>What is judged.</summary>
    public string Name { get; init; } = "user";

    /// <summary>How good it is; above 0 a like, below 0 a dislike.</summary>
    public double? Value { get; init; }

    /// <summary>In words.</summary>
    public string? Comment { get; init; }
}
