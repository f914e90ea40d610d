using System.Text.Json.Nodes;

namespace Callwatch.Benchmarks.Forwarding;

/// <summary>What a destination of each kind is set to, for it to speak to a receiver on this machine.</summary>
internal static class Platforms
{
    public static readonly IReadOnlyList<string> All = ["langfuse", "langsmith", "opik", "weave", "phoenix", "arize", "aliyun", "sentry", "otlp"];

    /// <param name="receiver">Without a slash at its end.</param>
    public static JsonObject Config(string kind, string receiver) => kind switch
    {
        "langfuse" => new JsonObject { ["public_key"] = "pk-lf-bench", ["secret_key"] = "sk-lf-bench", ["host"] = receiver },
        "langsmith" => new JsonObject { ["api_key"] = "lsv2_pt_bench", ["endpoint"] = receiver + "/langsmith" },
        "opik" => new JsonObject { ["api_key"] = "bench", ["url"] = receiver + "/opik/api/" },
        "weave" => new JsonObject { ["api_key"] = "bench", ["entity"] = "bench", ["project"] = "bench", ["endpoint"] = receiver + "/weave" },
        "phoenix" or "otlp" => new JsonObject { ["endpoint"] = receiver },
        "arize" => new JsonObject { ["api_key"] = "bench", ["space_id"] = "bench", ["endpoint"] = receiver },
        "aliyun" => new JsonObject { ["license_key"] = "bench", ["endpoint"] = receiver },
        // Its runs too: with errors alone nothing of these traces would go.
        "sentry" => new JsonObject { ["dsn"] = receiver.Replace("://", "://bench@", StringComparison.Ordinal) + "/1", ["errors_only"] = false, ["send_default_pii"] = true },
        _ => throw new ArgumentException(kind + " is no kind; there are " + string.Join(", ", All), nameof(kind)),
    };

    /// <summary>The platforms' own words of success.</summary>
    public static (int Status, string Type, string Body) Answer(string method, string path) => (method, path) switch
    {
        ("GET", "/api/public/projects") => (200, "application/json", """{"data":[{"id":"bench","name":"bench"}]}"""),
        ("GET", "/langsmith/info") => (200, "application/json", """{"version":"0.12.0","batch_ingest_config":{"use_multipart_endpoint":true,"size_limit":100,"size_limit_bytes":20971520},"instance_flags":{"gzip_body_enabled":true}}"""),
        ("POST", "/graphql") => (200, "application/json", """{"data":{"viewer":{"username":"bench","defaultEntity":{"name":"bench"}}}}"""),
        ("GET", _) => (200, "application/json", "[]"),
        _ when path.StartsWith("/langsmith/", StringComparison.Ordinal) => (202, "application/json", """{"message":"Runs batch ingested"}"""),
        _ when path.StartsWith("/opik/", StringComparison.Ordinal) => (204, "", ""),
        _ when path.StartsWith("/weave/", StringComparison.Ordinal) => (200, "application/json", """{"digest":"bench"}"""),
        _ when path.EndsWith("/envelope/", StringComparison.Ordinal) => (200, "application/json", """{"id":"0123456789abcdef0123456789abcdef"}"""),
        _ => (200, "application/x-protobuf", ""),
    };
}
