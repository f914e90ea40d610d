using System.CommandLine;
using System.Text.Json;
using Callwatch.Cli.Connecting;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;
using Callwatch.Diagnose;
using Callwatch.Server.Endpoints;
using Microsoft.Data.Sqlite;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch doctor</c>: what is wrong, and what to do? Of a running server, or with <c>--data</c> of a folder that none uses.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "Look at this data folder, which no server uses; all of it is read and nothing changed", HelpName = "DIR" };
        var deep = new Option<bool>("--deep") { Description = "Let the server read every record and every page, which takes a while" };
        var command = new Command("doctor", "Look for what is wrong, and say what to do. Exit code 1 when there is a problem.") { data, deep };
        ServerOptions.Act(
            command,
            (parsed, link, cancel) => AskAsync(link, parsed.GetValue(deep), cancel),
            async (parsed, json, cancel) => parsed.GetValue(data) is { } folder ? await LookAsync(folder, parsed.GetValue(deep), json, cancel) : null);
        return command;
    }

    private static Task<int> AskAsync(ServerLink link, bool deep, CancellationToken cancel)
    {
        link.Http.Timeout = Timeout.InfiniteTimeSpan;
        return link.Json ? AskForJsonAsync(link, deep, cancel) : link.ShowAsync(Path(deep), ApiJson.Default.ApiDoctor, Show, cancel);
    }

    private static async Task<int> AskForJsonAsync(ServerLink link, bool deep, CancellationToken cancel)
    {
        switch (await link.Api.GetAsync(Path(deep), ApiJson.Default.ApiDoctor, cancel))
        {
            case ApiAnswer<ApiDoctor>.Found found:
                return Print(found.Value);
            case ApiAnswer<ApiDoctor>.Refused refused:
                return Refusal.Tell(refused.Problem);
            default:
                return CommandLine.Failed;
        }
    }

    private static async Task<int> LookAsync(string data, bool deep, bool json, CancellationToken cancel)
    {
        if (!Directory.Exists(data) || !Directory.EnumerateFileSystemEntries(data).Any())
        {
            await Console.Error.WriteLineAsync($"callwatch: {System.IO.Path.GetFullPath(data)} is no data folder.");
            return CommandLine.Misuse;
        }

        try
        {
            var answer = (await Doctor.ExamineAsync(data, SecretsCommand.Settings(), TimeProvider.System, cancel)).ToApi();
            return json ? Print(answer) : Show(answer);
        }
        catch (StartRefusedException e) when (e.Refusal is StartRefusal.DataLocked && LocalServers.AddressOf(System.IO.Path.GetFullPath(data)) is { } address)
        {
            using var link = ServerLink.Open(address, null, json, out _)!;
            return await link.RunAsync(() => AskAsync(link, deep, cancel), cancel);
        }
        catch (Exception e) when (e is StartRefusedException or IOException or UnauthorizedAccessException or SqliteException)
        {
            await Console.Error.WriteLineAsync($"callwatch: {e.Message.ReplaceLineEndings(" ")}{(e is StartRefusedException ? " A running server is asked without --data." : "")}");
            return CommandLine.Failed;
        }
    }

    private static string Path(bool deep) => "api/v1/doctor" + (deep ? "?deep=true" : "");

    private static int Print(ApiDoctor answer)
    {
        Console.WriteLine(JsonSerializer.Serialize(answer, ApiJson.Default.ApiDoctor));
        return answer.Healthy ? CommandLine.Fine : CommandLine.Failed;
    }

    private static int Show(ApiDoctor answer)
    {
        var table = new Table("Check", "", "Finding");
        foreach (var finding in answer.Findings)
            table.Row(finding.Level switch { "problem" => Tone.Failed, "warning" => Tone.Stopped, _ => Tone.Plain }, finding.Check, finding.Level == "fine" ? "" : finding.Level, finding.What);
        table.Print();
        foreach (var cure in answer.Findings.Where(finding => finding.Cure is not null).Select(finding => $"{finding.Check}: {finding.Cure}").Distinct(StringComparer.Ordinal)) Screen.Line(Plain.Text(cure));
        return answer.Healthy ? CommandLine.Fine : CommandLine.Failed;
    }
}
