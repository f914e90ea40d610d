using System.CommandLine;
using Callwatch.Cli.Connecting;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch export</c>: the calls or spans of a range, as a file or on standard output.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var format = new Option<string>("--format") { Description = "jsonl, csv or otlp", HelpName = "FORMAT", DefaultValueFactory = _ => "jsonl" };
        format.AcceptOnlyFromAmong("jsonl", "csv", "otlp");
        var output = new Option<FileInfo?>("--output", "-o") { Description = "Write to this file, which must not exist. Default: standard output", HelpName = "FILE" };
        var command = new Command("export", "Export calls as JSONL or CSV, or what was received as OTLP.");
        var selection = new SelectionOptions(command);
        command.Options.Add(format);
        command.Options.Add(output);
        ServerOptions.Act(command, (parsed, link, cancel) =>
            ExportAsync(link, selection.Read(parsed, TimeProvider.System), parsed.GetRequiredValue(format), parsed.GetValue(output), cancel));
        return command;
    }

    private static async Task<int> ExportAsync(ServerLink link, ApiQuery query, string format, FileInfo? output, CancellationToken cancel)
    {
        if (link.Json && format != "jsonl")
        {
            await Console.Error.WriteLineAsync($"callwatch: --json prints JSON lines; leave out --json or --format {format}.");
            return CommandLine.Misuse;
        }

        var path = query.On("api/v1/export");
        path += (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "format=" + format;
        using var response = await link.Http.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancel);
        if (!response.IsSuccessStatusCode) return await link.RefusedAsync(response, query.Filter, cancel);
        return await Saving.SaveAsync(response, output, cancel);
    }
}
