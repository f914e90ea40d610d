using System.CommandLine;
using Callwatch.Cli.Connecting;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch reprice</c>: shows what the prices in force would change of stored costs; with <c>--apply</c> changes exactly that.</summary>
internal static class RepriceCommand
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    public static Command Create()
    {
        var from = new Option<string>("--from") { Description = "First moment of the range (RFC 3339 or a date)", HelpName = "TIME", Required = true };
        var to = new Option<string>("--to") { Description = "End of the range, not within", HelpName = "TIME", Required = true };
        var app = new Option<string?>("--app") { Description = "Only this app", HelpName = "NAME" };
        var model = new Option<string?>("--model") { Description = "Only this model", HelpName = "NAME" };
        var filter = new Option<string?>("--q") { Description = "Only calls that meet this filter", HelpName = "FILTER" };
        var apply = new Option<bool>("--apply") { Description = "Change the costs, after showing the difference" };
        var command = new Command("reprice", "Price stored calls by the prices in force now. Shows the difference; changes nothing without --apply.") { from, to, app, model, filter, apply };
        ServerOptions.Act(command, (parsed, link, cancel) =>
        {
            var wish = new ApiRepriceWish
            {
                From = parsed.GetRequiredValue(from),
                To = parsed.GetRequiredValue(to),
                App = parsed.GetValue(app),
                Model = parsed.GetValue(model),
                Q = parsed.GetValue(filter),
            };
            return RunAsync(link, wish, parsed.GetValue(apply), cancel);
        });
        return command;
    }

    private static async Task<int> RunAsync(ServerLink link, ApiRepriceWish wish, bool apply, CancellationToken cancel)
    {
        // To look at months of calls takes longer than an answer usually may.
        link.Http.Timeout = Timeout.InfiniteTimeSpan;
        var answer = await AskAsync(link, wish, cancel);
        if (answer is ApiAnswer<ApiReprice>.Refused wrong) return Refusal.Tell(wrong.Problem, wish.Q);
        var shown = ((ApiAnswer<ApiReprice>.Found)answer).Value;
        if (!link.Json) Show(shown);
        if (apply)
        {
            answer = await AskAsync(link, wish with { DryRun = false, Expect = shown.Expect }, cancel);
            if (answer is ApiAnswer<ApiReprice>.Refused refused) return Refusal.Tell(refused.Problem);
            shown = ((ApiAnswer<ApiReprice>.Found)answer).Value;
            while (shown.State == "running")
            {
                await Task.Delay(LookEvery, cancel);
                var list = await link.Api.GetAsync("api/v1/prices/reprice", ApiJson.Default.ApiListApiReprice, cancel);
                if (list is ApiAnswer<ApiList<ApiReprice>>.Refused lost) return Refusal.Tell(lost.Problem);
                shown = ((ApiAnswer<ApiList<ApiReprice>>.Found)list).Value.Items.First(one => one.Id == shown.Id);
            }
        }

        if (link.Json) Console.WriteLine(System.Text.Json.JsonSerializer.Serialize(shown, ApiJson.Default.ApiReprice));
        else if (shown.State == "done") Screen.Line("Changed.");
        else if (shown.Reason is { } reason) await Console.Error.WriteLineAsync("callwatch: " + Plain.Text(reason));
        return shown.State is "shown" or "done" ? CommandLine.Fine : CommandLine.Failed;
    }

    private static async Task<ApiAnswer<ApiReprice>> AskAsync(ServerLink link, ApiRepriceWish wish, CancellationToken cancel)
    {
        using var request = ServerLink.Post("api/v1/prices/reprice", wish, ApiJson.Default.ApiRepriceWish);
        return await link.Api.SendAsync(request, ApiJson.Default.ApiReprice, cancel);
    }

    private static void Show(ApiReprice shown)
    {
        Screen.Line($"{Plain.Number(shown.Calls)} calls, priced by book {Plain.Text(shown.PriceBook)}: {Plain.Money(shown.BeforeUsd)} → {Plain.Money(shown.AfterUsd)} ({(shown.DifferenceUsd > 0 ? "+" : "")}{Plain.Money(shown.DifferenceUsd)})");
        Screen.Line($"{Plain.Number(shown.Touched)} change, {Plain.Number(shown.NewlyPriced)} have a price for the first time, {Plain.Number(shown.Given)} were given by the sender and stay.");
        var models = new Table("Provider", "Model", ">Calls", ">Before", ">After", ">Difference");
        foreach (var model in shown.Models) models.Row(model.Provider ?? "–", model.Model ?? "–", Plain.Number(model.Calls), Plain.Money(model.BeforeUsd), Plain.Money(model.AfterUsd), Plain.Money(model.DifferenceUsd));
        if (shown.Models.Count > 0) models.Print();
        var reasons = new Table("Still without a price", ">Calls");
        foreach (var (reason, calls) in shown.UnpricedReasons) reasons.Row(reason, Plain.Number(calls));
        if (shown.UnpricedReasons.Count > 0) reasons.Print();
        if (shown.RowsFrom is { } first) Screen.Line($"Before {Plain.DateAndTime(first)} UTC there are no rows any more: figures from then keep their cost.");
    }
}
