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

    /// <summary>The body as it is, or the problem with it: for bodies in which a field left out and one that is null are not the same.</summary>
    public static async Task<(JsonElement? Value, ProblemHttpResult? Problem)> ReadObjectAsync(HttpContext context)
    {
        if (Prepare(context) is { } refusal) return (null, refusal);
        try
        {
            using var document = await JsonDocument.ParseAsync(context.Request.Body, new JsonDocumentOptions { AllowDuplicateProperties = false }, context.RequestAborted);
            return document.RootElement.ValueKind == JsonValueKind.Object && IsText(document.RootElement) ? (document.RootElement.Clone(), null) : (null, Malformed());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter where a name is no Unicode: names are read to see that none stands twice.
            return (null, Malformed());
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, TooLarge());
        }
    }

    /// <summary>The body, or the problem with it.</summary>
    public static async Task<(T? Value, ProblemHttpResult? Problem)> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class
    {
        if (Prepare(context) is { } refusal) return (null, refusal);
        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted) is { } value
                ? (value, null) : (null, Malformed());
        }
        catch (JsonException e) when (e.Path is { Length: > 2 } path)
        {
            return (null, Problems.Unprocessable(path[2..], "It is not of the type it must have."));
        }
        catch (JsonException)
        {
            return (null, Malformed());
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, TooLarge());
        }
    }

    private static ProblemHttpResult? Prepare(HttpContext context)
    {
        if (!context.Request.HasJsonContentType()) return Problems.Of(415, "unsupported_media_type", "The body must be JSON, with Content-Type: application/json.");
        if (Packed(context) is { } packed) return packed;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = MaxBytes;
        return null;
    }

    /// <summary>The problem with a body that is compressed, where none is taken so.</summary>
    internal static ProblemHttpResult? Packed(HttpContext context) =>
        context.Request.Headers.ContentEncoding.ToString() is { Length: > 0 } coding && !coding.Equals("identity", StringComparison.OrdinalIgnoreCase)
            ? Problems.Of(415, "unsupported_encoding", "This body is not taken compressed: send it without Content-Encoding.") : null;

    private static ProblemHttpResult Malformed() => Problems.Of(400, "malformed_json", "The body is no JSON object.");

    private static ProblemHttpResult TooLarge() => Problems.Of(413, "too_large", $"The body may have at most {MaxBytes} bytes.");

    // Half a surrogate pair, or bytes that are no UTF-8, are found only by whoever reads the text, and then with an exception.
    private static bool IsText(JsonElement root)
    {
        try
        {
            Read(root);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }

        static void Read(JsonElement element)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.String:
                    _ = element.GetString();
                    break;
                case JsonValueKind.Array:
                    foreach (var item in element.EnumerateArray()) Read(item);
                    break;
                case JsonValueKind.Object:
                    foreach (var property in element.EnumerateObject())
                    {
                        _ = property.Name;
                        Read(property.Value);
                    }

                    break;
            }
        }
    }
}
