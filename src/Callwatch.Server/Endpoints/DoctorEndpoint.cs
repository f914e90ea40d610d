using System.ComponentModel;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Diagnose;
using Callwatch.Server.Access;
using Callwatch.Server.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>What is wrong with the running instance, and what to do.</summary>
internal static class DoctorEndpoint
{
    private const string DeepWords = "Also reads every record and every page, and asks every platform. Default: false.";

    public static void MapDoctor(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/doctor", ReadAsync).RequireScope(KeyScopes.Operator).WithTags("System").WithName("GetDoctor")
            .WithSummary("Looks at the data folder, the host, the destinations and what is sent; deep also reads every record and every page, and asks every platform.").Produces<ApiDoctor>().ProducesProblem(422);
        routes.MapGet("/api/v1/doctor/bundle", BundleAsync).RequireScope(KeyScopes.Operator).WithTags("System").WithName("GetDoctorBundle")
            .WithSummary("A zip for support: version, settings, state, counters, findings, the log's last lines; no content, no secret and no name that somebody else chose.")
            .Produces<byte[]>(contentType: "application/zip").ProducesProblem(422);
    }

    private static async Task<IResult> ReadAsync(HttpContext http, DoctorOfItself doctor, [FromQuery(Name = "deep"), Description(DeepWords)] string? deep)
    {
        if (!TryFlag(deep, out var isDeep)) return BadDeep();
        // Reading files takes a thread for as long as it lasts.
        var findings = await Task.Run(() => doctor.ExamineAsync(isDeep, http.Caller().ReadScope, http.RequestAborted), http.RequestAborted);
        return TypedResults.Json(findings.ToApi(), ApiJson.Default.ApiDoctor);
    }

    private static async Task<IResult> BundleAsync(HttpContext http, SupportBundle bundle, [FromQuery(Name = "deep"), Description(DeepWords)] string? deep)
    {
        if (!TryFlag(deep, out var isDeep)) return BadDeep();
        var scope = http.Caller().ReadScope;
        var zip = await Task.Run(() => bundle.MakeAsync(isDeep, scope, http.RequestAborted), http.RequestAborted);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.File(zip, "application/zip", SupportBundle.FileName);
    }

    // Named alone it is meant: "?deep".
    private static bool TryFlag(string? text, out bool on)
    {
        on = text is "" or "1" || string.Equals(text, "true", StringComparison.OrdinalIgnoreCase);
        return on || text is null or "0" || string.Equals(text, "false", StringComparison.OrdinalIgnoreCase);
    }

    private static ProblemHttpResult BadDeep() => Problems.Unprocessable("deep", "'deep' is true or false.");
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
