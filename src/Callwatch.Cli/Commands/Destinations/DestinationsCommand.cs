using System.CommandLine;
using System.Globalization;
using Callwatch.Cli.Connecting;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands.Destinations;

/// <summary><c>callwatch destinations</c>: the platforms that traces are sent on to.</summary>
internal static class DestinationsCommand
{
    public const string Path = "api/v1/destinations";

    // As many as a page may have.
    private const string All = Path + "?limit=1000";

    public static Command Create() => new("destinations", "Send traces on to Langfuse, LangSmith, Arize, Phoenix, Opik, Weave, Aliyun, Sentry or any OTLP endpoint, and see how that goes.")
    {
        Kinds(), List(), AddCommand.Create(), ChangeCommand.Create(), Check(), Status(), Pause(), Resume(), ReplayCommand.Create(), DeadLettersCommand.Create(), Remove(),
    };

    /// <summary>The argument that says which destination.</summary>
    public static Argument<string> Which() => new("destination") { Description = "Its number or its name, as destinations list shows them" };

    /// <summary>Runs for the destination that the argument names.</summary>
    public static void Act(Command command, Argument<string> which, Func<ParseResult, ServerLink, string, CancellationToken, Task<int>> act) =>
        ServerOptions.Act(command, async (parsed, link, cancel) =>
        {
            var (id, code) = await FindAsync(link, parsed.GetRequiredValue(which), cancel);
            return id is { } found ? await act(parsed, link, string.Create(CultureInfo.InvariantCulture, $"{Path}/{found}"), cancel) : code;
        });

    private static Command Kinds()
    {
        var name = new Argument<string?>("kind") { Description = "Only this one, with its fields", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("kinds", "List the kinds of platforms and the fields each has.") { name };
        ServerOptions.Act(command, async (parsed, link, cancel) =>
        {
            using var ask = ServerLink.Get("api/v1/destination-kinds");
            var only = parsed.GetValue(name);
            return await link.ShowAsync(
                ask, ApiJson.Default.ApiListApiDestinationKind, kinds => KindTables.Show(kinds, only), cancel,
                kinds => only is null || kinds.Items.Any(kind => kind.Name == only) ? CommandLine.Fine : CommandLine.Misuse);
        });
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "List the destinations with the state of each.");
        ServerOptions.Act(command, (_, link, cancel) => link.ShowAsync(All, ApiJson.Default.ApiListApiDestination, DestinationTables.ShowAll, cancel));
        return command;
    }

    private static Command Check()
    {
        var which = Which();
        var command = new Command("check", "Ask the platform whether address, key and project are good. Exit code 1 when they are not.") { which };
        Act(command, which, (_, link, path, cancel) => CheckAsync(link, ServerLink.Post(path + "/check"), cancel));
        return command;
    }

    private static Command Status()
    {
        var which = new Argument<string?>("destination") { Description = "Its number or its name; without it all are shown", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("status", "Show how the lanes are. Exit code 1 when one is blocked or does not get through.") { which };
        ServerOptions.Act(command, async (parsed, link, cancel) =>
        {
            if (parsed.GetValue(which) is not { } text)
            {
                using var all = ServerLink.Get(All);
                return await link.ShowAsync(
                    all, ApiJson.Default.ApiListApiDestination, list => DestinationTables.ShowAll(list), cancel,
                    list => list.Items.Any(one => DestinationTables.IsInTrouble(one.Status)) ? CommandLine.Failed : CommandLine.Fine);
            }

            var (id, code) = await FindAsync(link, text, cancel);
            if (id is not { } found) return code;
            using var one = ServerLink.Get(string.Create(CultureInfo.InvariantCulture, $"{Path}/{found}/status"));
            return await link.ShowAsync(
                one, ApiJson.Default.ApiDestinationStatus, DestinationTables.Show, cancel, status => DestinationTables.IsInTrouble(status) ? CommandLine.Failed : CommandLine.Fine);
        });
        return command;
    }

    private static Command Pause()
    {
        var which = Which();
        var command = new Command("pause", "Stop sending; what comes waits. Nothing is lost as long as the journal reaches back.") { which };
        Act(command, which, (_, link, path, cancel) => ShowStatusAsync(link, ServerLink.Post(path + "/pause"), cancel));
        return command;
    }

    private static Command Resume()
    {
        var which = Which();
        var command = new Command("resume", "Send again, and at once what waits for its next attempt.") { which };
        Act(command, which, (_, link, path, cancel) => ShowStatusAsync(link, ServerLink.Post(path + "/resume"), cancel));
        return command;
    }

    private static Command Remove()
    {
        var which = Which();
        var command = new Command("remove", "Remove a destination with its secrets, its place and its dead letters. What it has sent stays at the platform.") { which };
        Act(command, which, async (parsed, link, path, cancel) =>
        {
            using var response = await link.Http.DeleteAsync(new Uri(path, UriKind.Relative), cancel);
            if (!response.IsSuccessStatusCode) return await link.RefusedAsync(response, null, cancel);
            if (!link.Json) Screen.Line($"{Plain.Text(parsed.GetRequiredValue(which))} is removed.");
            return CommandLine.Fine;
        });
        return command;
    }

    /// <summary>Exit code 1 when the platform is not content.</summary>
    public static async Task<int> CheckAsync(ServerLink link, HttpRequestMessage ask, CancellationToken cancel)
    {
        using (ask) return await link.ShowAsync(ask, ApiJson.Default.ApiDestinationCheck, DestinationTables.Show, cancel, check => check.Ok ? CommandLine.Fine : CommandLine.Failed);
    }

    private static async Task<int> ShowStatusAsync(ServerLink link, HttpRequestMessage ask, CancellationToken cancel)
    {
        using (ask) return await link.ShowAsync(ask, ApiJson.Default.ApiDestinationStatus, DestinationTables.Show, cancel);
    }

    // A number names itself; of a name the list knows the number, where it has but one.
    private static async Task<(int? Id, int Code)> FindAsync(ServerLink link, string text, CancellationToken cancel)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id)) return (id, CommandLine.Fine);
        List<int> named = [];
        string? cursor = null;
        do
        {
            switch (await link.Api.DestinationsAsync(new ApiQuery { Limit = 1000, Cursor = cursor }, cancel))
            {
                case ApiAnswer<ApiList<ApiDestination>>.Refused refused:
                    return (null, Refusal.Tell(refused.Problem));
                case ApiAnswer<ApiList<ApiDestination>>.Found { Value: var page }:
                    named.AddRange(page.Items.Where(one => one.Name == text).Select(one => one.Id));
                    cursor = page.Next;
                    break;
            }
        }
        while (cursor is not null);
        if (named is [var only]) return (only, CommandLine.Fine);
        await Console.Error.WriteLineAsync(
            named.Count == 0 ? $"callwatch: no destination is named '{Plain.Text(text)}'. See: callwatch destinations list"
            : $"callwatch: {named.Count} destinations are named '{Plain.Text(text)}'; say which by its number: {string.Join(", ", named)}.");
        return (null, named.Count == 0 ? CommandLine.Failed : CommandLine.Misuse);
    }
}
