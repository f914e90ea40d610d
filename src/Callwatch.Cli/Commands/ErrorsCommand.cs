using System.CommandLine;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch errors</c>: groups of failed calls, most frequent first, or those alone that a release brought.</summary>
internal static class ErrorsCommand
{
    public static Command Create()
    {
        var since = new Option<string?>("--since") { Description = "Only failures that came with release:NAME or a later release, or with prompt:NAME@VERSION or a higher version", HelpName = "RELEASE|PROMPT" };
        var limit = new Option<int?>("--limit") { Description = "Most groups, up to 1000. Default 100", HelpName = "N" };
        var command = new Command("errors", "List groups of failed calls; with --since those that are new.");
        var selection = new SelectionOptions(command);
        command.Options.Add(since);
        command.Options.Add(limit);
        ServerOptions.Act(command, (parsed, link, cancel) =>
        {
            var query = selection.Read(parsed, TimeProvider.System) with { Since = parsed.GetValue(since), Limit = parsed.GetValue(limit) };
            return link.ShowAsync(query.On("api/v1/errors"), ApiJson.Default.ApiPageApiErrorGroup, page => Show(page, query.Since), cancel, query.Filter);
        });
        return command;
    }

    private static int Show(ApiPage<ApiErrorGroup> page, string? since)
    {
        if (page.Items.Count > 0) TableOf(page.Items).Print();
        else Screen.Line(since is null ? "No failed calls in this range. It can be widened with --last 24h or --from." : $"No failures in this range that came with {Plain.Text(since)} or later.");
        if (page.RowsFrom is { } rows) Screen.Line($"Rows are kept from {rows} on; of the time before there are counts only.");
        if (page.SearchedUntil is { } until) Screen.Line($"Counted back to {until}.");
        return CommandLine.Fine;
    }

    private static Table TableOf(IReadOnlyList<ApiErrorGroup> groups)
    {
        var table = new Table(">Calls", ">Share", "Error", "Provider", "Model", "First seen", "With", "Last seen", "Trace") { Dispensable = ["Share", "Provider", "Trace", "With", "Model"] };
        foreach (var group in groups)
        {
            table.Row(
                Plain.Number(group.Count), Plain.Percent(group.Share), Plain.Cut(group.Message.Length == 0 ? group.Type : $"{group.Type}: {group.Message}", 80), Plain.Cut(group.Provider ?? "–", 30),
                Plain.Cut(group.Model ?? "–", 40), Plain.DateAndTime(group.FirstSeen), Plain.Cut(group.FirstRelease ?? "–", 30), Plain.DateAndTime(group.LastSeen), group.SampleTraces is [var trace, ..] ? trace : "–");
        }

        return table;
    }
}
