using System.Text.Json;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>The keys of the caller's tenant.</summary>
internal static class KeyEndpoints
{
    private const int MostBytes = 64 * 1024;

    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup("/api/v1/keys").WithTags("Keys").RequireScope(KeyScopes.Admin);
        keys.MapGet("", List).WithName("ListKeys").Produces<ApiList<ApiAccessKey>>();
        keys.MapPost("", CreateAsync).WithName("CreateKey").Accepts<ApiKeyWish>("application/json").Produces<ApiNewAccessKey>(StatusCodes.Status201Created);
        keys.MapDelete("/{id:int}", Revoke).WithName("RevokeKey");
    }

    private static JsonHttpResult<ApiList<ApiAccessKey>> List(HttpContext http, Keys keys, Apps apps) =>
        TypedResults.Json(new ApiList<ApiAccessKey> { Items = [.. keys.List(http.Caller().TenantId).Select(key => key.ToApi(apps))] }, ApiJson.Default.ApiListApiAccessKey);

    private static async Task<IResult> CreateAsync(HttpContext http, KeyDesk desk, Apps apps, Keys keys)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = MostBytes;
        if (!http.Request.HasJsonContentType()) return Problems.Of(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "Send JSON as application/json.");
        if (JsonBody.Packed(http) is { } packed) return packed;
        ApiKeyWish? wish;
        try
        {
            wish = await JsonSerializer.DeserializeAsync(http.Request.Body, ApiJson.Default.ApiKeyWish, http.RequestAborted);
        }
        catch (JsonException e)
        {
            return Problems.Unprocessable(e.Path?.TrimStart('$', '.') is { Length: > 0 } field ? field : "body", "This is not the JSON of a key: {\"app\": \"...\", \"scopes\": [\"...\"], \"label\": \"...\"}.");
        }

        var caller = http.Caller();
        return desk.Make(caller.TenantId, new KeyWish(wish?.App, wish?.Scopes ?? [], wish?.Label), caller.Scopes, caller.ToName(keys)) switch
        {
            KeyWishAnswer.Made made => Created(http, made.Key.ToApi(apps)),
            KeyWishAnswer.Refused refused => Problems.Unprocessable(refused.Field, refused.Message),
            KeyWishAnswer.Full full => Problems.Conflict($"The tenant has {full.Most} keys in force, and no more are allowed: revoke one.", "too_many_keys"),
            KeyWishAnswer.Beyond beyond => Problems.Forbidden($"Only a key that has it may give the scope {string.Join(", ", beyond.Scopes.ToWords())}."),
            _ => throw new InvalidOperationException("A wish has no other answer."),
        };
    }

    private static IResult Revoke(HttpContext http, int id, Keys keys) =>
        keys.Revoke(http.Caller().TenantId, id, http.Caller().ToName(keys)) ? TypedResults.NoContent() : Problems.NotFound("No key has this number.");

    private static JsonHttpResult<ApiNewAccessKey> Created(HttpContext http, ApiNewAccessKey key)
    {
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(key, ApiJson.Default.ApiNewAccessKey, statusCode: StatusCodes.Status201Created);
    }
}

/// <summary>Keys as the API shows them.</summary>
public static class KeysInApi
{
    public static ApiAccessKey ToApi(this ApiKey key, Apps apps) => new()
    {
        Id = key.Id,
        App = key.AppId is { } app ? apps.NameOf(app) : null,
        Scopes = key.Scopes.ToWords(),
        Prefix = key.Prefix,
        Label = key.Label,
        CreatedAt = key.CreatedAt.ToString(),
        RevokedAt = key.RevokedAt?.ToString(),
    };

    public static ApiNewAccessKey ToApi(this NewKey made, Apps apps)
    {
        var key = made.Key.ToApi(apps);
        return new ApiNewAccessKey
        {
            Id = key.Id,
            App = key.App,
            Scopes = key.Scopes,
            Prefix = key.Prefix,
            Label = key.Label,
            CreatedAt = key.CreatedAt,
            Secret = made.Secret,
        };
    }
}
