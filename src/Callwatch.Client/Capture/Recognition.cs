using Callwatch.Client.Capture.Dialects;

namespace Callwatch.Client.Capture;

/// <summary>A request that asks a model.</summary>
/// <param name="Operation"><c>gen_ai.operation.name</c>.</param>
/// <param name="Provider"><c>gen_ai.provider.name</c>; null for a host nobody knows.</param>
/// <param name="Model">Where the address names it.</param>
internal sealed record Recognised(Dialect Dialect, string Operation, string? Provider, string? Model = null);

/// <summary>Recognises requests to models by method and path alone, so that any host that speaks a known dialect is one.</summary>
internal static class Recognition
{
    private static readonly (string Host, string Provider)[] Hosts =
    [
        ("api.openai.com", "openai"), ("openai.azure.com", "azure.ai.openai"), ("cognitiveservices.azure.com", "azure.ai.openai"), ("services.ai.azure.com", "azure.ai.inference"),
        ("api.anthropic.com", "anthropic"), ("generativelanguage.googleapis.com", "gcp.gemini"), ("aiplatform.googleapis.com", "gcp.vertex_ai"),
        ("api.mistral.ai", "mistral_ai"), ("api.groq.com", "groq"), ("api.deepseek.com", "deepseek"), ("api.x.ai", "x_ai"), ("api.cohere.com", "cohere"),
        ("api.perplexity.ai", "perplexity"), ("openrouter.ai", "openrouter"), ("dashscope.aliyuncs.com", "dashscope"), ("api.moonshot.cn", "moonshot"), ("api.together.xyz", "together_ai"),
    ];

    /// <summary>Null for any other request.</summary>
    public static Recognised? Of(HttpRequestMessage request)
    {
        if (request.Method != HttpMethod.Post || request.RequestUri is not { IsAbsoluteUri: true } uri) return null;
        var path = uri.AbsolutePath.AsSpan().TrimEnd('/');
        if (path.EndsWith("/chat/completions", StringComparison.Ordinal)) return new Recognised(OpenAiChat.One, "chat", ProviderOf(uri), Deployment(path));
        if (path.EndsWith("/v1/messages", StringComparison.Ordinal)) return new Recognised(AnthropicMessages.One, "chat", ProviderOf(uri) ?? "anthropic");
        if (path.EndsWith("/responses", StringComparison.Ordinal)) return new Recognised(OpenAiResponses.One, "chat", ProviderOf(uri), Deployment(path));
        if (path.EndsWith("/embeddings", StringComparison.Ordinal)) return new Recognised(OpenAiEmbeddings.One, "embeddings", ProviderOf(uri), Deployment(path));
        if (path.EndsWith("/completions", StringComparison.Ordinal)) return new Recognised(OpenAiCompletions.One, "text_completion", ProviderOf(uri), Deployment(path));
        return Gemini(uri, path);
    }

    private static Recognised? Gemini(Uri uri, ReadOnlySpan<char> path)
    {
        var colon = path.LastIndexOf(':');
        if (colon < 0) return null;
        var models = path.IndexOf("/models/", StringComparison.Ordinal);
        if (models < 0 || models + 8 >= colon) return null;
        var model = Uri.UnescapeDataString(path[(models + 8)..colon].ToString());
        return path[(colon + 1)..] switch
        {
            "generateContent" or "streamGenerateContent" => new Recognised(GeminiContent.One, "generate_content", ProviderOf(uri) ?? "gcp.gemini", model),
            "embedContent" or "batchEmbedContents" => new Recognised(GeminiContent.One, "embeddings", ProviderOf(uri) ?? "gcp.gemini", model),
            _ => null,
        };
    }

    private static string? ProviderOf(Uri uri)
    {
        foreach (var (host, provider) in Hosts)
            if (uri.Host.Equals(host, StringComparison.OrdinalIgnoreCase) || uri.Host.EndsWith("." + host, StringComparison.OrdinalIgnoreCase) || uri.Host.EndsWith("-" + host, StringComparison.OrdinalIgnoreCase)) return provider;
        return null;
    }

    // Azure names the deployment in the path: /openai/deployments/NAME/chat/completions.
    private static string? Deployment(ReadOnlySpan<char> path)
    {
        const string Before = "/deployments/";
        var at = path.IndexOf(Before, StringComparison.Ordinal);
        if (at < 0) return null;
        var rest = path[(at + Before.Length)..];
        var end = rest.IndexOf('/');
        return end > 0 ? Uri.UnescapeDataString(rest[..end].ToString()) : null;
    }
}
