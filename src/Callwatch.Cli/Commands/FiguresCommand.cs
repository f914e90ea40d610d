using System.CommandLine;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch figures</c>: messages and runs of workflows by the day, from business traces.</summary>
internal static class FiguresCommand
{
    public static Command Create()
    {
        var zone = new Option<string?>("--tz") { Description = "IANA time zone in which days begin. Default UTC", HelpName = "ZONE" };
        var command = new Command("figures", "Show the daily figures of chats and workflows: messages, conversations, users, tokens, cost, satisfaction.");
        var selection = new SelectionOptions(command);
        command.Options.Add(zone);
        ServerOptions.Act(command, (parsed, link, cancel) =>
        {
            var query = selection.Read(parsed, TimeProvider.System) with { TimeZone = parsed.GetValue(zone) };
            return link.ShowAsync(query.On("api/v1/figures/reference"), ApiJson.Default.ApiReferenceFigures, Show, cancel, query.Filter);
        });
        return command;
    }

    private static int Show(ApiReferenceFigures answer)
    {
        var chat = new Table("Day", ">Messages", ">Conversations", ">Users", ">Tokens", ">Cost", ">Per conversation", ">Liked", ">Response", ">Tokens/s")
        {
            Dispensable = ["Tokens/s", "Per conversation", "Response", "Users"],
        };
        foreach (var point in answer.Chat.Points) chat.Row(Chat(point.T[..10], point));
        chat.Row(Chat("total", answer.Chat.Total));
        var workflow = new Table("Day", ">Runs", ">Users", ">Tokens", ">Cost", ">Per user", ">Response", ">Success") { Dispensable = ["Response", "Per user"] };
        foreach (var point in answer.Workflow.Points) workflow.Row(Workflow(point.T[..10], point));
        workflow.Row(Workflow("total", answer.Workflow.Total));

        if (answer.Chat.Total.Messages > 0) chat.Print();
        if (answer is { Chat.Total.Messages: > 0, Workflow.Total.Runs: > 0 }) Screen.Line("");
        if (answer.Workflow.Total.Runs > 0) workflow.Print();
        if (answer is { Chat.Total.Messages: 0, Workflow.Total.Runs: 0 }) Screen.Line("No messages and no runs of workflows in this range. They come as business traces: POST /api/v1/traces.");
        return CommandLine.Fine;
    }

    private static string[] Chat(string day, ApiChatDay of) =>
    [
        day, Plain.Number(of.Messages), Plain.Number(of.Conversations), Plain.Number(of.ActiveUsers), Plain.Number(of.TotalTokens), Plain.Money(of.CostUsd),
        Number(of.InteractionsPerSession), Plain.Percent(of.SatisfactionRate), Plain.Milliseconds(of.ResponseTimeMs), Number(of.TokensPerSecond),
    ];

    private static string[] Workflow(string day, ApiWorkflowDay of) =>
    [
        day, Plain.Number(of.Runs), Plain.Number(of.ActiveUsers), Plain.Number(of.TotalTokens), Plain.Money(of.CostUsd), Number(of.RunsPerUser),
        Plain.Milliseconds(of.ResponseTimeMs), Plain.Percent(of.SuccessRate),
    ];

    private static string Number(double? value) => value?.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture) ?? "–";
}
