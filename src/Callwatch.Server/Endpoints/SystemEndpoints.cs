using System.Globalization;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Query;
using Callwatch.Server.Access;
using Callwatch.Server.Endpoints.Destinations;
using Callwatch.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>How the instance is, for people and for whoever keeps it running.</summary>
internal static class SystemEndpoints
{
    public static void MapSystem(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/system", Read).RequireScope(KeyScopes.Read).WithTags("System").WithName("GetSystem")
            .WithSummary("Positions and lag of the journal's readers, counters by reason, disk; a tenant's key sees its own part.").Produces<ApiSystem>();
        routes.MapGet("/healthz", () => TypedResults.Json(new ApiHealth("ok", null), ApiJson.Default.ApiHealth)).AllowAnyone().WithTags("System").WithName("Health")
            .WithSummary("The process is up.").Produces<ApiHealth>();
        routes.MapGet("/readyz", Ready).AllowAnyone().WithTags("System").WithName("Ready")
            .WithSummary("It can receive and store.").Produces<ApiHealth>().Produces<ApiHealth>(503);
    }

    private static JsonHttpResult<ApiHealth> Ready(SystemQueries system)
    {
        var readiness = system.Ready();
        return TypedResults.Json(
            new ApiHealth(readiness.Ready ? "ok" : "unavailable", readiness.Reason), ApiJson.Default.ApiHealth,
            statusCode: readiness.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private static JsonHttpResult<ApiSystem> Read(HttpContext http, SystemQueries system, Apps apps, DestinationSight sight)
    {
        var caller = http.Caller();
        var all = caller.SeesInstance(apps);
        var status = system.Read(all ? null : caller.TenantId);
        if (caller.AppId is not null) status = status with { Lanes = [.. status.Lanes.Where(lane => sight.Find(caller, lane.DestinationId) is not null)] };
        return TypedResults.Json(ToApi(status, all, ofOneApp: caller.AppId is not null), ApiJson.Default.ApiSystem);
    }

    private static string Word(this PlaceStanding standing) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(standing.ToString());

    // A platform's words may quote what other apps sent.
    private static ApiSystem ToApi(SystemStatus status, bool all, bool ofOneApp) => new()
    {
        Version = status.Version,
        StartedAt = status.StartedAt.ToString(),
        Epoch = status.Journal.Epoch.ToString(),
        Head = status.Journal.HeadNumber,
        Readers =
        [
            .. status.Readers.Select(reader => new ApiReader(
                reader.Name, reader.Position?.Epoch.ToString(), reader.Position?.Number ?? 0, reader.Lag, reader.LagSeconds, reader.State, all ? reader.Why : null,
                all ? reader.Waits?.Word() : null)),
        ],
        Lanes =
        [
            .. status.Lanes.Select(lane => new ApiLane(lane.Destination, lane.Status.State.ToString().ToLowerInvariant(), lane.Status.Backlog)
            {
                Id = lane.DestinationId,
                Kind = lane.Kind,
                OldestAgeS = lane.Status.OldestAgeSeconds,
                ExpiredByDisk = lane.ExpiredByDisk,
                Reason = !ofOneApp && lane.Status.LastError is { } error && lane.IsInTrouble ? error.Message : null,
            }),
        ],
        Counters = status.Counters.OrderBy(counter => counter.Key).ToDictionary(counter => counter.Key.Word(), counter => counter.Value),
        Journal = !all ? null : new ApiJournal(
            status.Journal.FirstNumber, status.Journal.Segments, status.Journal.SizeBytes, status.Journal.OldestReceivedAt?.ToString(), status.Journal.Waiting,
            status.Journal.DamagedRecords, status.Journal.DamagedSegments, status.Journal.AcceptsWrites, status.Journal.RefusalReason)
        {
            Records = status.Journal.Records,
            SealedBytes = status.Journal.SealedBytes,
            SealedPayloadBytes = status.Journal.SealedPayloadBytes,
            UnsealedBytes = status.Journal.UnsealedBytes,
            ToSealBytes = status.Journal.ToSealBytes,
            SealingError = status.Journal.SealingError,
            Damage = [.. status.Journal.Damage.Select(damage => new ApiJournalDamage(damage.File, damage.FirstNumber, damage.LastNumber == 0 ? null : damage.LastNumber, damage.What))],
            Gaps = [.. status.Journal.Gaps.Select(gap => new ApiJournalGap(gap.First, gap.Last, gap.Tenants))],
            Losses = [.. status.Journal.Losses.Select(loss => new ApiReaderLoss(loss.Reader, loss.ByAge, loss.ByDisk))],
        },
        Store = !all ? null : new ApiStore(status.Store.Partitions, status.Store.SizeBytes, status.Store.Spans, status.Store.Calls, status.OldestEnd?.ToString())
        {
            Damaged = [.. status.Store.Damaged.Select(file => new ApiDamagedFile(file.File, file.Day?.ToString("O", CultureInfo.InvariantCulture), file.SizeBytes) { Command = file.Command })],
        },
        Search = !all ? null : new ApiSearch(status.SearchBytes)
        {
            LeftOut = [.. status.TextLeftOut.Select(day => new ApiTextLeftOut(day.Day.ToString("O", CultureInfo.InvariantCulture), day.From))],
        },
        Media = !all ? null : new ApiMediaFiles(status.Media.Files, status.Media.SizeBytes),
        Disk = !all ? null : new ApiDisk(status.Journal.FreeDiskBytes, status.Journal.SizeBytes + status.Store.SizeBytes + status.Media.SizeBytes + status.SettledBytes + status.SearchBytes),
    };
}
