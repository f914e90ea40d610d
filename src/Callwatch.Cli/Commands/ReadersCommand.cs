using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json;
using Callwatch.Cli.Connecting;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch readers</c>: what reads the journal, and letting go on what waits for a person's word.</summary>
internal static class ReadersCommand
{
    public static Command Create() => new("readers", "Show what reads the journal; let a reader go on that has stopped after a restore.") { List(), Continue() };

    private static Command List()
    {
        var command = new Command("list", "List the readers with position and lag.");
        ServerOptions.Act(command, async (_, link, cancel) =>
        {
            using var ask = ServerLink.Get("api/v1/system");
            return await link.ShowAsync(ask, ApiJson.Default.ApiSystem, Show, cancel, system => system.Readers.Any(reader => reader.State == "stopped") ? CommandLine.Failed : CommandLine.Fine);
        });
        return command;
    }

    private static Command Continue()
    {
        var name = new Argument<string>("name") { Description = "Name of the reader, as readers list shows it" };
        var at = new Option<string>("--at") { Description = "head (leave out what the journal holds now), first (read all of it), or the number of the record to go on with", HelpName = "head|first|NUMBER", Required = true };
        var command = new Command("continue", "Say where a reader goes on that stands in another journal or beyond its head.") { name, at };
        ServerOptions.Act(command, (parsed, link, cancel) => ContinueAsync(link, parsed.GetRequiredValue(name), parsed.GetRequiredValue(at), cancel));
        return command;
    }

    private static async Task<int> ContinueAsync(ServerLink link, string name, string at, CancellationToken cancel)
    {
        using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(new ApiContinue { At = JsonSerializer.SerializeToElement(at, ApiJson.Default.String) }, ApiJson.Default.ApiContinue))
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
        };
        using var response = await link.Http.PostAsync(new Uri($"api/v1/system/readers/{Uri.EscapeDataString(name)}/continue", UriKind.Relative), content, cancel);
        if (link.Json || !response.IsSuccessStatusCode) return await link.RefusedAsync(response, null, cancel);
        var answer = (await JsonSerializer.DeserializeAsync(await response.Content.ReadAsStreamAsync(cancel), ApiJson.Default.ApiContinued, cancel))!;
        Screen.Line($"{Plain.Text(answer.Reader)} goes on behind record {Plain.Number(answer.After)}.");
        return CommandLine.Fine;
    }

    private static void Show(ApiSystem system)
    {
        ReaderTable.Print(system);
        foreach (var reader in system.Readers.Where(reader => reader.Waits is not null))
            Screen.Line($"{Plain.Text(reader.Name)} waits for your word: callwatch readers continue {Plain.Text(reader.Name)} --at head|first|NUMBER");
    }
}

/// <summary>Readers for people.</summary>
internal static class ReaderTable
{
    public static void Print(ApiSystem system)
    {
        var readers = new Table("Reader", "State", ">Position", ">Lag", "Reason");
        foreach (var reader in system.Readers) readers.Row(reader.Name, reader.State, Plain.Number(reader.Position), Plain.Number(reader.Lag), reader.Reason ?? "");
        if (system.Readers.Count > 0) readers.Print();
    }
}
