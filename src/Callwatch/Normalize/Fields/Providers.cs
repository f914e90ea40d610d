using System.Collections.Concurrent;
using System.Collections.Frozen;

namespace Callwatch.Normalize.Fields;

/// <summary>The spellings of providers, folded to one id each (genai-attributes, section 4.1).</summary>
internal static class Providers
{
    private static readonly FrozenDictionary<string, string> Spellings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["az.ai.openai"] = "azure",
        ["azure.ai.openai"] = "azure",
        ["azure_openai"] = "azure",
        ["azure-openai"] = "azure",
        ["az.ai.inference"] = "azure",
        ["azure.ai.inference"] = "azure",
        ["aws.bedrock"] = "aws",
        ["aws_bedrock"] = "aws",
        ["bedrock"] = "aws",
        ["amazon"] = "aws",
        ["amazon-bedrock"] = "aws",
        ["amazon_bedrock"] = "aws",
        ["vertex_ai"] = "google",
        ["vertexai"] = "google",
        ["gcp.vertex_ai"] = "google",
        ["gcp.vertex.agent"] = "google",
        ["gcp.gemini"] = "google",
        ["gcp.gen_ai"] = "google",
        ["gemini"] = "google",
        ["google_genai"] = "google",
        ["google_vertexai"] = "google",
        ["x_ai"] = "x-ai",
        ["xai"] = "x-ai",
        ["mistral_ai"] = "mistral",
        ["mistralai"] = "mistral",
        ["together_ai"] = "together",
        ["together-ai"] = "together",
        ["togetherai"] = "together",
        ["moonshot_ai"] = "moonshotai",
        ["moonshot"] = "moonshotai",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    // What may stand before the dot of an AI SDK name (openai.chat, google.vertex.chat): no other dotted name is cut.
    private static readonly FrozenSet<string> Known = new[]
    {
        "openai", "anthropic", "google", "azure", "aws", "mistral", "cohere", "groq", "deepseek", "perplexity", "fireworks", "cerebras", "together",
        "openrouter", "ollama", "x-ai", "moonshotai", "vercel", "deepinfra",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly (string Suffix, string Provider)[] Hosts =
    [
        ("api.openai.com", "openai"), ("api.anthropic.com", "anthropic"), (".openai.azure.com", "azure"), (".services.ai.azure.com", "azure"),
        (".cognitiveservices.azure.com", "azure"), (".azure-api.net", "azure"), (".googleapis.com", "google"), (".amazonaws.com", "aws"),
        ("api.deepseek.com", "deepseek"), ("openrouter.ai", "openrouter"), ("api.groq.com", "groq"), ("api.mistral.ai", "mistral"), ("api.x.ai", "x-ai"),
        ("api.cohere.com", "cohere"), ("api.cohere.ai", "cohere"), ("api.together.xyz", "together"), ("api.fireworks.ai", "fireworks"),
        ("api.perplexity.ai", "perplexity"), ("api.cerebras.ai", "cerebras"), ("api.moonshot.ai", "moonshotai"), ("api.moonshot.cn", "moonshotai"),
    ];

    // Nearly every call repeats one of a few names; the bound keeps made-up names from growing it.
    private static readonly ConcurrentDictionary<string, string> Folded = new(StringComparer.Ordinal);

    public static string Fold(string raw)
    {
        if (Folded.TryGetValue(raw, out var known)) return known;
        var folded = FoldNew(raw);
        if (Folded.Count < 256) Folded[raw] = folded;
        return folded;
    }

    /// <summary>The provider that answers at that host; null when it is nobody known.</summary>
    public static string? OfHost(string host)
    {
        foreach (var (suffix, provider) in Hosts)
            if (host.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) return provider;
        return null;
    }

    private static string FoldNew(string raw)
    {
        // Dify names its plugins by path: langgenius/openai/openai.
        var name = raw[(raw.LastIndexOf('/') + 1)..].Trim();
        if (name.Length == 0) name = raw;
        if (Spellings.TryGetValue(name, out var provider)) return provider;
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0)
        {
            var first = name[..dot];
            if (Spellings.TryGetValue(first, out provider)) return provider;
            if (Known.Contains(first)) return first.ToLowerInvariant();
        }

        return name.ToLowerInvariant();
    }
}
