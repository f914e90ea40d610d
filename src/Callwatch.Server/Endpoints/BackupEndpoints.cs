using System.Globalization;
using Callwatch.Backup;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Callwatch.Server.Endpoints;

/// <summary>Backups of the running server, to a folder of its own machine.</summary>
internal static class BackupEndpoints
{
    public static void MapBackup(this IEndpointRouteBuilder routes)
    {
        var backup = routes.MapGroup("/api/v1/backup").WithTags("Backup").RequireScope(KeyScopes.Operator);
        backup.MapGet("", Read).WithName("GetBackup").WithSummary("The backup under way, or the last one since the start.").Produces<ApiBackup>();
        backup.MapPost("", BeginAsync).WithName("BeginBackup").WithSummary("Begins a backup; ask for it until it is done.")
            .Accepts<ApiBackupWish>("application/json").Produces<ApiBackup>(StatusCodes.Status202Accepted).ProducesProblem(403).ProducesProblem(409).ProducesProblem(422);
        backup.MapDelete("", Stop).WithName("StopBackup").WithSummary("Gives up the backup under way.").Produces(StatusCodes.Status204NoContent).ProducesProblem(409);
    }

    private static JsonHttpResult<ApiBackup> Read(BackupRunner runner) => TypedResults.Json(runner.Status.ToApi(), ApiJson.Default.ApiBackup);

    private static async Task<IResult> BeginAsync(HttpContext http, BackupRunner runner, IOptions<BackupOptions> options)
    {
        var (wish, problem) = await JsonBody.ReadAsync(http, ApiJson.Default.ApiBackupWish);
        if (wish is null) return problem!;
        if (string.IsNullOrWhiteSpace(wish.Directory)) return Problems.Unprocessable("directory", "It is missing: a new or an empty folder of the server's machine.");
        foreach (var (field, path) in (IEnumerable<(string, string?)>)[("directory", wish.Directory), ("since", wish.Since)])
        {
            if (path is null) continue;
            if (!Path.IsPathFullyQualified(path) || path.Contains('\0', StringComparison.Ordinal)) return Problems.Unprocessable(field, "The folder must be given as a whole path, from the root.");
            if (!MayUse(http, path, options.Value.Folder))
            {
                return Problems.Forbidden(
                    options.Value.Folder is null ? "Only from its own machine a server takes the path of a folder. Callwatch:Backup:Folder allows others to name one below it." : "From another machine only folders below Callwatch:Backup:Folder may be named.",
                    "folder_not_allowed");
            }
        }

        if (runner.Begin(wish.Directory, wish.Since, out var busy) is { } objection) return busy ? Problems.Conflict(objection, "backup_running") : Problems.Unprocessable("directory", objection);
        return TypedResults.Json(runner.Status.ToApi(), ApiJson.Default.ApiBackup, statusCode: StatusCodes.Status202Accepted);
    }

    private static IResult Stop(BackupRunner runner) => runner.Stop() ? TypedResults.NoContent() : Problems.Conflict("No backup is under way.", "no_backup");

    // A key that was stolen must not be able to have everything copied to where a thief can fetch it.
    private static bool MayUse(HttpContext http, string path, string? folder) =>
        http.Features.GetRequiredFeature<LoopbackVerdict>().IsFromHere
        || (folder is not null && BackupFolder.IsWithin(BackupFolder.RealPath(path), BackupFolder.RealPath(folder)));
}

/// <summary>Backups as the API shows them.</summary>
public static class BackupsInApi
{
    public static ApiBackup ToApi(this BackupStatus status)
    {
        var done = status.Result as BackupResult.Done;
        return new ApiBackup
        {
            State = status.State.ToString().ToLowerInvariant(),
            Directory = status.Directory,
            StartedAt = Text(status.StartedAt),
            EndedAt = Text(status.EndedAt),
            Part = status.State == BackupState.Running ? status.Progress?.Part : null,
            Files = done?.Manifest.Files.Count ?? status.Progress?.Files ?? 0,
            Bytes = done?.Manifest.Bytes ?? status.Progress?.Bytes ?? 0,
            SharedBytes = done?.SharedBytes ?? 0,
            Epoch = done?.Manifest.Epoch.ToString(),
            Head = done?.Manifest.Head,
            LeftOut = done?.Manifest.LeftOut,
            Error = (status.Result as BackupResult.Failed)?.Reason,
        };
    }

    public static string? Text(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
