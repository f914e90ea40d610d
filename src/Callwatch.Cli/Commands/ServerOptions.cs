using System.CommandLine;
using Callwatch.Cli.Connecting;

namespace Callwatch.Cli.Commands;

/// <summary>What every command that asks a server takes.</summary>
internal sealed class ServerOptions
{
    private readonly Option<string?> server = new("--server") { Description = "Address of the server. Default: CALLWATCH_URL, else " + ServerLink.DefaultAddress, HelpName = "URL" };
    private readonly Option<string?> key = new("--key") { Description = "Key. Default: CALLWATCH_KEY, else the admin key of a server on this machine", HelpName = "KEY" };
    private readonly Option<bool> json = new("--json") { Description = "Print what the API returns" };

    /// <summary>Adds the options and the action; the link is opened before and closed after it.</summary>
    /// <param name="without">Does the work without a server where the command line says so; else null. Told whether JSON is wanted.</param>
    public static void Act(
        Command command, Func<ParseResult, ServerLink, CancellationToken, Task<int>> act, Func<ParseResult, bool, int?>? without = null) =>
        Act(command, act, (parsed, json, _) => Task.FromResult(without?.Invoke(parsed, json)));

    /// <param name="without">As above, for work that takes a while.</param>
    public static void Act(
        Command command, Func<ParseResult, ServerLink, CancellationToken, Task<int>> act, Func<ParseResult, bool, CancellationToken, Task<int?>> without)
    {
        var options = new ServerOptions();
        command.Options.Add(options.server);
        command.Options.Add(options.key);
        command.Options.Add(options.json);
        command.SetAction(async (parsed, cancel) =>
        {
            if (await without(parsed, parsed.GetValue(options.json), cancel) is { } done) return done;
            using var link = options.Open(parsed);
            return link is null ? CommandLine.Misuse : await link.RunAsync(() => act(parsed, link, cancel), cancel);
        });
    }

    private ServerLink? Open(ParseResult parsed)
    {
        var link = ServerLink.Open(parsed.GetValue(server), parsed.GetValue(key), parsed.GetValue(json), out var address);
        if (link is null) Console.Error.WriteLine($"callwatch: '{address}' is no address. Write http://HOST:PORT (--server, CALLWATCH_URL).");
        return link;
    }
}
