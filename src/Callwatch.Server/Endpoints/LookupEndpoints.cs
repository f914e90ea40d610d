using System.ComponentModel;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Query;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

internal static class LookupEndpoints
{
    public static void MapLookup(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/lookup/{id}", FindAsync).RequireScope(KeyScopes.Read).WithTags("Traces").WithName("Lookup")
            .WithSummary("What became of any id: trace, span, session, user or response.").Produces<ApiLookup>();

    private static async Task<JsonHttpResult<ApiLookup>> FindAsync(
        [FromRoute(Name = "id"), Description("Any id.")] string id, HttpContext http, LookupQueries lookup, CancellationToken cancel)
    {
        const string Slash = "%2F";
        var found = await lookup.FindAsync(http.Caller().ReadScope, id, cancel);

        // Routing leaves an escaped slash as it came, and cannot say whether it was one or three characters of the id.
        if (found.Count == 0 && id.Contains(Slash, StringComparison.OrdinalIgnoreCase)) found = await lookup.FindAsync(http.Caller().ReadScope, id.Replace(Slash, "/", StringComparison.OrdinalIgnoreCase), cancel);
        return TypedResults.Json(new ApiLookup { Matches = [.. found.Select(ReadRecords.ToApi)] }, ApiJson.Default.ApiLookup);
    }
}
