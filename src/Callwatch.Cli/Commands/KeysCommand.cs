using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Callwatch.Cli.Connecting;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;
using Callwatch.Control;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch keys</c>: makes, lists and revokes keys, through the server or, with <c>--data</c>, in its folder.</summary>
internal static class KeysCommand
{
    public static Command Create() => new("keys", "Make, list and revoke keys.") { CreateKey(), List(), Revoke() };

    private static Command CreateKey()
    {
        var app = new Option<string?>("--app") { Description = "The app it is for, made if missing: needed for ingest, possible for read", HelpName = "NAME" };
        var scope = new Option<string[]>("--scope") { Description = "ingest, read, ingest-any, admin or operator; may repeat", HelpName = "SCOPE", Required = true };
        var label = new Option<string?>("--label") { Description = "What it is for", HelpName = "TEXT" };
        var command = new Command("create", "Make a key. Its secret is shown once.") { app, scope, label };
        Act(
            command,
            (parsed, folder) =>
            {
                var wish = new KeyWish(parsed.GetValue(app), parsed.GetRequiredValue(scope), parsed.GetValue(label));
                return folder.Create(wish);
            },
            (parsed, link, cancel) =>
            {
                var wish = new ApiKeyWish { App = parsed.GetValue(app), Scopes = parsed.GetRequiredValue(scope), Label = parsed.GetValue(label) };
                return CreateAsync(link, wish, cancel);
            });
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "List the keys, without their secrets.");
        Act(
            command,
            (_, folder) => folder.List(),
            (_, link, cancel) => link.ShowAsync("api/v1/keys", ApiJson.Default.ApiListApiAccessKey, KeyTable.Show, cancel));
        return command;
    }

    private static Command Revoke()
    {
        var id = new Argument<int>("id") { Description = "Number of the key, as keys list shows it" };
        var command = new Command("revoke", "Make a key useless, at once and for good.") { id };
        Act(
            command,
            (parsed, folder) => folder.Revoke(parsed.GetValue(id)),
            (parsed, link, cancel) => RevokeAsync(link, parsed.GetValue(id), cancel));
        return command;
    }

    /// <summary>With <c>--data</c> in the folder, else through the server.</summary>
    private static void Act(Command command, Func<ParseResult, KeyFolder, int> offline, Func<ParseResult, ServerLink, CancellationToken, Task<int>> online)
    {
        var data = new Option<string?>("--data") { Description = "Work in this data folder instead of asking a server; it sees the change at once", HelpName = "DIR" };
        command.Options.Add(data);
        ServerOptions.Act(command, online, without: (parsed, json) => parsed.GetValue(data) is { } folder ? KeyFolder.With(folder, json, keys => offline(parsed, keys)) : null);
    }

    private static async Task<int> CreateAsync(ServerLink link, ApiKeyWish wish, CancellationToken cancel)
    {
        using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(wish, ApiJson.Default.ApiKeyWish)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        using var response = await link.Http.PostAsync(new Uri("api/v1/keys", UriKind.Relative), content, cancel);
        if (link.Json || !response.IsSuccessStatusCode) return await link.RefusedAsync(response, null, cancel);
        KeyTable.ShowNew((await JsonSerializer.DeserializeAsync(await response.Content.ReadAsStreamAsync(cancel), ApiJson.Default.ApiNewAccessKey, cancel))!);
        return CommandLine.Fine;
    }

    private static async Task<int> RevokeAsync(ServerLink link, int id, CancellationToken cancel)
    {
        using var response = await link.Http.DeleteAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"api/v1/keys/{id}"), UriKind.Relative), cancel);
        if (!response.IsSuccessStatusCode) return await link.RefusedAsync(response, null, cancel);
        if (!link.Json) Screen.Line($"Key {id} is revoked.");
        return CommandLine.Fine;
    }
}

/// <summary>Keys for people.</summary>
internal static class KeyTable
{
    public static int Show(ApiList<ApiAccessKey> keys)
    {
        var table = new Table(">Id", "Begins with", "Scopes", "App", "Label", "Made", "Revoked");
        foreach (var key in keys.Items)
        {
            table.Row(
                key.Id.ToString(CultureInfo.InvariantCulture), key.Prefix + "...", string.Join(", ", key.Scopes), Plain.Cut(key.App ?? "", 40), Plain.Cut(key.Label, 40),
                Plain.DateAndTime(key.CreatedAt), key.RevokedAt is null ? "" : Plain.DateAndTime(key.RevokedAt));
        }

        table.Print();
        return CommandLine.Fine;
    }

    /// <summary>The secret alone on standard output, so that a script can take it.</summary>
    public static void ShowNew(ApiNewAccessKey key)
    {
        Console.Error.WriteLine($"Key {key.Id}: {string.Join(", ", key.Scopes)}{(key.App is { } app ? $" for the app {Plain.Text(app)}" : "")}. It is shown this once:");
        Console.WriteLine(key.Secret);
    }
}
