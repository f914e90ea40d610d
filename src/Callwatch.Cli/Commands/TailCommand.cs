using System.CommandLine;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Callwatch.Cli.Connecting;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch tail</c>: calls as they are stored.</summary>
internal static class TailCommand
{
    public static Command Create()
    {
        var count = new Option<int?>("--count") { Description = "End after so many calls", HelpName = "N" };
        var command = new Command("tail", "Show calls as they come in, until Ctrl+C.");
        var selection = new SelectionOptions(command, withRange: false);
        command.Options.Add(count);
        ServerOptions.Act(command, (parsed, link, cancel) => FollowAsync(link, selection.Read(parsed, TimeProvider.System), parsed.GetValue(count) ?? int.MaxValue, cancel));
        return command;
    }

    private static async Task<int> FollowAsync(ServerLink link, ApiQuery query, int count, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(query.On("api/v1/tail"), UriKind.Relative));
        request.Headers.Accept.Add(new("text/event-stream"));
        using var response = await link.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        if (!response.IsSuccessStatusCode) return await link.RefusedAsync(response, query.Filter, cancel);
        if (!link.Json) await Console.Error.WriteLineAsync("Waiting for calls; Ctrl+C ends it.");
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync(cancel)).EnumerateAsync(cancel))
        {
            if (item.EventType != "call") continue;
            await Console.Out.WriteLineAsync(link.Json ? item.Data : CallLines.Line(JsonSerializer.Deserialize(item.Data, ApiJson.Default.ApiSpan)!));
            if (--count <= 0) return CommandLine.Fine;
        }

        await Console.Error.WriteLineAsync("callwatch: the server ended the stream.");
        return CommandLine.Failed;
    }
}
