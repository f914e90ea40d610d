using System.CommandLine;
using System.Text.Json;
using Callwatch.Cli.Connecting;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Control.Secrets;
using Callwatch.Server.Endpoints;
using Callwatch.Server.Hosting;
using Microsoft.Data.Sqlite;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch secrets</c>: the keys that secrets of destinations are sealed with, through the server or, with <c>--data</c>, in its folder.</summary>
internal static class SecretsCommand
{
    public static Command Create() => new("secrets", "Show and change the keys that secrets are sealed with.") { Show(), Rotate() };

    private static Command Show()
    {
        var command = new Command("show", "Say where the master key comes from and what it opens. No secret is shown.");
        Act(
            command,
            (_, desk, json) => Print(desk.State(null).ToApi(), json),
            async (_, link, cancel) =>
            {
                using var ask = ServerLink.Get("api/v1/secrets");
                return await link.ShowAsync(ask, ApiJson.Default.ApiSecrets, state => Print(state, json: false), cancel, CodeOf);
            });
        return command;
    }

    private static Command Rotate()
    {
        var all = new Option<bool>("--all") { Description = "New data keys for every tenant, not only one's own" };
        var master = new Option<bool>("--master") { Description = "Another master key: a new master.key, or what Callwatch:Secrets' file or command gives by now" };
        var command = new Command("rotate", "Seal all secrets with a new data key. Lanes go on meanwhile.") { all, master };
        Act(
            command,
            (parsed, desk, json) =>
            {
                // A folder is its owner's as a whole.
                var what = parsed.GetValue(master) ? "master" : "all";
                switch (desk.Rotate(what, Tenants.DefaultId, "the command line, on the data folder"))
                {
                    case RotationAnswer.Done done:
                        return Print(done.ToApi(what), json);
                    case RotationAnswer.Refused refused:
                        Console.Error.WriteLine("callwatch: " + refused.Message);
                        return CommandLine.Failed;
                    default:
                        throw new System.Diagnostics.UnreachableException();
                }
            },
            async (parsed, link, cancel) =>
            {
                var wish = new ApiRotationWish { What = parsed.GetValue(master) ? "master" : parsed.GetValue(all) ? "all" : "tenant" };
                using var request = ServerLink.Post("api/v1/secrets/rotate", wish, ApiJson.Default.ApiRotationWish);
                using var response = await link.Http.SendAsync(request, cancel);
                if (link.Json || !response.IsSuccessStatusCode) return await link.RefusedAsync(response, null, cancel);
                return Print((await JsonSerializer.DeserializeAsync(await response.Content.ReadAsStreamAsync(cancel), ApiJson.Default.ApiRotation, cancel))!, json: false);
            });
        return command;
    }

    private static void Act(Command command, Func<ParseResult, SecretsDesk, bool, int> offline, Func<ParseResult, ServerLink, CancellationToken, Task<int>> online)
    {
        var data = new Option<string?>("--data") { Description = "Work in this data folder instead of asking a server; a running one goes on with it. The master key comes from the same settings as a server's", HelpName = "DIR" };
        command.Options.Add(data);
        ServerOptions.Act(command, online, without: (parsed, json) => parsed.GetValue(data) is { } folder ? With(folder, desk => offline(parsed, desk, json)) : null);
    }

    private static int With(string folder, Func<SecretsDesk, int> act)
    {
        var file = new CallwatchOptions { Data = folder }.ControlFile;
        if (!File.Exists(file))
        {
            Console.Error.WriteLine($"callwatch: {Path.GetFullPath(folder)} is no data folder: a server's first start makes one (callwatch serve --data DIR).");
            return CommandLine.Misuse;
        }

        try
        {
            using var db = new ControlDb(file);
            return act(SecretsDesk.Open(Settings(), Path.GetFullPath(folder), db, TimeProvider.System));
        }
        catch (StartRefusedException e)
        {
            Console.Error.WriteLine("callwatch: " + e.Refusal.Line);
            return CommandLine.Misuse;
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"callwatch: cannot use {file}: {e.Message.ReplaceLineEndings(" ")}");
            return CommandLine.Failed;
        }
    }

    /// <summary>As a server started here would have them.</summary>
    public static SecretsOptions Settings()
    {
        var settings = new ConfigurationBuilder();
        settings.AddCallwatchSettings([]);
        return settings.Build().GetSection(SecretsOptions.Section).Get<SecretsOptions>() ?? new SecretsOptions();
    }

    private static int Print(ApiSecrets state, bool json)
    {
        if (json) Console.WriteLine(JsonSerializer.Serialize(state, ApiJson.Default.ApiSecrets));
        else Screen.Line($"Master key {state.MasterKeyId ?? "missing"} from {state.Source}; destinations with secrets: {state.Sealed}, of them not to be opened: {state.Locked}.{(state.Problem is { } problem ? " " + problem : "")}");
        return CodeOf(state);
    }

    private static int CodeOf(ApiSecrets state) => state.Locked > 0 || state.Problem is not null ? CommandLine.Failed : CommandLine.Fine;

    private static int Print(ApiRotation done, bool json)
    {
        if (json) Console.WriteLine(JsonSerializer.Serialize(done, ApiJson.Default.ApiRotation));
        else if (done.What == "master") Screen.Line($"The master key is {done.MasterKeyId} now; data keys sealed with it: {done.DataKeys}. Keep a copy of it: no backup holds it.");
        else Screen.Line($"New data keys: {done.DataKeys}; destinations sealed anew: {done.Secrets}.");
        if (done.Locked > 0) Console.Error.WriteLine($"callwatch: {done.Locked} destinations stay as they were: their secrets do not open with this master key.");
        return CommandLine.Fine;
    }
}
