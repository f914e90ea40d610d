using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Shared;

/// <summary>The words of the OpenTelemetry GenAI semantic conventions for providers.</summary>
internal static class GenAiNames
{
    private static readonly HashSet<string> WellKnown = new(StringComparer.Ordinal)
    {
        "openai", "anthropic", "aws.bedrock", "azure.ai.openai", "azure.ai.inference", "gcp.gemini", "gcp.vertex_ai", "gcp.gen_ai", "cohere", "mistral_ai", "groq", "deepseek",
        "perplexity", "x_ai", "ibm.watsonx.ai",
    };

    /// <summary>The sender's word where it is one of the conventions', else the one that fits; null when the provider is not known.</summary>
    public static string? ProviderOf(LlmCall call) => call.ProviderRaw is { } raw && WellKnown.Contains(raw) ? raw : call.Provider switch
    {
        "azure" => "azure.ai.openai",
        "aws" => "aws.bedrock",
        "google" => call.ProviderRaw?.Contains("vertex", StringComparison.OrdinalIgnoreCase) == true ? "gcp.vertex_ai" : "gcp.gemini",
        "mistral" => "mistral_ai",
        "x-ai" => "x_ai",
        var other => other,
    };
}
