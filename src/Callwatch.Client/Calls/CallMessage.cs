using System.Text.Json.Nodes;

namespace Callwatch.Client.Calls;

/// <summary>A message of a call that is told by hand.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</param>
/// <param name="Content">A text, or a list of parts in the shape of the GenAI conventions.</param>
public sealed record CallMessage(string Role, JsonNode? Content);

/// <summary>What a call used. Cached and reasoning tokens are parts of the input and output.</summary>
/// <param name="InputTokens">All that went in.</param>
/// <param name="OutputTokens">All that came out.</param>
/// <param name="CacheReadTokens">Read from the provider's cache.</param>
/// <param name="CacheWriteTokens">Written to it.</param>
/// <param name="ReasoningTokens">Thought before answering.</param>
public sealed record CallUsage(long? InputTokens = null, long? OutputTokens = null, long? CacheReadTokens = null, long? CacheWriteTokens = null, long? ReasoningTokens = null);
