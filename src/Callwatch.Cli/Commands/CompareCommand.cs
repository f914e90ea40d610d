using System.CommandLine;
using System.Globalization;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch compare</c>: what moved against an earlier window, and what explains it.</summary>
internal static class CompareCommand
{
    private const int MostCauses = 5;

    public static Command Create()
    {
        var figure = new Option<string?>("--figure") { Description = "Explain this one: latency, ttft, errors, cost or calls. Default: what moved most", HelpName = "FIGURE" };
        figure.AcceptOnlyFromAmong("latency", "ttft", "errors", "cost", "calls");
        var from = new Option<string?>("--baseline-from") { Description = "Begin of the earlier window. Default: the same time a week ago, else the time just before", HelpName = "TIME" };
        var to = new Option<string?>("--baseline-to") { Description = "End of the earlier window", HelpName = "TIME" };
        var zone = new Option<string?>("--tz") { Description = "IANA time zone of the times in the sentences. Default UTC", HelpName = "ZONE" };
        var command = new Command("compare", "Say what moved against an earlier window, and what explains it.");
        var selection = new SelectionOptions(command);
        command.Options.Add(figure);
        command.Options.Add(from);
        command.Options.Add(to);
        command.Options.Add(zone);
        ServerOptions.Act(command, (parsed, link, cancel) =>
        {
            var query = selection.Read(parsed, TimeProvider.System) with { TimeZone = parsed.GetValue(zone) };
            var path = query.On("api/v1/compare");
            foreach (var (name, value) in new[] { ("figure", parsed.GetValue(figure)), ("baseline_from", parsed.GetValue(from)), ("baseline_to", parsed.GetValue(to)) })
                if (value is not null) path += (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + name + "=" + Uri.EscapeDataString(value);
            return link.ShowAsync(path, ApiJson.Default.ApiComparison, Show, cancel, query.Filter);
        });
        return command;
    }

    private static int Show(ApiComparison answer)
    {
        Screen.Line(Plain.Text($"{answer.From} – {answer.To} against {answer.BaselineFrom} – {answer.BaselineTo}"));
        foreach (var sentence in answer.Sentences) Screen.Line(Plain.Text(sentence));
        var moved = answer.Figures.First(one => one.Figure == answer.Figure);
        var causes = moved.Explanations.Where(one => !one.Echo).Take(MostCauses).ToList();
        if (!answer.Enough || moved.Broad || causes.Count == 0) return CommandLine.Fine;
        Screen.Line("");
        var table = new Table("Cause", ">Share", ">Before", ">Now", ">Calls before", ">Calls now", "Filter") { Dispensable = ["Calls before", "Calls now"] };
        foreach (var cause in causes)
        {
            table.Row(
                Plain.Cut(string.Join(", ", cause.Key.Select(pair => $"{pair.Key} {pair.Value}")), 60), cause.Share.ToString("P0", CultureInfo.InvariantCulture),
                Amount(answer.Figure, cause.Before), Amount(answer.Figure, cause.After), Plain.Number(cause.CallsBefore), Plain.Number(cause.CallsAfter), Plain.Cut(cause.Filter ?? "", 80));
        }

        table.Print();
        return CommandLine.Fine;
    }

    private static string Amount(string figure, double? value) => value is not { } number ? "–" : figure switch
    {
        "errors" => Plain.Percent(number),
        "cost" => Plain.Money((decimal)number),
        "calls" => Plain.Number((long)number),
        _ => Plain.Milliseconds(number),
    };
}
