using System.CommandLine;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands.Costs;

/// <summary><c>callwatch costs what-if</c>: the same calls at another model's prices.</summary>
internal static class WhatIfCommand
{
    public static Command Create()
    {
        var model = new Option<string>("--model") { Description = "The other model, with its provider before it: anthropic/claude-haiku-4-5", HelpName = "MODEL", Required = true };
        var command = new Command("what-if", "Lay another model's prices on the calls of a range. Default range: the month so far.");
        var selection = new SelectionOptions(command);
        command.Options.Add(model);
        ServerOptions.Act(command, (parsed, link, cancel) =>
        {
            var query = CostsCommand.MonthSoFar(selection.Read(parsed, TimeProvider.System), TimeZoneInfo.Utc, TimeProvider.System);
            var path = query.On("api/v1/costs/what-if");
            path += (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "model=" + Uri.EscapeDataString(parsed.GetRequiredValue(model));
            return link.ShowAsync(path, ApiJson.Default.ApiWhatIf, Show, cancel, query.Filter);
        });
        return command;
    }

    private static int Show(ApiWhatIf answer)
    {
        Screen.Line(Plain.Text($"{Plain.Number(answer.Calls)} calls cost {Plain.Money(answer.NowUsd)}; at the prices of {answer.Provider} {answer.PriceId} they would cost {Plain.Money(answer.ThenUsd)} ({Signed(answer.DifferenceUsd)})."));
        var table = new Table("Provider", "Model", "Kind", ">Calls", ">Input", ">Cached", ">Output", ">Now", ">Then") { Dispensable = ["Cached", "Kind", "Output", "Input"] };
        foreach (var line in answer.Lines)
        {
            table.Row(
                Plain.Cut(line.Provider ?? "–", 24), Plain.Cut(line.Model ?? "–", 40), line.Kind, Plain.Number(line.Calls), Plain.Number(line.InputTokens), Plain.Number(line.CacheReadTokens), Plain.Number(line.OutputTokens),
                Plain.Money(line.NowUsd), Plain.Money(line.ThenUsd));
        }

        if (answer.Lines.Count > 0) table.Print();
        if (answer.LeftOut > 0) Screen.Line($"{Plain.Number(answer.LeftOut)} calls of other kinds are not compared.");
        if (answer.Caveats.Count > 0) Screen.Line("What cannot be known: " + Plain.Text(string.Join(", ", answer.Caveats)) + " (docs/cost.md, What if).");
        return CommandLine.Fine;
    }

    private static string Signed(decimal usd) => (usd < 0 ? "−" : "+") + Plain.Money(Math.Abs(usd));
}
