using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Control.Secrets;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>The keys that secrets are sealed with.</summary>
internal static class SecretsEndpoints
{
    public static void MapSecrets(this IEndpointRouteBuilder routes)
    {
        var secrets = routes.MapGroup("/api/v1/secrets").WithTags("Secrets").RequireScope(KeyScopes.Admin);
        secrets.MapGet("", Read).WithName("GetSecrets").WithSummary("How the secrets of destinations are kept; none of them is in it.").Produces<ApiSecrets>();
        secrets.MapPost("/rotate", RotateAsync).WithName("RotateSecrets").WithSummary("Seals secrets with other keys, while lanes run.")
            .Accepts<ApiRotationWish>("application/json").Produces<ApiRotation>().ProducesProblem(403).ProducesProblem(409).ProducesProblem(422);
    }

    private static JsonHttpResult<ApiSecrets> Read(HttpContext http, SecretsDesk desk) => TypedResults.Json(desk.State(http.Caller().TenantId).ToApi(), ApiJson.Default.ApiSecrets);

    private static async Task<IResult> RotateAsync(HttpContext http, SecretsDesk desk, Keys keys)
    {
        var (wish, problem) = await JsonBody.ReadAsync(http, ApiJson.Default.ApiRotationWish);
        if (wish is null) return problem!;
        var what = wish.What ?? "tenant";
        if (what is not ("tenant" or "all" or "master")) return Problems.Unprocessable("what", "It is tenant, all or master.");
        var caller = http.Caller();
        if (what != "tenant" && !caller.MayAnyOf(KeyScopes.Operator)) return Problems.Forbidden("The keys of every tenant are the operator's to change.");
        return desk.Rotate(what, caller.TenantId, caller.ToName(keys)) switch
        {
            RotationAnswer.Done done => TypedResults.Json(done.ToApi(what), ApiJson.Default.ApiRotation),
            RotationAnswer.Refused refused => Problems.Conflict(refused.Message, "cannot_rotate"),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }
}

/// <summary>Rotations as the API shows them, and as the command line asks for them.</summary>
public static class SecretsInApi
{
    /// <param name="what"><c>tenant</c>, <c>all</c> or <c>master</c>.</param>
    public static RotationAnswer Rotate(this SecretsDesk desk, string what, int tenantId, string who) => what switch
    {
        "master" => desk.RotateMasterKey(who),
        "all" => desk.RotateDataKeys(null, who),
        _ => desk.RotateDataKeys(tenantId, who),
    };

    public static ApiSecrets ToApi(this SecretsState state) => new(state.Source, state.MasterKeyId, state.DataKeys, state.Sealed, state.Locked, state.Problem);

    public static ApiRotation ToApi(this RotationAnswer.Done done, string what) => new(what, done.DataKeys, done.Secrets, done.Locked, done.MasterKeyId);
}
