using System.CommandLine;
using System.Globalization;
using Callwatch.Cli.Connecting;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands.Destinations;

/// <summary><c>callwatch destinations replay</c>: sends again what was received in a range.</summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        var which = DestinationsCommand.Which();
        var from = new Option<string?>("--from") { Description = "First moment of receipt (RFC 3339 or a date)", HelpName = "TIME" };
        var to = new Option<string?>("--to") { Description = "End of the range, not within. Default: now", HelpName = "TIME" };
        var confirm = new Option<bool>("--confirm-duplicates") { Description = "The platform may show twice what it already has" };
        var list = new Option<bool>("--list") { Description = "List the replays of the destination instead" };
        var end = new Option<int?>("--end") { Description = "End this replay instead, by its number", HelpName = "NUMBER" };
        var command = new Command("replay", "Send again what was received in a range. What comes meanwhile goes on being sent.") { which, from, to, confirm, list, end };
        command.Validators.Add(result =>
        {
            var ways = (result.GetValue(from) is null ? 0 : 1) + (result.GetValue(list) ? 1 : 0) + (result.GetValue(end) is null ? 0 : 1);
            if (ways != 1) result.AddError("Give one of --from TIME, --list and --end NUMBER.");
        });
        DestinationsCommand.Act(command, which, async (parsed, link, path, cancel) =>
        {
            if (parsed.GetValue(list)) return await link.ShowAsync(path + "/replays", ApiJson.Default.ApiListApiReplay, ShowAll, cancel);
            if (parsed.GetValue(end) is { } number) return await EndAsync(link, path, number, cancel);
            var wish = new ApiReplayWish { From = parsed.GetValue(from), To = parsed.GetValue(to), ConfirmDuplicates = parsed.GetValue(confirm) };
            using var ask = ServerLink.Post(path + "/replay", wish, ApiJson.Default.ApiReplayWish);
            return await link.ShowAsync(ask, ApiJson.Default.ApiReplay, Show, cancel);
        });
        return command;
    }

    private static async Task<int> EndAsync(ServerLink link, string path, int number, CancellationToken cancel)
    {
        using var response = await link.Http.DeleteAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"{path}/replays/{number}"), UriKind.Relative), cancel);
        if (!response.IsSuccessStatusCode) return await link.RefusedAsync(response, null, cancel);
        if (!link.Json) Screen.Line(string.Create(CultureInfo.InvariantCulture, $"Replay {number} has ended."));
        return CommandLine.Fine;
    }

    private static void Show(ApiReplay replay) => Screen.Line(string.Create(
        CultureInfo.InvariantCulture, $"Replay {replay.Id} sends what was received from {Plain.DateAndTime(replay.From)} to {Plain.DateAndTime(replay.To)} UTC. How far it is: destinations replay ... --list"));

    private static int ShowAll(ApiList<ApiReplay> replays)
    {
        var table = new Table(">Replay", "State", "From", "To", ">Left", ">Sent", ">Refused", ">Expired", "Begun", "Ended") { Dispensable = ["Ended", "Begun", "Expired"] };
        foreach (var replay in replays.Items)
        {
            table.Row(
                replay.Id.ToString(CultureInfo.InvariantCulture), replay.State, Plain.DateAndTime(replay.From), Plain.DateAndTime(replay.To), Plain.Number(replay.Until - replay.Position),
                Plain.Number(replay.Sent), Plain.Number(replay.Refused), Plain.Number(replay.Expired), Plain.DateAndTime(replay.CreatedAt), Plain.DateAndTime(replay.EndedAt));
        }

        if (replays.Items.Count > 0) table.Print();
        else Screen.Line("Nothing was ever sent there again.");
        return CommandLine.Fine;
    }
}
