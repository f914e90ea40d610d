using System.CommandLine;
using System.Globalization;
using Callwatch.Cli.Connecting;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch reindex</c>: rebuilds days from the journal and follows that to its end.</summary>
internal static class ReindexCommand
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    public static Command Create()
    {
        var from = new Option<string>("--from") { Description = "First UTC day, as 2026-09-17", HelpName = "DAY", Required = true };
        var to = new Option<string>("--to") { Description = "The day after the last", HelpName = "DAY", Required = true };
        var apply = new Option<bool>("--apply") { Description = "Put the rebuilt days in the place of what stands. Without it: compare and change nothing" };
        var command = new Command("reindex", "Rebuild whole days from the journal beside what stands, and compare. Exit code 1 when it does not come to its end.") { from, to, apply };
        ServerOptions.Act(command, (parsed, link, cancel) => RunAsync(
            link, new ApiReindexWish { From = parsed.GetRequiredValue(from), To = parsed.GetRequiredValue(to), Apply = parsed.GetValue(apply) }, cancel));
        return command;
    }

    private static async Task<int> RunAsync(ServerLink link, ApiReindexWish wish, CancellationToken cancel)
    {
        using var request = ServerLink.Post("api/v1/reindex", wish, ApiJson.Default.ApiReindexWish);
        var answer = await link.Api.SendAsync(request, ApiJson.Default.ApiReindex, cancel);
        var said = "";
        while (answer is ApiAnswer<ApiReindex>.Found { Value.Job: { State: "running" } job })
        {
            var say = job.ToRead > 0 && job.Phase == "reading" ? string.Create(CultureInfo.InvariantCulture, $"reading, {Math.Min(100, job.Read * 100 / job.ToRead)} %") : job.Phase;
            if (say != said && !link.Json) await Console.Error.WriteLineAsync(said = say);
            await Task.Delay(LookEvery, cancel);
            answer = await link.Api.GetAsync("api/v1/reindex", ApiJson.Default.ApiReindex, cancel);
        }

        if (answer is ApiAnswer<ApiReindex>.Refused refused) return Refusal.Tell(refused.Problem);
        var done = ((ApiAnswer<ApiReindex>.Found)answer).Value;
        if (link.Json) Console.WriteLine(System.Text.Json.JsonSerializer.Serialize(done, ApiJson.Default.ApiReindex));
        else Show(done.Job!);
        return done.Job?.State == "done" ? CommandLine.Fine : CommandLine.Failed;
    }

    private static void Show(ApiReindexJob job)
    {
        var table = new Table("Day", "State", ">Spans", ">Calls", ">Tokens", ">Cost", ">Unpriced", ">Only before", ">Only after", "Reason");
        foreach (var day in job.Days)
        {
            table.Row(
                day.Day, day.State, Change(day, of => of.Spans), Change(day, of => of.Calls), Change(day, of => of.TotalTokens),
                day.Before is null ? "–" : day.Before.CostUsd == day.After!.CostUsd ? Plain.Money(day.Before.CostUsd) : Plain.Money(day.Before.CostUsd) + " → " + Plain.Money(day.After.CostUsd),
                Change(day, of => of.UnpricedCalls), Plain.Number(day.OnlyBefore), Plain.Number(day.OnlyAfter), day.Reason ?? "");
        }

        if (job.Days.Count > 0) table.Print();
        else Screen.Line("Nothing is stored of these days.");
        if (job.Reason is { } reason) Console.Error.WriteLine("callwatch: " + Plain.Text(reason));
        else if (!job.Apply && job.Days.Any(day => day.State is "same" or "differs")) Screen.Line("Nothing was changed; --apply puts the rebuilt days in place.");
    }

    private static string Change(ApiReindexDay day, Func<ApiDayFigures, long> of) =>
        day.Before is null || day.After is null ? "–" : of(day.Before) == of(day.After) ? Plain.Number(of(day.Before)) : Plain.Number(of(day.Before)) + " → " + Plain.Number(of(day.After));
}
