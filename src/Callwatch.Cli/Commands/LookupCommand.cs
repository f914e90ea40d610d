using System.CommandLine;
using Callwatch.Cli.Connecting;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch lookup ID</c>: what an id is, and what became of it.</summary>
internal static class LookupCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "Any id: trace, span, session, response, user, ..." };
        var command = new Command("lookup", "Find out what an id is and what happened to it. Exit code 1 when nobody knows it.") { id };
        ServerOptions.Act(command, async (parsed, link, cancel) =>
        {
            using var ask = ServerLink.Get($"api/v1/lookup/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}");
            return await link.ShowAsync(ask, ApiJson.Default.ApiLookup, Show, cancel, answer => answer.Matches.Count == 0 ? CommandLine.Failed : CommandLine.Fine);
        });
        return command;
    }

    private static void Show(ApiLookup answer)
    {
        if (answer.Matches.Count == 0) Screen.Line("Nothing here has this id. It may not have been received, or be past its retention.");
        foreach (var match in answer.Matches)
        {
            Screen.Line($"{Plain.Text(match.Kind)} of trace {match.TraceId}{(match.SpanId is { } span ? ", span " + span : "")}");
            var table = new Table("  Step", "State", "Time", "Reason");
            foreach (var step in match.Steps)
                table.Row("  " + step.Step + (step.Destination is { } destination ? " " + destination : ""), step.State, step.Time ?? "–", step.Reason ?? "");
            table.Print();
        }
    }
}
