using System.ComponentModel;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Costs.Reconciling;
using Callwatch.Query;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;

namespace Callwatch.Server.Endpoints;

/// <summary>Providers' exports of usage and costs, beside what is here.</summary>
internal static class ReconcileEndpoints
{
    public static void MapReconcile(this IEndpointRouteBuilder routes)
    {
        var reconcile = routes.MapGroup("/api/v1/reconcile").WithTags("Costs");
        reconcile.MapGet("", List).RequireScope(KeyScopes.Read).WithName("ListReconcileImports").WithSummary("The imported exports, latest first.").Produces<ApiList<ApiReconcileImport>>();
        reconcile.MapPost("", ImportAsync).RequireScope(KeyScopes.Admin).WithName("ImportForReconciling").WithSummary("Imports a provider's export: the CSV as it was downloaded, as the body.")
            .Accepts<string>("text/csv").Produces<ApiReconcileImport>(StatusCodes.Status201Created).ProducesProblem(409).ProducesProblem(413).ProducesProblem(422);
        reconcile.MapGet("/{id:long}", CompareAsync).RequireScope(KeyScopes.Read).WithName("Reconcile").WithSummary("An import beside what is here, by UTC day and model, with what explains the difference.").Produces<ApiReconciliation>().ProducesProblem(404).ProducesProblem(422);
        reconcile.MapDelete("/{id:long}", Delete).RequireScope(KeyScopes.Admin).WithName("DeleteReconcileImport").Produces(StatusCodes.Status204NoContent).ProducesProblem(404);
    }

    private static IResult List(HttpContext http, ReconcileImports imports) => (IResult?)NotForOneApp(http)
        ?? TypedResults.Json(new ApiList<ApiReconcileImport> { Items = [.. imports.List(http.Caller().TenantId).Select(import => import.ToApi())] }, ApiJson.Default.ApiListApiReconcileImport);

    private static async Task<IResult> ImportAsync(
        HttpContext http, ReconcileImports imports, Keys keys, [FromQuery(Name = "name"), Description("What to call it; the name of the file, for instance.")] string? name, CancellationToken cancel)
    {
        if (NotForOneApp(http) is { } refused) return refused;
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = UsageExportReader.MostBytes;
        try
        {
            // Beyond what is usual it waits in a file: it is read twice.
            http.Request.EnableBuffering(bufferThreshold: 1024 * 1024, bufferLimit: UsageExportReader.MostBytes + 1L);
            await http.Request.Body.DrainAsync(cancel);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return Problems.Of(413, "too_large", $"An export may have at most {UsageExportReader.MostBytes} bytes; export a shorter time.");
        }

        return UsageExportReader.Read(http.Request.Body) switch
        {
            UsageExportResult.Read read => Keep(imports.Keep(http.Caller().TenantId, name ?? "", read.Export, http.Caller().ToName(keys))),
            UsageExportResult.Wrong wrong => Problems.Unprocessable("file", wrong.Sentence, code: "bad_export"),
            _ => throw new InvalidOperationException("An export is read or wrong."),
        };
    }

    private static IResult Keep(KeepResult result) => result switch
    {
        KeepResult.Kept { Import: var import } => TypedResults.Json(import.ToApi(), ApiJson.Default.ApiReconcileImport, statusCode: StatusCodes.Status201Created),
        KeepResult.Full full => Problems.Conflict($"There are {full.Most} imports already, and no more are kept. Delete one first.", "too_many_imports"),
        _ => throw new InvalidOperationException("There is no other answer."),
    };

    private static async Task<IResult> CompareAsync(HttpContext http, long id, ReconcileQueries queries, CancellationToken cancel)
    {
        if (NotForOneApp(http) is { } refused) return refused;
        return await queries.CompareAsync(http.Caller().TenantId, id, cancel) switch
        {
            null => Missing(),
            Answer<ReconcileAnswer>.Found { Value: var answer } => TypedResults.Json(answer.ToApi(), ApiJson.Default.ApiReconciliation),
            var other => other.Problem(),
        };
    }

    private static IResult Delete(HttpContext http, long id, ReconcileImports imports, Keys keys) =>
        imports.Delete(http.Caller().TenantId, id, http.Caller().ToName(keys)) ? TypedResults.NoContent() : Missing();

    private static ProblemHttpResult Missing() => Problems.NotFound("There is no such import.", "import_not_found");

    // A provider's bill is that of all apps together.
    private static ProblemHttpResult? NotForOneApp(HttpContext http) => http.Caller().AppId is null ? null : Problems.Forbidden("A provider's export is of all apps together; a key of one app cannot see it.");
}
