using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Diagnose;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>What is wrong with the running instance, and what to do.</summary>
internal static class DoctorEndpoint
{
    public static void MapDoctor(this IEndpointRouteBuilder routes) => routes.MapGet("/api/v1/doctor", ReadAsync).RequireScope(KeyScopes.Operator).WithTags("System").WithName("GetDoctor")
        .WithSummary("Looks at the data folder from all sides; deep also reads every record and every page.").Produces<ApiDoctor>();

    private static async Task<JsonHttpResult<ApiDoctor>> ReadAsync(HttpContext http, DoctorOfItself doctor, bool deep = false)
    {
        // Reading files takes a thread for as long as it lasts.
        var findings = await Task.Run(() => doctor.ExamineAsync(deep, http.RequestAborted), http.RequestAborted);
        return TypedResults.Json(findings.ToApi(), ApiJson.Default.ApiDoctor);
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
