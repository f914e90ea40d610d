using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json;
using Callwatch.Backup;
using Callwatch.Backup.Restoring;
using Callwatch.Cli.Connecting;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;
using Callwatch.Server.Endpoints;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch backup DIR</c>: through the running server, or with <c>--data</c> of a folder that none uses.</summary>
internal static class BackupCommand
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(250);

    public static Command Create()
    {
        var directory = new Argument<string>("dir") { Description = "The folder to write to, new or empty, on the server's machine", HelpName = "DIR" };
        var data = new Option<string?>("--data") { Description = "Back up this data folder; a server that runs on it on this machine is asked to do it", HelpName = "DIR" };
        var since = new Option<string?>("--since") { Description = "A backup before, on the same file system: what has not changed is shared with it", HelpName = "DIR" };
        var verify = new Option<bool>("--verify") { Description = "Make none: read the backup in DIR and compare every file with its manifest" };
        var command = new Command("backup", "Copy everything to a folder, while the server runs. Keys and secrets stay behind.") { directory, data, since, verify };
        ServerOptions.Act(
            command,
            (parsed, link, cancel) => ThroughAsync(link, parsed.GetRequiredValue(directory), parsed.GetValue(since), cancel),
            async (parsed, json, cancel) =>
            {
                if (parsed.GetValue(verify)) return BackupReport.Verify(parsed.GetRequiredValue(directory), json, cancel);
                if (parsed.GetValue(data) is not { } folder) return null;
                return await OfAsync(folder, parsed.GetRequiredValue(directory), parsed.GetValue(since), json, cancel);
            });
        return command;
    }

    private static async Task<int> ThroughAsync(ServerLink link, string directory, string? since, CancellationToken cancel)
    {
        // Here a path means the same to the server as to us, except for what it is relative to.
        var isHere = link.Address.IsLoopback;
        var wish = new ApiBackupWish { Directory = isHere ? Path.GetFullPath(directory) : directory, Since = isHere && since is not null ? Path.GetFullPath(since) : since };
        using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(wish, ApiJson.Default.ApiBackupWish)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        using (var begun = await link.Http.PostAsync(new Uri("api/v1/backup", UriKind.Relative), content, cancel))
            if (!begun.IsSuccessStatusCode) return await link.RefusedAsync(begun, null, cancel);
        using var line = new ProgressLine();
        while (true)
        {
            await Task.Delay(AskEvery, cancel);
            switch (await link.Api.GetAsync("api/v1/backup", ApiJson.Default.ApiBackup, cancel))
            {
                case ApiAnswer<ApiBackup>.Refused refused:
                    return Refusal.Tell(refused.Problem);
                case ApiAnswer<ApiBackup>.Found { Value: { State: "running" } running }:
                    line.Show($"{running.Part}: {running.Files} files, {Plain.Bytes(running.Bytes)}");
                    break;
                case ApiAnswer<ApiBackup>.Found found:
                    line.Dispose();
                    return BackupReport.Show(found.Value, link.Json);
            }
        }
    }

    private static async Task<int?> OfAsync(string data, string directory, string? since, bool json, CancellationToken cancel)
    {
        var options = new CallwatchOptions { Data = data };
        if (!File.Exists(options.ControlFile))
        {
            await Console.Error.WriteLineAsync($"callwatch: {Path.GetFullPath(data)} is no data folder.");
            return CommandLine.Misuse;
        }

        var started = TimeProvider.System.GetUtcNow();
        try
        {
            using var line = new ProgressLine();
            var result = await OfflineBackup.MakeAsync(
                data, Path.GetFullPath(directory), since is null ? null : Path.GetFullPath(since), progress => line.Show($"{progress.Part}: {progress.Files} files, {Plain.Bytes(progress.Bytes)}"), TimeProvider.System, cancel);
            line.Dispose();
            var state = result is BackupResult.Done ? BackupState.Done : BackupState.Failed;
            return BackupReport.Show(new BackupStatus(state, Path.GetFullPath(directory), started, TimeProvider.System.GetUtcNow(), null, result).ToApi(), json);
        }
        catch (StartRefusedException e) when (e.Refusal is StartRefusal.DataLocked)
        {
            if (LocalServers.AddressOf(Path.GetFullPath(data)) is { } address && ServerLink.Open(address, null, json, out _) is { } link)
                using (link) return await link.RunAsync(() => ThroughAsync(link, directory, since, cancel), cancel);
            await Console.Error.WriteLineAsync($"callwatch: {e.Refusal.Line} Or let that one make the backup: callwatch backup {directory} --server URL.");
            return CommandLine.Failed;
        }
        catch (StartRefusedException e)
        {
            await Console.Error.WriteLineAsync("callwatch: " + e.Refusal.Line);
            return CommandLine.Failed;
        }
    }
}

/// <summary>Backups for people and for scripts.</summary>
internal static class BackupReport
{
    public static int Show(ApiBackup backup, bool json)
    {
        var done = backup.State == "done";
        if (json) Console.WriteLine(JsonSerializer.Serialize(backup, ApiJson.Default.ApiBackup));
        else if (!done) Console.Error.WriteLine($"callwatch: no backup was made: {Plain.Text(backup.Error)}");
        if (json || !done) return done ? CommandLine.Fine : CommandLine.Failed;
        Screen.Line($"Backed up to {Plain.Text(backup.Directory)}: {backup.Files} files, {Plain.Bytes(backup.Bytes)}{(backup.SharedBytes > 0 ? $", {Plain.Bytes(backup.SharedBytes)} of them shared with the one before" : "")}; journal up to record {Plain.Number(backup.Head)}.");
        if (backup.LeftOut is { Count: > 0 } left) Screen.Line($"Not in it: {string.Join(", ", left.Select(Plain.Text))}. Keep what you need of that elsewhere.");
        return CommandLine.Fine;
    }

    public static int Verify(string directory, bool json, CancellationToken cancel)
    {
        var path = Path.GetFullPath(directory);
        using var line = new ProgressLine();
        var verdict = BackupCheck.Run(path, progress => line.Show($"{progress.Part}: {progress.Files} files, {Plain.Bytes(progress.Bytes)}"), cancel);
        line.Dispose();
        return Show(verdict, path, json);
    }

    public static int Show(BackupVerdict verdict, string directory, bool json)
    {
        if (json)
        {
            var answer = new ApiBackupVerdict
            {
                Whole = verdict.IsWhole,
                Directory = directory,
                MadeAt = BackupsInApi.Text(verdict.Manifest?.MadeAt),
                Version = verdict.Manifest?.Version,
                Head = verdict.Manifest?.Head,
                Files = verdict.Manifest?.Files.Count ?? 0,
                Bytes = verdict.Manifest?.Bytes ?? 0,
                Damage = [.. verdict.Damage.Select(damage => new ApiBackupDamage(damage.Path, damage.Problem))],
            };
            Console.WriteLine(JsonSerializer.Serialize(answer, ApiJson.Default.ApiBackupVerdict));
        }
        else if (verdict.IsWhole)
        {
            Screen.Line($"{directory} is whole: {verdict.Manifest!.Files.Count} files, {Plain.Bytes(verdict.Manifest.Bytes)}, made {Plain.DateAndTime(BackupsInApi.Text(verdict.Manifest.MadeAt))} UTC; journal up to record {Plain.Number(verdict.Manifest.Head)}.");
        }
        else
        {
            foreach (var damage in verdict.Damage) Console.Error.WriteLine($"callwatch: {Path.Combine(directory, Plain.Text(damage.Path))}: {Plain.Text(damage.Problem)}");
        }

        return verdict.IsWhole ? CommandLine.Fine : CommandLine.Failed;
    }
}
