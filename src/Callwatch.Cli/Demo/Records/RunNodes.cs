using System.Globalization;
using System.Text.Json.Nodes;
using Callwatch.Spans;

namespace Callwatch.Cli.Demo.Records;

/// <summary>The nodes of one run of a workflow, one after the other.</summary>
internal sealed class RunNodes(RecordScript script)
{
    private readonly JsonArray nodes = [];
    private readonly Timestamp start = script.Now;
    private (long In, long Out) tokens;

    /// <summary>A node that takes its time; failed where <paramref name="error"/> says why.</summary>
    public void Step(string type, string title, double seconds, JsonNode? input, JsonNode? output, string? error = null) => Add(type, title, seconds, input, output, error);

    /// <summary>A node that asks a model.</summary>
    public void Ask(string title, string provider, string model, long input, long output, double first, double seconds, JsonNode asked, JsonNode? answer, string? error = null)
    {
        var node = Add("llm", title, seconds, asked, error is null ? answer : null, error);
        node["provider"] = provider;
        node["model"] = model;
        node["is_streaming_request"] = true;
        node["temperature"] = 0.2;
        if (error is not null) return;
        node["prompt_tokens"] = input;
        node["completion_tokens"] = output;
        node["gen_ai_server_time_to_first_token"] = Math.Round(Math.Min(first, seconds * 0.7), 3);
        node["finish_reason"] = "stop";
        tokens = (tokens.In + input, tokens.Out + output);
    }

    /// <summary>The record of the run, which ends now.</summary>
    public void Tell(string workflow, JsonObject inputs, JsonNode? output, string? error, JsonObject more)
    {
        var run = new JsonObject
        {
            ["workflow_id"] = workflow,
            ["workflow_run_version"] = "2026-09-02 09:14",
            ["workflow_run_status"] = error is null ? "succeeded" : "failed",
            ["workflow_run_elapsed_time"] = Seconds(start, script.Now),
            ["inputs"] = inputs.DeepClone(),
            ["outputs"] = error is null ? output?.DeepClone() : null,
            ["error"] = error,
            ["prompt_tokens"] = tokens.In,
            ["completion_tokens"] = tokens.Out,
            ["total_tokens"] = tokens.In + tokens.Out,
            ["triggered_from"] = "app-run",
            ["nodes"] = nodes,
        };
        foreach (var (name, value) in more) run[name] = value?.DeepClone();
        script.Tell("workflow", start, run);
    }

    private JsonObject Add(string type, string title, double seconds, JsonNode? input, JsonNode? output, string? error)
    {
        var from = script.Now;
        script.Pass(seconds);
        var node = new JsonObject
        {
            ["node_execution_id"] = script.Dice.Uuid(),
            ["node_id"] = (1_700_000_000_000 + (nodes.Count * 17)).ToString(CultureInfo.InvariantCulture),
            ["node_type"] = type,
            ["title"] = title,
            ["index"] = nodes.Count + 1,
            ["status"] = error is null ? "succeeded" : "failed",
            ["error"] = error,
            ["start_time"] = from.ToString(),
            ["end_time"] = script.Now.ToString(),
            ["elapsed_time"] = Seconds(from, script.Now),
            ["inputs"] = input?.DeepClone(),
            ["outputs"] = output?.DeepClone(),
        };
        nodes.Add((JsonNode)node);
        return node;
    }

    private static double Seconds(Timestamp from, Timestamp to) => Math.Round((to.UnixNanoseconds - from.UnixNanoseconds) / 1e9, 3);
}
