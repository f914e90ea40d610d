using System.CommandLine;
using System.Globalization;
using Callwatch.Cli.Connecting;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands.Destinations;

/// <summary><c>callwatch destinations add</c>.</summary>
internal static class AddCommand
{
    public static Command Create()
    {
        var kind = new Option<string>("--kind") { Description = "Which platform, as destinations kinds lists them", HelpName = "KIND", Required = true };
        var name = new Option<string?>("--name") { Description = "What it is called here. Default: the kind", HelpName = "NAME" };
        var start = new Option<string?>("--start") { Description = "now (the default), beginning (all that the journal holds), or a time of receipt", HelpName = "now|beginning|TIME" };
        var check = new Option<bool>("--check") { Description = "Ask the platform first, and add nothing when it is not content" };
        var command = new Command("add", "Add a destination. Traces that settle from now on go there.") { kind, name, start, check };
        var config = new ConfigOptions(command);
        var options = new WishOptions(command);
        ServerOptions.Act(command, async (parsed, link, cancel) =>
        {
            var wanted = parsed.GetRequiredValue(kind);
            var (fields, refused) = await KindTables.FieldsAsync(link, wanted, cancel);
            if (fields is null) return refused;
            var (values, objection) = await config.ReadAsync(parsed, fields, cancel);
            if (objection is not null) return await KindTables.MisuseAsync(objection);
            var wish = options.Read(parsed, values ?? []) with { Kind = wanted, Name = parsed.GetValue(name) ?? wanted, Start = parsed.GetValue(start) };
            if (parsed.GetValue(check) && await IsRefusedAsync(link, wish, cancel) is { } code) return code;
            using var ask = ServerLink.Post(DestinationsCommand.Path, wish, ApiJson.Default.ApiDestinationWish);
            return await link.ShowAsync(ask, ApiJson.Default.ApiDestination, Show, cancel);
        });
        return command;
    }

    // Of a check that ends well nothing is said on standard output: there stands what was added, and nothing else.
    private static async Task<int?> IsRefusedAsync(ServerLink link, ApiDestinationWish wish, CancellationToken cancel)
    {
        using var ask = ServerLink.Post(DestinationsCommand.Path + "/check", wish, ApiJson.Default.ApiDestinationWish);
        switch (await link.Api.SendAsync(ask, ApiJson.Default.ApiDestinationCheck, cancel))
        {
            case ApiAnswer<ApiDestinationCheck>.Refused refused:
                return Refusal.Tell(refused.Problem);
            case ApiAnswer<ApiDestinationCheck>.Found { Value: { Ok: false } found }:
                await Console.Error.WriteLineAsync($"callwatch: the platform is not content, and nothing was added: {Plain.Text(found.Detail)}");
                return CommandLine.Failed;
            default:
                return null;
        }
    }

    private static void Show(ApiDestination added)
    {
        Screen.Line(string.Create(CultureInfo.InvariantCulture, $"Destination {added.Id}, {Plain.Text(added.Name)} ({added.Kind}), is added for {DestinationTables.Apps(added)}."));
        foreach (var warning in added.Warnings) Screen.Line("Note: " + Plain.Text(warning));
        Screen.Line(string.Create(CultureInfo.InvariantCulture, $"Ask the platform:   callwatch destinations check {added.Id}"));
        Screen.Line(string.Create(CultureInfo.InvariantCulture, $"See how it goes:    callwatch destinations status {added.Id}"));
    }
}

/// <summary><c>callwatch destinations change</c>.</summary>
internal static class ChangeCommand
{
    public static Command Create()
    {
        var which = DestinationsCommand.Which();
        var name = new Option<string?>("--name") { Description = "What it is called here", HelpName = "NAME" };
        var command = new Command("change", "Change a destination. What is not given keeps its value.") { which, name };
        var config = new ConfigOptions(command);
        var options = new WishOptions(command);
        DestinationsCommand.Act(command, which, async (parsed, link, path, cancel) =>
        {
            var found = await link.Api.GetAsync(path, ApiJson.Default.ApiDestination, cancel);
            if (found is ApiAnswer<ApiDestination>.Refused missing) return Refusal.Tell(missing.Problem);
            var (fields, refused) = await KindTables.FieldsAsync(link, ((ApiAnswer<ApiDestination>.Found)found).Value.Kind, cancel);
            if (fields is null) return refused;
            var (values, objection) = await config.ReadAsync(parsed, fields, cancel);
            if (objection is not null) return await KindTables.MisuseAsync(objection);
            using var ask = ServerLink.Put(path, options.Read(parsed, values) with { Name = parsed.GetValue(name) }, ApiJson.Default.ApiDestinationWish);
            return await link.ShowAsync(ask, ApiJson.Default.ApiDestination, Show, cancel);
        });
        return command;
    }

    private static void Show(ApiDestination changed)
    {
        Screen.Line(string.Create(CultureInfo.InvariantCulture, $"Destination {changed.Id}, {Plain.Text(changed.Name)} ({changed.Kind}), is changed."));
        foreach (var warning in changed.Warnings) Screen.Line("Note: " + Plain.Text(warning));
    }
}
