using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

internal static class TenantEndpoints
{
    public static void MapTenants(this IEndpointRouteBuilder routes)
    {
        var tenants = routes.MapGroup("/api/v1/tenants").WithTags("Tenants").RequireScope(KeyScopes.Operator);
        tenants.MapGet("", List).WithName("ListTenants").Produces<ApiList<ApiTenant>>();
        tenants.MapPost("", CreateAsync).WithName("CreateTenant")
            .Accepts<ApiNewName>("application/json").Produces<ApiTenant>(StatusCodes.Status201Created).ProducesProblem(409).ProducesProblem(422);
    }

    private static JsonHttpResult<ApiList<ApiTenant>> List(Tenants tenants) =>
        TypedResults.Json(new ApiList<ApiTenant> { Items = [.. tenants.List().Select(ToApi)] }, ApiJson.Default.ApiListApiTenant);

    private static async Task<IResult> CreateAsync(HttpContext context, Tenants tenants, Keys keys)
    {
        var (body, problem) = await JsonBody.ReadAsync(context, ApiJson.Default.ApiNewName);
        if (body is null) return problem!;
        if (body.Name is null || !Tenants.IsLegalName(body.Name)) return Problems.Unprocessable("name", Tenants.LegalNames);
        return tenants.Create(body.Name, context.Caller().ToName(keys)) is { } tenant
            ? TypedResults.Json(ToApi(tenant), ApiJson.Default.ApiTenant, statusCode: StatusCodes.Status201Created)
            : Problems.Conflict("There is a tenant of that name.", "name_taken");
    }

    private static ApiTenant ToApi(Tenant tenant) => new(tenant.Id, tenant.Name);
}
