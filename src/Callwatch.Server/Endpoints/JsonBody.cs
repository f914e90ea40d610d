using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Callwatch.Server.Endpoints;

/// <summary>Reads the JSON body of a request that configures something; such bodies are small.</summary>
internal static class JsonBody
{
    private const long MaxBytes = 4 * 1024 * 1024;

    /// <summary>The body, or the problem with it.</summary>
    public static async Task<(T? Value, ProblemHttpResult? Problem)> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class
    {
        if (!context.Request.HasJsonContentType()) return (null, Problems.Of(415, "unsupported_media_type", "The body must be JSON, with Content-Type: application/json."));
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = MaxBytes;
        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted) is { } value
                ? (value, null) : (null, Problems.Unprocessable("", "The body must be an object."));
        }
        catch (JsonException e) when (e.Path is { Length: > 2 } path)
        {
            return (null, Problems.Unprocessable(path[2..], "It is not of the type it must have."));
        }
        catch (JsonException)
        {
            return (null, Problems.Of(400, "malformed_json", "The body is no JSON object."));
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, Problems.Of(413, "too_large", $"The body may have at most {MaxBytes} bytes."));
        }
    }
}
