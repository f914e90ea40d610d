using System.CommandLine;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch stats</c>: the figures of a range, as a whole or by group.</summary>
internal static class StatsCommand
{
    public static Command Create()
    {
        var by = new Option<string[]>("--by") { Description = "Group by this field (model, app, provider, operation, ...); may repeat", HelpName = "FIELD" };
        var step = new Option<string?>("--step") { Description = "Width of the points in --json: auto, 1m, 15m, 1h, 1d", HelpName = "STEP" };
        var zone = new Option<string?>("--tz") { Description = "IANA time zone in which days begin. Default UTC", HelpName = "ZONE" };
        var command = new Command("stats", "Show figures: calls, success, latency, tokens, cost.");
        var selection = new SelectionOptions(command);
        command.Options.Add(by);
        command.Options.Add(step);
        command.Options.Add(zone);
        ServerOptions.Act(command, (parsed, link, cancel) =>
        {
            var query = selection.Read(parsed, TimeProvider.System) with { By = parsed.GetValue(by) ?? [], Step = parsed.GetValue(step), TimeZone = parsed.GetValue(zone) };
            return link.ShowAsync(query.On("api/v1/stats"), ApiJson.Default.ApiStats, answer => Show(answer, query.By), cancel, query.Filter);
        });
        return command;
    }

    private static int Show(ApiStats answer, IReadOnlyList<string> by)
    {
        var table = new Table([.. by, ">Calls", ">Success", ">Errors", ">p50", ">p95", ">TTFT p95", ">Input", ">Cached", ">Output", ">Cost", ">Unpriced"])
        {
            Dispensable = ["Errors", "p50", "Cached", "Output", "Input", "Unpriced"],
        };
        foreach (var group in answer.Groups)
        {
            var total = group.Total;
            table.Row([
                .. by.Select(field => Plain.Cut(group.Key.GetValueOrDefault(field) ?? "–", 40)),
                Plain.Number(total.Calls), Plain.Percent(total.SuccessRate), Plain.Number(total.Errors), Plain.Milliseconds(total.LatencyMs.P50), Plain.Milliseconds(total.LatencyMs.P95),
                Plain.Milliseconds(total.TtftMs.P95), Plain.Number(total.InputTokens), Plain.Number(total.CacheReadTokens), Plain.Number(total.OutputTokens),
                Plain.Money(total.CostUsd == 0 && total.UnpricedCalls > 0 ? null : total.CostUsd), Plain.Number(total.UnpricedCalls),
            ]);
        }

        table.Print();
        if (answer.Truncated) Screen.Line("There are more groups; a filter narrows them.");
        return CommandLine.Fine;
    }
}
