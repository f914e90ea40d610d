using Callwatch.Costs.Reconciling;
using Callwatch.Dashboard.Destinations;
using Callwatch.Dashboard.Frame;
using Callwatch.Query;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Callwatch.Dashboard.Cost;

/// <summary>The imported exports.</summary>
public sealed record ReconcileModel(IReadOnlyList<ReconcileImport> Imports, FormProblem? Problem, IReadOnlyList<(string Name, string Value)> Hidden);

/// <summary>One import beside what is here.</summary>
public sealed record ReconciliationModel(ReconcileImport Import, Answer<ReconcileAnswer> Answer, IReadOnlyList<(string Name, string Value)> Hidden);

/// <summary>Providers' exports, imported and compared.</summary>
internal static class ReconcilePage
{
    public static IResult Get(HttpContext http, Visit visit, ReconcileImports imports, IAntiforgery antiforgery) => Show(http, visit, imports, antiforgery, null, StatusCodes.Status200OK);

    public static async Task<IResult> ImportAsync(HttpContext http, Visit visit, IViewer viewer, ReconcileImports imports, IAntiforgery antiforgery, CancellationToken cancel)
    {
        if (visit.Scope.OnlyAppId is not null) return Show(http, visit, imports, antiforgery, null, StatusCodes.Status403Forbidden);
        var form = http.Request.HasFormContentType ? await http.Request.ReadFormAsync(cancel) : FormCollection.Empty;
        if (form.Files.GetFile("file") is not { Length: > 0 } file) return Show(http, visit, imports, antiforgery, new FormProblem("file", "Choose the CSV file that you downloaded from the provider."), StatusCodes.Status422UnprocessableEntity);
        if (file.Length > UsageExportReader.MostBytes) return Show(http, visit, imports, antiforgery, new FormProblem("file", "The file is larger than 64 MiB; export a shorter time."), StatusCodes.Status422UnprocessableEntity);
        await using var bytes = file.OpenReadStream();
        switch (UsageExportReader.Read(bytes))
        {
            case UsageExportResult.Read read when imports.Keep(visit.Scope.TenantId, Path.GetFileName(file.FileName), read.Export, viewer.Who) is KeepResult.Kept kept:
                return PricesPage.GoTo(http, visit, visit.Place.On(CostRoutes.Reconcile + "/" + kept.Import.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            case UsageExportResult.Wrong wrong:
                return Show(http, visit, imports, antiforgery, new FormProblem("file", wrong.Sentence), StatusCodes.Status422UnprocessableEntity);
            default:
                return Show(http, visit, imports, antiforgery, new FormProblem("file", visit.Words.Say("There are {0} imports already, and no more are kept. Delete one first.", ReconcileImports.Most)), StatusCodes.Status409Conflict);
        }
    }

    public static async Task<IResult> CompareAsync(HttpContext http, Visit visit, long id, ReconcileImports imports, ReconcileQueries queries, IAntiforgery antiforgery, CancellationToken cancel)
    {
        if (visit.Scope.OnlyAppId is not null || imports.List(visit.Scope.TenantId).FirstOrDefault(import => import.Id == id) is not { } found || await queries.CompareAsync(visit.Scope.TenantId, id, cancel) is not { } answer)
            return Show(http, visit, imports, antiforgery, null, StatusCodes.Status404NotFound);
        return visit.Render<ReconciliationScreen>((nameof(ReconciliationScreen.Model), new ReconciliationModel(found, answer, Forms.Hidden(http, visit, antiforgery))));
    }

    public static async Task<IResult> DeleteAsync(HttpContext http, Visit visit, IViewer viewer, long id, ReconcileImports imports, CancellationToken cancel)
    {
        if (http.Request.HasFormContentType) await http.Request.ReadFormAsync(cancel);
        if (visit.Scope.OnlyAppId is null) imports.Delete(visit.Scope.TenantId, id, viewer.Who);
        return PricesPage.GoTo(http, visit, visit.Place.On(CostRoutes.Reconcile));
    }

    private static RazorComponentResult Show(HttpContext http, Visit visit, ReconcileImports imports, IAntiforgery antiforgery, FormProblem? problem, int status) =>
        visit.Render<ReconcileScreen>(status, (nameof(ReconcileScreen.Model), new ReconcileModel(visit.Scope.OnlyAppId is null ? imports.List(visit.Scope.TenantId) : [], problem, Forms.Hidden(http, visit, antiforgery))));
}
