using Callwatch.Normalize.Reading;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;
using static Callwatch.Normalize.Reading.FieldRule;

namespace Callwatch.Normalize.Fields;

/// <summary>
/// Whether a span is an application's own HTTP request for a model's answer (docs/cost.md, "Coverage"): a client span that posts to a known
/// provider's host, or anywhere to a path of OpenAI's or Anthropic's protocol.
/// </summary>
internal static class ModelRequestFields
{
    /// <summary>A host that nobody knows, asked by a known protocol.</summary>
    public const string OtherHost = "other";

    private const int ClientKind = 3;

    private static readonly FieldRules Method = [Attr("http.request.method"), Attr("http.method")];
    private static readonly FieldRules Url = [Attr("url.full"), Attr("http.url")];
    private static readonly FieldRules Path = [Attr("url.path"), Attr("http.target")];
    private static readonly FieldRules Host = [Attr("server.address"), Attr("net.peer.name"), Attr("http.host")];

    // Where models answer. Files, models, batches and the like are asked of the same hosts and are no calls.
    private static readonly string[] Protocol =
    [
        "/chat/completions", "/v1/completions", "/v1/responses", "/v1/embeddings", "/v1/messages", "/v1/images/generations", "/v1/images/edits",
        "/v1/audio/speech", "/v1/audio/transcriptions", "/v1/audio/translations", "/v1/rerank", "/v2/rerank",
    ];

    private static readonly string[] OfKnownHosts =
    [
        .. Protocol, "/completions", "/responses", "/embeddings", "/messages", "/v2/chat", "/v2/embed", "/v1/chat", "/v1/embed", ":generatecontent", ":streamgeneratecontent",
        ":embedcontent", ":batchembedcontents", ":predict", ":rawpredict", ":streamrawpredict", "/converse", "/converse-stream", "/invoke", "/invoke-with-response-stream",
    ];

    /// <summary>The folded provider that was asked, <see cref="OtherHost"/> for one that nobody knows; null when it is no such request.</summary>
    public static string? Of(SpanFacts facts, in OtlpSpan span, SpanKind kind)
    {
        if (kind != SpanKind.Http || span.Kind != ClientKind || facts.Text(Method) is not { } method || !method.Equals("POST", StringComparison.OrdinalIgnoreCase)) return null;
        var (host, path) = Address(facts);
        var provider = host is null ? null : ProviderOf(host);
        if (path is null) return provider is null or "google" or "aws" ? null : provider;
        return provider is null ? EndsWithAny(path, Protocol) ? OtherHost : null : EndsWithAny(path, OfKnownHosts) ? provider : null;
    }

    private static (string? Host, string? Path) Address(SpanFacts facts)
    {
        if (facts.Text(Url) is { } text && Uri.TryCreate(text, UriKind.Absolute, out var url)) return (url.Host, url.AbsolutePath);
        var (host, path) = (facts.Text(Host), facts.Text(Path));
        if (host?.LastIndexOf(':') is > 0 and var colon && !host.Contains(']', StringComparison.Ordinal)) host = host[..colon];
        return (host, path is null ? null : path.Split('?', '#')[0]);
    }

    // Whole clouds answer beneath some suffixes; of those only the parts where models are.
    private static string? ProviderOf(string host) => Providers.OfHost(host) switch
    {
        "aws" => host.StartsWith("bedrock", StringComparison.OrdinalIgnoreCase) ? "aws" : null,
        "google" => host.Contains("generativelanguage", StringComparison.OrdinalIgnoreCase) || host.Contains("aiplatform", StringComparison.OrdinalIgnoreCase) ? "google" : null,
        var provider => provider,
    };

    private static bool EndsWithAny(string path, string[] endings)
    {
        var trimmed = path.AsSpan().TrimEnd('/');
        foreach (var ending in endings)
            if (trimmed.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }
}
