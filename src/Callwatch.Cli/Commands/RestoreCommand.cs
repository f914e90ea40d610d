using System.CommandLine;
using System.Text.Json;
using Callwatch.Backup.Restoring;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch restore DIR --data NEW</c>: makes a data folder of a backup. No server takes part.</summary>
internal static class RestoreCommand
{
    public static Command Create()
    {
        var directory = new Argument<string>("dir") { Description = "The backup", HelpName = "DIR" };
        var data = new Option<string?>("--data") { Description = "The data folder to make, new or empty", HelpName = "DIR" };
        var verify = new Option<bool>("--verify") { Description = "Restore nothing: read the backup and compare every file with its manifest" };
        var json = new Option<bool>("--json") { Description = "Print the result as JSON" };
        var command = new Command("restore", "Make a data folder of a backup: checks all of it, copies, begins a new epoch.") { directory, data, verify, json };
        command.SetAction((parsed, cancel) => Task.FromResult(Run(parsed.GetRequiredValue(directory), parsed.GetValue(data), parsed.GetValue(verify), parsed.GetValue(json), cancel)));
        return command;
    }

    private static int Run(string directory, string? data, bool verify, bool json, CancellationToken cancel)
    {
        if (verify) return BackupReport.Verify(directory, json, cancel);
        if (string.IsNullOrWhiteSpace(data))
        {
            Console.Error.WriteLine("callwatch: say with --data where the new data folder is to be. An existing one is never overwritten.");
            return CommandLine.Misuse;
        }

        using var line = new ProgressLine();
        var (from, to) = (Path.GetFullPath(directory), Path.GetFullPath(data));
        var result = new Restore(TimeProvider.System).Run(from, to, progress => line.Show($"{progress.Part}: {progress.Files} files, {Plain.Bytes(progress.Bytes)}"), cancel);
        line.Dispose();
        switch (result)
        {
            case RestoreResult.Done done:
                if (json)
                {
                    var answer = new ApiRestored(from, to, done.Epoch.ToString(), done.Manifest.Head, done.Manifest.Files.Count, done.Manifest.Bytes, done.AdminKeyFile);
                    Console.WriteLine(JsonSerializer.Serialize(answer, ApiJson.Default.ApiRestored));
                    return CommandLine.Fine;
                }

                Screen.Line($"Restored to {to}: {done.Manifest.Files.Count} files, {Plain.Bytes(done.Manifest.Bytes)}; journal up to record {Plain.Number(done.Manifest.Head)}, epoch {done.Epoch}.");
                if (done.AdminKeyFile is { } file) Screen.Line($"A new admin key is in {file}; the old one is as good as before.");
                if (done.Manifest.LeftOut.Contains("master.key", StringComparer.Ordinal))
                    Screen.Line($"The backup does not hold the master key: put the master.key of the old data folder into {to} before the start. Without it destinations stay blocked until their secrets are entered again.");
                Screen.Line($"Start it: callwatch serve --data {to}");
                return CommandLine.Fine;
            case RestoreResult.Damaged damaged:
                BackupReport.Show(damaged.Verdict, from, json);
                Console.Error.WriteLine("callwatch: nothing was restored.");
                return CommandLine.Failed;
            case RestoreResult.Refused refused:
                Console.Error.WriteLine("callwatch: nothing was restored: " + refused.Reason);
                return CommandLine.Failed;
            default:
                Console.Error.WriteLine($"callwatch: the restore was not finished: {((RestoreResult.Failed)result).Reason} Run it again; until then no server starts on {to}.");
                return CommandLine.Failed;
        }
    }
}
