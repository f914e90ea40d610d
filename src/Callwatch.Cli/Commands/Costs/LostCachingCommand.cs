using System.CommandLine;
using System.Globalization;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands.Costs;

/// <summary><c>callwatch costs lost-caching</c>: where the provider's prompt cache stopped helping, and why.</summary>
internal static class LostCachingCommand
{
    public static Command Create()
    {
        var command = new Command("lost-caching", "Find sessions in which the provider's prompt cache stopped helping, and the first message that differs. Default range: the last hour.");
        var selection = new SelectionOptions(command);
        ServerOptions.Act(command, (parsed, link, cancel) =>
        {
            var query = selection.Read(parsed, TimeProvider.System);
            return link.ShowAsync(query.On("api/v1/costs/lost-caching"), ApiJson.Default.ApiLostCaching, Show, cancel, query.Filter);
        });
        return command;
    }

    private static int Show(ApiLostCaching answer)
    {
        Screen.Line(
            $"{Plain.Number(answer.TurnsLost)} of {Plain.Number(answer.Turns)} turns since {Plain.DateAndTime(answer.LookedFrom)} UTC were without the cache's help: {Plain.Number(answer.LostTokens)} tokens, {Plain.Money(answer.LostUsd)}; {Plain.Money(answer.UsdPerDay)} a day at this pace.");
        if (answer.Items.Count == 0) return CommandLine.Fine;
        var table = new Table("App", "Operation", "Model", ">Turns", ">Lost", ">Tokens", ">A day", "Why") { Dispensable = ["Turns", "Operation", "Tokens"] };
        foreach (var item in answer.Items)
        {
            table.Row(
                Plain.Cut(item.App, 24), Plain.Cut(item.Operation ?? "–", 24), Plain.Cut(item.Model ?? "–", 32), Plain.Number(item.Turns), Plain.Number(item.TurnsLost), Plain.Number(item.LostTokens),
                Plain.Money(item.UsdPerDay), item.Cause is { } cause ? Why(cause) : "–");
        }

        table.Print();
        return CommandLine.Fine;
    }

    private static string Why(ApiCacheBreak cause)
    {
        var where = (cause.Message is { } message ? string.Create(CultureInfo.InvariantCulture, $" {message}") : "") + (cause.Role is { } role ? " (" + role + ")" : "") + (cause.Tool is { } tool ? " " + tool : "");
        return Plain.Cut(cause.Kind.Replace('_', ' ') + where + (cause.Before is null && cause.After is null ? "" : $": \"{cause.Before}\" → \"{cause.After}\""), 90);
    }
}
