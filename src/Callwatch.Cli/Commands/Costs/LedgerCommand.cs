using System.CommandLine;
using Callwatch.Cli.Connecting;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands.Costs;

/// <summary><c>callwatch costs ledger</c>: the table for the books.</summary>
internal static class LedgerCommand
{
    public static Command Create()
    {
        var zone = new Option<string?>("--tz") { Description = "IANA time zone in which days begin. Default UTC", HelpName = "ZONE" };
        zone.Validators.Add(CostsCommand.BeZone);
        var output = new Option<FileInfo?>("--output", "-o") { Description = "Write to this file, which must not exist. Default: standard output", HelpName = "FILE" };
        var command = new Command("ledger", "Write a CSV for the accountant: costs by day, app, provider, model and class, exact. Default range: the month so far.");
        var selection = new SelectionOptions(command);
        command.Options.Add(zone);
        command.Options.Add(output);
        ServerOptions.Act(command, (parsed, link, cancel) =>
        {
            var name = parsed.GetValue(zone);
            return WriteAsync(link, CostsCommand.MonthSoFar(selection.Read(parsed, TimeProvider.System), CostsCommand.ZoneOf(name), TimeProvider.System) with { TimeZone = name }, parsed.GetValue(output), cancel);
        });
        return command;
    }

    private static async Task<int> WriteAsync(ServerLink link, ApiQuery query, FileInfo? output, CancellationToken cancel)
    {
        if (link.Json)
        {
            await Console.Error.WriteLineAsync("callwatch: the ledger is a CSV; callwatch costs --per day --json has the figures as JSON.");
            return CommandLine.Misuse;
        }

        // Years of days take longer than an answer usually may.
        link.Http.Timeout = Timeout.InfiniteTimeSpan;
        using var response = await link.Http.GetAsync(new Uri(query.On("api/v1/costs/ledger"), UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancel);
        return response.IsSuccessStatusCode ? await Saving.SaveAsync(response, output, cancel) : await link.RefusedAsync(response, query.Filter, cancel);
    }
}
