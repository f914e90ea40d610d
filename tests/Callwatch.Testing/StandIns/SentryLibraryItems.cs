using System.Text.Json.Nodes;

namespace Callwatch.Testing.StandIns;

/// <summary>What a client library sends besides events and transactions: client reports, and profiles beside their transaction (sample format, version 1).</summary>
internal static class SentryLibraryItems
{
    private static readonly string[] Reasons =
    [
        "queue_overflow", "cache_overflow", "buffer_overflow", "ratelimit_backoff", "network_error", "sample_rate", "before_send", "event_processor", "send_error", "internal_sdk_error", "insufficient_data",
        "backpressure", "ignored", "invalid",
    ];

    /// <summary>Takes them out of the envelope; null, or what is wrong with one.</summary>
    public static string? TakeOut(SentryEnvelopeReader.Envelope envelope, List<JsonObject> reports, List<JsonObject> profiles)
    {
        foreach (var item in envelope.Items.Where(item => item.Kind is "client_report" or "profile").ToList())
        {
            envelope.Items.Remove(item);
            if (JsonNode.Parse(item.Payload) is not JsonObject payload) return item.Kind + ": expected an object";
            if (item.Kind == "client_report")
            {
                if (item.Payload.Length > 4_096) return "client_report: larger than 4 KiB";
                if (ProblemOfReport(payload) is { } wrong) return "client_report: " + wrong;
                reports.Add(payload);
                continue;
            }

            if (envelope.Items is not [{ Kind: "transaction" } transaction]) return "profile: without its transaction";
            if (ProblemOfProfile(payload, JsonNode.Parse(transaction.Payload)!) is { } problem) return "profile: " + problem;
            profiles.Add(payload);
        }

        return null;
    }

    private static string? ProblemOfReport(JsonObject report)
    {
        if (!SentryStandIn.IsTime(report["timestamp"])) return "timestamp";
        if (report["discarded_events"] is not JsonArray { Count: > 0 } discarded) return "discarded_events";
        return discarded.All(one => Reasons.Contains((string?)one!["reason"]) && one["category"]?.GetValueKind() == System.Text.Json.JsonValueKind.String && (long)one["quantity"]! > 0) ? null : "reason, category or quantity";
    }

    private static string? ProblemOfProfile(JsonObject profile, JsonNode transaction)
    {
        if ((string?)profile["version"] != "1" || (string?)profile["platform"] != "csharp") return "version or platform";
        if (!SentryStandIn.IsId(profile["event_id"]) || !SentryStandIn.IsTime(profile["timestamp"], text: true)) return "event_id or timestamp";
        if ((string?)profile["os"]?["name"] is not { Length: > 0 } || (string?)profile["os"]?["version"] is not { Length: > 0 } || (string?)profile["device"]?["architecture"] is not { Length: > 0 }) return "os or device";
        if ((string?)profile["transaction"]?["id"] != (string?)transaction["event_id"] || (string?)profile["transaction"]?["trace_id"] != (string?)transaction["contexts"]!["trace"]!["trace_id"]) return "not of this transaction";
        var (samples, stacks, frames, threads) = (profile["profile"]?["samples"] as JsonArray, profile["profile"]?["stacks"] as JsonArray, profile["profile"]?["frames"] as JsonArray, profile["profile"]?["thread_metadata"] as JsonObject);
        if (samples is not { Count: >= 2 } || stacks is not { Count: > 0 } || frames is not { Count: > 0 } || threads is not { Count: > 0 }) return "samples, stacks, frames or thread_metadata";
        if (!threads.ContainsKey((string?)profile["transaction"]!["active_thread_id"] ?? "")) return "active_thread_id";
        var times = samples.Select(sample => ulong.Parse((string)sample!["elapsed_since_start_ns"]!)).ToList();
        if (times.Max() - times.Min() > 30_000_000_000) return "longer than 30 seconds";
        if (!samples.All(sample => (int)sample!["stack_id"]! < stacks.Count && threads.ContainsKey((string)sample["thread_id"]!))) return "a sample of no stack or thread";
        return stacks.All(stack => stack is JsonArray { Count: > 0 } one && one.All(frame => (int)frame! < frames.Count)) && frames.All(frame => ((string?)frame!["function"])?.Length > 0) ? null : "a stack of no frames";
    }
}
