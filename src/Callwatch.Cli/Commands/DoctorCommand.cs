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
        var bundle = new Option<string?>("--bundle") { Description = "Write what support needs to see into this zip: no prompts, answers, keys or secrets", HelpName = "FILE" };
        var command = new Command("doctor", "Look for what is wrong, and say what to do. Exit code 1 when there is a problem.") { data, deep, bundle };
        ServerOptions.Act(
            command,
            (parsed, link, cancel) => parsed.GetValue(bundle) is { } file ? BundleAsync(link, file, parsed.GetValue(deep), cancel) : AskAsync(link, parsed.GetValue(deep), cancel),
            async (parsed, json, cancel) => parsed.GetValue(data) is not { } folder ? null
                : parsed.GetValue(bundle) is null ? await LookAsync(folder, parsed.GetValue(deep), json, cancel) : Misused());
        return command;
    }

    private static async Task<int> AskAsync(ServerLink link, bool deep, CancellationToken cancel)
    {
        link.Http.Timeout = Timeout.InfiniteTimeSpan;
        using var ask = ServerLink.Get(Path(deep));
        return await link.ShowAsync(ask, ApiJson.Default.ApiDoctor, answer => Show(answer), cancel, answer => answer.Healthy ? CommandLine.Fine : CommandLine.Failed);
    }

    private static int Misused()
    {
        Console.Error.WriteLine("callwatch: a bundle is made by a running server: leave out --data. Of a folder that none uses, callwatch doctor --data DIR --json says what there is to say.");
        return CommandLine.Misuse;
    }

    // Not readable by others: it says how a machine is set up.
    private static async Task<int> BundleAsync(ServerLink link, string file, bool deep, CancellationToken cancel)
    {
        link.Http.Timeout = Timeout.InfiniteTimeSpan;
        using var answer = await link.Http.GetAsync(new Uri("api/v1/doctor/bundle" + (deep ? "?deep=true" : ""), UriKind.Relative), cancel);
        if (!answer.IsSuccessStatusCode) return await link.RefusedAsync(answer, null, cancel);
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            await using var zip = new FileStream(file, options);
            await answer.Content.CopyToAsync(zip, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"callwatch: {file} cannot be written: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}. Name a file that is not there yet, in a folder of yours.");
            return CommandLine.Failed;
        }

        Screen.Line($"Written to {System.IO.Path.GetFullPath(file)}. Look into it before you pass it on; README.txt says what is in it.");
        return CommandLine.Fine;
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
