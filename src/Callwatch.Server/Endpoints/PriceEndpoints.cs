using System.Text.Json;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Normalize.Pricing;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

internal static class PriceEndpoints
{
    private const int MostBooks = 100;

    public static void MapPrices(this IEndpointRouteBuilder routes)
    {
        var prices = routes.MapGroup("/api/v1/prices").WithTags("Prices");
        prices.MapGet("", Get).RequireScope(KeyScopes.Read).WithName("GetPrices").Produces<ApiPrices>();

        // Prices are the instance's, so only its operator changes them.
        prices.MapPut("", PutAsync).RequireScope(KeyScopes.Operator).WithName("PutPrices").Accepts<ApiOwnPrices>("application/json").Produces<ApiPrices>().ProducesProblem(422);
    }

    private static JsonHttpResult<ApiPrices> Get(PriceBooks books, OwnPrices own, PriceHistory history)
    {
        var version = books.Version;
        using var entries = JsonDocument.Parse(own.Entries() ?? "[]"u8.ToArray());
        var list = history.List(MostBooks);
        return TypedResults.Json(
            new ApiPrices
            {
                Version = version,
                InForceSince = list[0].InForceSince.ToString(),
                Own = entries.RootElement.Clone(),
                Books = [.. list.Select(book => new ApiPriceBook(book.Version, book.InForceSince.ToString(), book.Own, book.File, book.BuiltIn))],
            },
            ApiJson.Default.ApiPrices);
    }

    private static async Task<IResult> PutAsync(HttpContext context, PriceBooks books, OwnPrices own, PriceHistory history, Keys keys)
    {
        var (body, problem) = await JsonBody.ReadAsync(context, ApiJson.Default.ApiOwnPrices);
        if (body is null) return problem!;
        if (body.Own is not { } entries) return Problems.Unprocessable("own", "It is missing: the list of own entries, which may be empty.");
        var by = new PricesChangedBy(context.Caller().TenantId, context.Caller().ToName(keys));
        return own.Put(entries, books, by) is PutPricesResult.Wrong wrong ? Problems.Unprocessable("own" + wrong.Path, $"It {wrong.Message}.") : Get(books, own, history);
    }
}
