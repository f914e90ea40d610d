using System.Text.Json.Nodes;

namespace Callwatch.Cli.Demo;

/// <summary>One call to a model, before a dialect writes it down.</summary>
internal sealed record ModelCall
{
    public required string Provider { get; init; }

    public required string Model { get; init; }

    public string? PromptName { get; init; }

    public int? PromptVersion { get; init; }

    /// <summary>Inclusive, like <see cref="Output"/>.</summary>
    public long Input { get; init; }

    public long CacheRead { get; init; }

    public long CacheWrite { get; init; }

    public long Output { get; init; }

    public long Reasoning { get; init; }

    public double Seconds { get; init; }

    /// <summary>In seconds; null for a call that does not stream.</summary>
    public double? FirstToken { get; init; }

    public double? Temperature { get; init; }

    public long? MaxTokens { get; init; }

    public IReadOnlyList<Said> Messages { get; init; } = [];

    /// <summary>Null when the model asked for tools instead.</summary>
    public string? Answer { get; init; }

    public (string Id, string Name, string Arguments)? ToolCall { get; init; }

    public string Finish { get; init; } = "stop";

    public JsonArray? Tools { get; init; }

    public string? User { get; init; }

    public string? Session { get; init; }

    public CallFailure? Failure { get; init; }
}

/// <summary>One message. <c>ToolCallId</c> makes it a tool's result; <c>ToolName</c> besides, the assistant's asking for one.</summary>
internal sealed record Said(string Role, string Text, string? ToolCallId = null, string? ToolName = null);

/// <param name="Type">The class or status, as instrumentations write it.</param>
internal sealed record CallFailure(string Type, string Message, int? Status)
{
    public static readonly CallFailure Cancelled = new("CancelledError", "The request was cancelled by the caller.", null);

    public static CallFailure Timeout(int seconds) => new("APITimeoutError", $"No answer within {seconds} s.", null);
}
