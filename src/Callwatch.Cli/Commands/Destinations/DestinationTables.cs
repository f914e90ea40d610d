using System.Globalization;
using Callwatch.Cli.Connecting;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands.Destinations;

/// <summary>Destinations and their lanes for people.</summary>
internal static class DestinationTables
{
    public static bool IsInTrouble(ApiDestinationStatus status) => status.State is "blocked" or "retrying";

    public static string Apps(ApiDestination destination) =>
        destination.Apps is ["*"] ? "all apps" : destination.Apps.Count == 0 ? "no app" : "the apps " + Plain.Cut(string.Join(", ", destination.Apps), 60);

    public static int ShowAll(ApiList<ApiDestination> list)
    {
        if (list.Items.Count == 0)
        {
            Screen.Line("Traces are sent nowhere yet. See: callwatch destinations kinds; callwatch destinations add --help");
            return CommandLine.Fine;
        }

        var table = new Table(">Id", "Name", "Kind", "Apps", "State", ">Backlog", ">Oldest", ">Sent", ">Dead letters", "Last delivery", "Trouble") { Dispensable = ["Sent", "Apps", "Oldest", "Last delivery"] };
        foreach (var one in list.Items)
        {
            var status = one.Status;
            table.Row(
                status.State switch { "blocked" => Tone.Failed, "retrying" => Tone.Stopped, _ => Tone.Plain },
                one.Id.ToString(CultureInfo.InvariantCulture), Plain.Cut(one.Name, 30), one.Kind, one.Apps is ["*"] ? "all" : Plain.Cut(string.Join(", ", one.Apps), 30), StateOf(one),
                Plain.Number(status.Backlog), Age(status.OldestAgeS), Plain.Number(status.Sent), Plain.Number(status.DeadLetters), Plain.DateAndTime(status.LastDelivery),
                IsInTrouble(status) && status.LastError is { } error ? Plain.Cut(error.Message ?? error.Advice, 80) : "");
        }

        table.Print();
        return CommandLine.Fine;
    }

    public static void Show(ApiDestinationStatus status)
    {
        var table = new Table("", "");
        table.Row("state", status.State);
        table.Row("backlog", Plain.Number(status.Backlog) + (status.OldestAgeS > 0 ? $", the oldest waits {Age(status.OldestAgeS)}" : ""));
        table.Row("sent", $"{Plain.Number(status.Sent)}; sent again {Plain.Number(status.Retried)}, refused {Plain.Number(status.Refused)}, expired {Plain.Number(status.Expired)}");
        if (status.DeadLetters is { } letters) table.Row("dead letters", Plain.Number(letters));
        table.Row("last delivery", Plain.DateAndTime(status.LastDelivery));
        if (status.NextAttempt is { } next) table.Row("next attempt", Plain.DateAndTime(next));
        table.Print();
        if (status.LastError is not { } error) return;
        Screen.Line($"{Plain.DateAndTime(error.Time)}  {(error.Status is { } code ? code.ToString(CultureInfo.InvariantCulture) + " " : "")}{Plain.Text(error.Message)}");
        Screen.Line(Plain.Text(error.Advice));
    }

    public static void Show(ApiDestinationCheck check)
    {
        Screen.Line($"{(check.Ok ? "good" : "NOT GOOD")}  {Plain.Text(check.Detail)}{(check.LatencyMs is { } latency ? $" ({Plain.Milliseconds(latency)})" : "")}");
        if (check.ProjectUrl is { } url) Screen.Line(Plain.Text(url));
    }

    private static string StateOf(ApiDestination one) => one.Enabled ? one.Status.State : "off";

    private static string Age(double seconds) => seconds switch
    {
        <= 0 => "–",
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s"),
        < 7200 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} min"),
        < 172_800 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 86_400:0} d"),
    };
}

/// <summary>Kinds for people, and their fields for commands.</summary>
internal static class KindTables
{
    public static int Show(ApiList<ApiDestinationKind> kinds, string? only)
    {
        var shown = kinds.Items.Where(kind => only is null || kind.Name == only).ToList();
        if (shown.Count == 0) return Unknown(only!, kinds);
        foreach (var kind in shown)
        {
            Screen.Line($"{kind.Name}  {kind.Title}");
            var table = new Table("  Field", "", "Default", "What it is");
            foreach (var field in kind.Fields)
                table.Row("  " + field.Name, field.Required ? "required" : "", field.Default?.ToString() ?? "", (field.Secret ? "Secret. " : "") + field.Help + (field.Choices.Count > 0 ? $" One of: {string.Join(", ", field.Choices)}." : ""));
            table.Print();
            Screen.Line();
        }

        return CommandLine.Fine;
    }

    /// <summary>The fields of a kind; null with the exit code when the server knows none of this name.</summary>
    public static async Task<(IReadOnlyList<ApiDestinationField>? Fields, int Code)> FieldsAsync(ServerLink link, string kind, CancellationToken cancel) =>
        await link.Api.DestinationKindsAsync(cancel) switch
        {
            ApiAnswer<ApiList<ApiDestinationKind>>.Found { Value: var kinds } =>
                kinds.Items.FirstOrDefault(one => one.Name == kind) is { } found ? (found.Fields, CommandLine.Fine) : (null, Unknown(kind, kinds)),
            ApiAnswer<ApiList<ApiDestinationKind>>.Refused refused => (null, Refusal.Tell(refused.Problem)),
            _ => (null, CommandLine.Failed),
        };

    public static async Task<int> MisuseAsync(string why)
    {
        await Console.Error.WriteLineAsync("callwatch: " + Plain.Text(why));
        return CommandLine.Misuse;
    }

    private static int Unknown(string kind, ApiList<ApiDestinationKind> kinds)
    {
        Console.Error.WriteLine($"callwatch: there is no kind '{Plain.Text(kind)}'. The kinds are: {string.Join(", ", kinds.Items.Select(one => one.Name))}.");
        return CommandLine.Misuse;
    }
}
