using System.CommandLine;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands.Costs;

/// <summary><c>callwatch costs coverage</c>: requests to models that nobody told of as calls.</summary>
internal static class CoverageCommand
{
    public static Command Create()
    {
        var command = new Command("coverage", "Count HTTP requests to models that have no call in their trace. Default range: the month so far. Filters may name app, env and provider.");
        var selection = new SelectionOptions(command);
        ServerOptions.Act(command, (parsed, link, cancel) =>
        {
            var query = CostsCommand.MonthSoFar(selection.Read(parsed, TimeProvider.System), TimeZoneInfo.Utc, TimeProvider.System);
            return link.ShowAsync(query.On("api/v1/coverage"), ApiJson.Default.ApiCoverage, Show, cancel, query.Filter);
        });
        return command;
    }

    private static int Show(ApiCoverage answer)
    {
        if (answer.ModelRequests == 0)
        {
            Screen.Line(answer.NotCountedDays.Count > 0
                ? "No HTTP request to a model was counted."
                : "No HTTP request to a model was seen. Where HTTP clients are not traced, nothing can be said of calls that nobody told of.");
        }
        else
        {
            var table = new Table("App", "Provider", ">Requests", ">Without a call", ">Share");
            foreach (var item in answer.Items)
                table.Row(Plain.Cut(item.App, 40), Plain.Cut(item.Provider, 24), Plain.Number(item.ModelRequests), Plain.Number(item.WithoutCall), Plain.Percent((double)item.WithoutCall / item.ModelRequests));
            table.Print();
        }

        if (answer.NotCountedDays is [var first, ..])
            Screen.Line(Plain.Text($"Not counted, or not wholly, on {Plain.Number(answer.NotCountedDays.Count)} days from {first} to {answer.NotCountedDays[^1]}: an earlier version stored them; callwatch reindex counts them."));
        return CommandLine.Fine;
    }
}
