using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Callwatch.Cli.Connecting;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands.Costs;

/// <summary><c>callwatch costs reconcile</c>: a provider's export beside what is here.</summary>
internal static class ReconcileCommand
{
    private const string Path = "api/v1/reconcile";

    public static Command Create()
    {
        var file = new Option<FileInfo>("--file") { Description = "Import this export of a provider (OpenAI, Anthropic; CSV as it was downloaded) and compare it", HelpName = "FILE" };
        file.AcceptExistingOnly();
        var name = new Option<string?>("--name") { Description = "What to call the import. Default: the name of the file", HelpName = "NAME" };
        var import = new Option<long?>("--import") { Description = "Compare one that was imported before, by its number", HelpName = "ID" };
        var once = new Option<bool>("--once") { Description = "Delete the import after comparing" };
        var all = new Option<bool>("--all") { Description = "Show the days that agree, too" };
        var command = new Command("reconcile", "Hold a provider's export against the calls that are here, by UTC day and model. Without --file and --import: list the imports. Exit code 1 when a difference is not explained.") { file, name, import, once, all };
        command.Validators.Add(result =>
        {
            var (hasFile, hasImport) = (result.GetResult(file) is not null, result.GetResult(import) is not null);
            if (hasFile && hasImport) result.AddError("--file and --import cannot stand beside each other.");
            else if (!hasFile && result.GetResult(name) is not null) result.AddError("--name needs --file.");
            else if (!hasFile && !hasImport && result.GetResult(once) is { Implicit: false }) result.AddError("--once needs --file or --import.");
        });
        ServerOptions.Act(command, async (parsed, link, cancel) =>
        {
            var wanted = parsed.GetValue(import);
            if (parsed.GetValue(file) is { } given)
            {
                (wanted, var code) = await ImportAsync(link, given, parsed.GetValue(name) ?? given.Name, cancel);
                if (wanted is null) return code;
            }

            if (wanted is not { } id) return await link.ShowAsync(Path, ApiJson.Default.ApiListApiReconcileImport, ShowAll, cancel);
            var (shown, show) = (string.Create(CultureInfo.InvariantCulture, $"{Path}/{id}"), parsed.GetValue(all));
            using var ask = ServerLink.Get(shown);
            var ended = await link.ShowAsync(ask, ApiJson.Default.ApiReconciliation, answer => Show(answer, show), cancel, answer => answer.Items.Any(IsUnexplained) ? CommandLine.Failed : CommandLine.Fine);
            if (!parsed.GetValue(once)) return ended;
            using var gone = await link.Http.DeleteAsync(new Uri(shown, UriKind.Relative), cancel);
            return gone.IsSuccessStatusCode ? ended : await link.RefusedAsync(gone, null, cancel);
        });
        return command;
    }

    private static async Task<(long? Id, int Code)> ImportAsync(ServerLink link, FileInfo file, string name, CancellationToken cancel)
    {
        FileStream bytes;
        try
        {
            bytes = file.OpenRead();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"callwatch: cannot read {file.FullName}: {e.Message.ReplaceLineEndings(" ")}");
            return (null, CommandLine.Misuse);
        }

        await using (bytes)
        {
            using var content = new StreamContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("text/csv") } };
            using var response = await link.Http.PostAsync(new Uri($"{Path}?name={Uri.EscapeDataString(name)}", UriKind.Relative), content, cancel);
            if (!response.IsSuccessStatusCode) return (null, await link.RefusedAsync(response, null, cancel));
            var made = JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(cancel), ApiJson.Default.ApiReconcileImport) ?? throw new JsonException();
            return (made.Id, CommandLine.Fine);
        }
    }

    private static int ShowAll(ApiList<ApiReconcileImport> list)
    {
        if (list.Items.Count == 0) Screen.Line("Nothing has been imported. callwatch costs reconcile --file EXPORT.csv compares a provider's export.");
        var table = new Table(">Id", "Name", "Provider", "Kind", "From", "To", ">Lines", "Imported");
        foreach (var one in list.Items) table.Row(one.Id.ToString(CultureInfo.InvariantCulture), Plain.Cut(one.Name, 40), one.Provider, one.Kind, one.FirstDay, one.LastDay, Plain.Number(one.Lines), Plain.DateAndTime(one.Time));
        if (list.Items.Count > 0) table.Print();
        return CommandLine.Fine;
    }

    private static void Show(ApiReconciliation answer, bool all)
    {
        var (import, total) = (answer.Import, answer.Total);
        Screen.Line(Plain.Text($"{import.Name}: {import.Provider}, {import.Kind}, {import.FirstDay} to {import.LastDay}, import {import.Id.ToString(CultureInfo.InvariantCulture)}"));
        var byMoney = total.TheirUsd is not null;
        var lines = answer.Items.Where(line => all || line.Reasons is not [{ Code: "agrees" }]).ToList();
        var table = new Table("Day", "Model", ">Theirs", ">Ours", ">Difference", "Why");
        foreach (var line in lines)
        {
            var (theirs, ours) = (Amount(line.Theirs, byMoney), Amount(line.Ours, byMoney));
            table.Row(line.Day, Plain.Cut(line.Model.Length > 0 ? line.Model : "all", 40), Written(theirs, byMoney), Written(ours, byMoney), Written((theirs ?? 0) - (ours ?? 0), byMoney), string.Join(", ", line.Reasons.Select(Why)));
        }

        if (lines.Count > 0) table.Print();
        Screen.Line($"{Plain.Number(answer.Items.Count - answer.Items.Count(line => line.Reasons is not [{ Code: "agrees" }]))} of {Plain.Number(answer.Items.Count)} days and models agree.");
        Screen.Line(byMoney
            ? $"In all {Plain.Money(total.TheirUsd)} there and {Plain.Money(total.OurUsd)} here."
            : $"In all {Plain.Number(total.TheirInputTokens)} tokens in and {Plain.Number(total.TheirOutputTokens)} out there, {Plain.Number(total.OurInputTokens)} and {Plain.Number(total.OurOutputTokens)} here.");
    }

    private static bool IsUnexplained(ApiReconcileLine line) => line.Reasons.Any(reason => reason.Code is "unexplained" or "prices");

    // In dollars where the export has them, else in tokens.
    private static decimal? Amount(ApiReconcileSide? side, bool byMoney) => side is null ? null : byMoney ? side.Usd : side.InputTokens is null && side.OutputTokens is null ? side.Calls : (side.InputTokens ?? 0) + (side.OutputTokens ?? 0);

    private static string Written(decimal? amount, bool byMoney) => amount is not { } value ? "–" : byMoney ? (value < 0 ? "−" : "") + Plain.Money(Math.Abs(value)) : Plain.Number((long)value);

    private static string Why(ApiReconcileReason reason) => reason.Code switch
    {
        "sampled" => $"sampled: {Plain.Percent(reason.Share)} is here",
        "before_first" => "before anything was sent here",
        "other_keys" => "other keys, apps or tenants",
        "not_in_export" => "not in the export",
        "utc_days" => "calls around midnight UTC",
        "prices" => "other prices: discounts, batch, taxes",
        "credits" => "credits and corrections",
        "unexplained" => "not explained",
        "unpriced" => $"{Plain.Number(reason.Calls)} calls without a price",
        "missing_usage" => $"{Plain.Number(reason.Calls)} calls without token counts",
        "without_call" => $"{Plain.Number(reason.Calls)} requests without a call",
        "failed" => $"{Plain.Number(reason.Calls)} failed calls",
        var code => Plain.Text(code),
    };
}
