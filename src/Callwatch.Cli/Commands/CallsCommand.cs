using System.CommandLine;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch calls</c>: the LLM calls of a range, newest first.</summary>
internal static class CallsCommand
{
    public static Command Create()
    {
        var sort = new Option<string?>("--sort") { Description = "end, duration, ttft, cost or total_tokens; with - before it descending. Default -end", HelpName = "FIELD" };
        var limit = new Option<int?>("--limit") { Description = "Most calls, up to 1000. Default 100", HelpName = "N" };
        var cursor = new Option<string?>("--cursor") { Description = "Go on behind a page: its next", HelpName = "NEXT" };
        var command = new Command("calls", "List model calls.");
        var selection = new SelectionOptions(command);
        command.Options.Add(sort);
        command.Options.Add(limit);
        command.Options.Add(cursor);
        ServerOptions.Act(command, (parsed, link, cancel) =>
        {
            var query = selection.Read(parsed, TimeProvider.System) with { Sort = parsed.GetValue(sort), Limit = parsed.GetValue(limit), Cursor = parsed.GetValue(cursor) };
            return link.ShowAsync(query.On("api/v1/calls"), ApiJson.Default.ApiPageApiSpan, page => Show(page, query.Limit ?? 100), cancel, query.Filter);
        });
        return command;
    }

    private static int Show(ApiPage<ApiSpan> page, int limit)
    {
        if (page.Items.Count == 0 && page.Next is null)
        {
            Screen.Line("No calls in this range. It can be widened with --last 24h or --from.");
            return CommandLine.Fine;
        }

        CallLines.Table(page.Items).Print();
        if (page.RowsFrom is { } rows) Screen.Line($"Rows are kept from {rows} on; of the time before there are figures only.");
        if (page.Items.Count < limit && page is { Next: not null, SearchedUntil: { } until }) Screen.Line($"Searched back to {until}.");
        if (page is { Next: null, SearchedUntil: { } since }) Screen.Line($"The time did not do for all: everything since {since} was looked at, and part of what came before.");
        if (page.Next is { } next) Screen.Line($"More with --cursor {next}");
        return CommandLine.Fine;
    }
}
