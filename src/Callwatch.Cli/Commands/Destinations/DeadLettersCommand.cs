using System.CommandLine;
using System.Globalization;
using Callwatch.Cli.Connecting;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands.Destinations;

/// <summary><c>callwatch destinations dead-letters</c>: what a platform has refused for good.</summary>
internal static class DeadLettersCommand
{
    public static Command Create()
    {
        var which = DestinationsCommand.Which();
        var retry = new Option<bool>("--retry") { Description = "Send them again, once the cause is mended" };
        var discard = new Option<bool>("--discard") { Description = "Throw them away" };
        var letter = new Option<long[]>("--letter") { Description = "Those to retry or discard, by number; may repeat", HelpName = "NUMBER" };
        var all = new Option<bool>("--all") { Description = "All of them" };
        var status = new Option<int?>("--status") { Description = "All that were refused with this HTTP status", HelpName = "STATUS" };
        var from = new Option<string?>("--from") { Description = "All that were refused from this moment on", HelpName = "TIME" };
        var to = new Option<string?>("--to") { Description = "All that were refused before this moment", HelpName = "TIME" };
        var limit = new Option<int>("--limit") { Description = "Most to list, 1 to 1000", HelpName = "NUMBER", DefaultValueFactory = _ => 100 };
        var command = new Command("dead-letters", "List what the platform has refused for good; retry or discard it.") { which, retry, discard, letter, all, status, from, to, limit };
        command.Validators.Add(result =>
        {
            var acts = result.GetValue(retry) || result.GetValue(discard);
            var byNumber = result.GetValue(letter) is { Length: > 0 };
            var byOther = result.GetValue(all) || result.GetValue(status) is not null || result.GetValue(from) is not null || result.GetValue(to) is not null;
            if (result.GetValue(retry) && result.GetValue(discard)) result.AddError("Give either --retry or --discard.");
            else if (acts && byNumber == byOther) result.AddError("Say which: --letter NUMBER, or --all, or those of --status, --from and --to.");
            else if (!acts && (byNumber || byOther)) result.AddError("Say what to do with them: --retry or --discard.");
        });
        DestinationsCommand.Act(command, which, async (parsed, link, path, cancel) =>
        {
            if (!parsed.GetValue(retry) && !parsed.GetValue(discard))
                return await link.ShowAsync(string.Create(CultureInfo.InvariantCulture, $"{path}/dead-letters?limit={parsed.GetValue(limit)}"), ApiJson.Default.ApiListApiDeadLetter, ShowAll, cancel);
            var ids = parsed.GetValue(letter) is { Length: > 0 } numbers ? numbers : null;
            var choice = new ApiLetterChoice { Ids = ids, All = ids is null ? true : null, Status = parsed.GetValue(status), From = parsed.GetValue(from), To = parsed.GetValue(to) };
            var again = parsed.GetValue(retry);
            using var ask = ServerLink.Post(path + "/dead-letters/" + (again ? "retry" : "discard"), choice, ApiJson.Default.ApiLetterChoice);
            return await link.ShowAsync(ask, ApiJson.Default.ApiLetterCount, count => Screen.Line($"{Plain.Number(count.Count)} dead letters {(again ? "are sent again" : "are thrown away")}."), cancel);
        });
        return command;
    }

    private static int ShowAll(ApiList<ApiDeadLetter> letters)
    {
        var table = new Table(">Letter", "Refused", ">Status", ">Attempts", "Trace", ">Spans", "Message") { Dispensable = ["Attempts", "Spans"] };
        foreach (var letter in letters.Items)
        {
            table.Row(
                letter.Id.ToString(CultureInfo.InvariantCulture), Plain.DateAndTime(letter.Time), letter.Status?.ToString(CultureInfo.InvariantCulture) ?? "–",
                Plain.Number(letter.Attempts), letter.TraceId ?? "–", Plain.Number(letter.SpanIds.Count), Plain.Cut(letter.Message, 120));
        }

        if (letters.Items.Count > 0) table.Print();
        else Screen.Line("The platform has refused nothing, or nothing of it is kept.");
        if (letters.Next is not null) Screen.Line("There are more; --limit shows up to 1000.");
        return CommandLine.Fine;
    }
}
