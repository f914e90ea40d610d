using System.Globalization;
using Callwatch.Spans;

namespace Callwatch.Benchmarks.History;

/// <summary>Who and what appears in generated history: 20 apps with two operations each, 30 models of 6 providers, 5 environments, 60 kinds of failure.</summary>
internal static class Cast
{
    public const int Apps = 20, Users = 50_000, Sessions = 400_000;

    public static readonly string[] AppNames =
    [
        "support-bot", "search-assist", "contract-review", "voice-notes", "nightly-eval", "mail-drafts", "code-helper", "sales-coach", "onboarding", "ticket-triage",
        "doc-chat", "translate", "summaries", "moderation", "recommend", "hr-assistant", "legal-search", "report-writer", "forecast", "playground",
    ];

    public static readonly string[] Operations = [.. AppNames.SelectMany(app => (string[])[app + ".answer", app + ".rewrite"])];

    public static readonly string[] Environments = ["production", "staging", "dev", "test", "eval"];

    public static readonly Model[] Models = [.. MakeModels()];

    public static readonly string[] Tags = ["beta", "vip", "batch", "canary", "mobile", "web", "eu", "us", "retry", "internal"];

    public static readonly string[] Plans = ["free", "pro", "team", "enterprise"];

    public static readonly Failure[] Failures = [.. MakeFailures()];

    /// <summary>Fewer and fewer calls from the first app to the last.</summary>
    public static readonly double[] AppShares = Shares(Apps, 0.9);

    /// <param name="InputPrice">US dollars a token.</param>
    public sealed record Model(string Name, string Provider, SpanKind Kind, decimal InputPrice, decimal OutputPrice, double MedianSeconds);

    public sealed record Failure(string Type, string Group, int Status, string Message);

    /// <summary>Each app uses four of the models, the first of them most.</summary>
    public static Model ModelOf(int app, int choice) => Models[((app * 7) + (choice * 5)) % Models.Length];

    /// <summary>Shares that add up to one, cumulated, so that a number from 0 to 1 finds its place.</summary>
    public static int Pick(double[] cumulated, double at)
    {
        var index = Array.BinarySearch(cumulated, at);
        return Math.Min(index >= 0 ? index : ~index, cumulated.Length - 1);
    }

    private static double[] Shares(int count, double steepness)
    {
        var weights = Enumerable.Range(1, count).Select(rank => 1 / Math.Pow(rank, steepness)).ToArray();
        var sum = weights.Sum();
        var so = 0.0;
        return [.. weights.Select(weight => so += weight / sum)];
    }

    private static IEnumerable<Model> MakeModels()
    {
        string[] providers = ["openai", "anthropic", "gcp.gemini", "aws.bedrock", "mistral_ai", "deepseek"];
        string[] families = ["gpt-4o", "claude-sonnet", "gemini-pro", "nova", "mistral", "deepseek-chat"];
        for (var provider = 0; provider < providers.Length; provider++)
        {
            for (var size = 0; size < 5; size++)
            {
                var embeds = size == 4;
                var name = embeds ? families[provider] + "-embedding" : string.Create(CultureInfo.InvariantCulture, $"{families[provider]}-{size + 1}");
                var price = 0.000_000_15m * (1 << (2 * Math.Min(size, 3)));
                yield return new Model(name, providers[provider], embeds ? SpanKind.Embedding : SpanKind.Chat, price, price * 4, embeds ? 0.15 : 0.6 + (0.7 * size) + (0.2 * provider));
            }
        }
    }

    private static IEnumerable<Failure> MakeFailures()
    {
        (string Type, string Group, int Status, string Message)[] kinds =
        [
            ("RateLimitError", "rate_limit", 429, "Rate limit reached for requests on {0}: limit 500, used {1}"),
            ("APITimeoutError", "timeout", 408, "Request to {0} timed out after {1} ms"),
            ("APIConnectionError", "server", 502, "Connection to {0} was reset after {1} bytes"),
            ("InternalServerError", "server", 500, "The server {0} had an error while processing request {1}"),
            ("AuthenticationError", "auth", 401, "Incorrect key provided for {0}, attempt {1}"),
            ("BadRequestError", "invalid_request", 400, "This model's maximum context length on {0} is 8192 tokens, {1} were given"),
            ("ContentFilterError", "content_filter", 400, "The response of {0} was filtered, policy {1}"),
            ("OverloadedError", "overloaded", 529, "{0} is overloaded, queue of {1}"),
            ("ToolError", "other", 500, "Tool of {0} failed with exit code {1}"),
            ("JSONDecodeError", "other", 200, "Answer of {0} is no JSON at character {1}"),
        ];
        string[] places = ["the gateway", "region one", "region two", "the pool", "the fallback", "the proxy"];
        foreach (var (type, group, status, message) in kinds)
            foreach (var place in places) yield return new Failure(type, group, status, message.Replace("{0}", place, StringComparison.Ordinal));
    }
}
