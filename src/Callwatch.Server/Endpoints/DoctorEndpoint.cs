using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Diagnose;
using Callwatch.Server.Access;
using Callwatch.Server.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>What is wrong with the running instance, and what to do.</summary>
internal static class DoctorEndpoint
{
    public static void MapDoctor(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/doctor", ReadAsync).RequireScope(KeyScopes.Operator).WithTags("System").WithName("GetDoctor")
            .WithSummary("Looks at the data folder, the host, the destinations and what is sent; deep also reads every record and every page, and asks every platform.").Produces<ApiDoctor>();
        routes.MapGet("/api/v1/doctor/bundle", BundleAsync).RequireScope(KeyScopes.Operator).WithTags("System").WithName("GetDoctorBundle")
            .WithSummary("A zip for support: version, settings, state, counters, findings, the log's last lines; no content, no secret and no name that somebody else chose.")
            .Produces<byte[]>(contentType: "application/zip");
    }

    private static async Task<JsonHttpResult<ApiDoctor>> ReadAsync(HttpContext http, DoctorOfItself doctor, bool deep = false)
    {
        // Reading files takes a thread for as long as it lasts.
        var findings = await Task.Run(() => doctor.ExamineAsync(deep, http.Caller().ReadScope, http.RequestAborted), http.RequestAborted);
        return TypedResults.Json(findings.ToApi(), ApiJson.Default.ApiDoctor);
    }

    private static async Task<FileContentHttpResult> BundleAsync(HttpContext http, SupportBundle bundle, bool deep = false)
    {
        var scope = http.Caller().ReadScope;
        var zip = await Task.Run(() => bundle.MakeAsync(deep, scope, http.RequestAborted), http.RequestAborted);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.File(zip, "application/zip", SupportBundle.FileName);
    }
}

/// <summary>Findings as the API shows them.</summary>
public static class FindingsInApi
{
    public static ApiDoctor ToApi(this IReadOnlyList<Finding> findings) => new()
    {
        Healthy = findings.All(finding => finding.Level != FindingLevel.Problem),
        Findings = [.. findings.Select(finding => new ApiFinding(finding.Check, finding.Level.ToString().ToLowerInvariant(), finding.What, finding.Cure))],
    };
}
