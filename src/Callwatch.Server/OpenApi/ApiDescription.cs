using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Query;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Callwatch.Server.OpenApi;

/// <summary>The OpenAPI document at <c>/openapi/v1.json</c>, made from the routes and the records they answer with.</summary>
internal static class ApiDescription
{
    private static readonly FrozenSet<Type> Asked =
    [
        typeof(ApiKeyWish), typeof(ApiNewName), typeof(ApiOwnPrices), typeof(ApiContinue), typeof(ApiBackupWish), typeof(ApiMessagePart),
        typeof(ApiDestinationWish), typeof(ApiReplayWish), typeof(ApiLetterChoice), typeof(ApiTracingWish), typeof(ApiFeedbackWish), typeof(ApiViewWish), typeof(ApiReindexWish),
        typeof(ApiRepriceWish), typeof(ApiRotationWish), typeof(ApiNewRetention), typeof(ApiRetentionDays), typeof(ApiAppRetention),
    ];

    public static IServiceCollection AddApiDescription(this IServiceCollection services)
    {
        // What the document says of names and types comes from these options; the endpoints write with the same context.
        services.Configure<Microsoft.AspNetCore.Http.Json.JsonOptions>(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
        });
        services.AddOpenApi("v1", document =>
        {
            document.ShouldInclude = api => api.RelativePath is { } path
                && (path.StartsWith("api/v1/", StringComparison.Ordinal) || path is "metrics" or "healthz" or "readyz" or "v1/traces" or "v1/logs" or "v1/metrics");
            document.AddDocumentTransformer((description, _, _) =>
            {
                Describe(description);
                return Task.CompletedTask;
            });
            document.AddSchemaTransformer((schema, context, _) =>
            {
                Describe(schema, context.JsonTypeInfo.Type);
                return Task.CompletedTask;
            });
            document.AddOperationTransformer((operation, context, _) =>
            {
                Describe(operation, context);
                return Task.CompletedTask;
            });
        });
        return services;
    }

    public static void MapApiDescription(this IEndpointRouteBuilder routes) => routes.MapOpenApi("/openapi/{documentName}.json").RequireScope(KeyScopes.Read);

    private static void Describe(OpenApiDocument document)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Callwatch",
            Version = SystemQueries.Version,
            Description = "Times are RFC 3339 in UTC, durations milliseconds, money US dollars; what is unknown is null. Errors are problem documents with a stable `code`.",
        };
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            ["key"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A key, `cw_...`; also as `x-api-key`. From this machine reading needs none." },
        };
        document.Servers = [];
    }

    // Answers name everything and write null for the unknown; what is asked may leave things out.
    private static void Describe(OpenApiSchema schema, Type type)
    {
        if (type == typeof(ProblemDetails))
        {
            schema.Properties ??= new Dictionary<string, IOpenApiSchema>();
            schema.Properties["code"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Stable name of the error." };
            schema.Properties["field"] = new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null, Description = "The parameter or field to blame." };
            schema.Properties["offset"] = new OpenApiSchema { Type = JsonSchemaType.Integer | JsonSchemaType.Null, Description = "The character of a filter to blame." };
        }
        else if (type == typeof(IReadOnlyDictionary<string, string>))
        {
            // Of a group by a field that not every call has.
            schema.AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null };
        }
        else if (type.Namespace == typeof(ApiSpan).Namespace && !Asked.Contains(type) && schema.Properties is { } properties)
        {
            schema.Required = properties.Keys.ToHashSet(StringComparer.Ordinal);
        }
    }

    private static void Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        foreach (var parameter in (operation.Parameters ?? []).OfType<OpenApiParameter>()) Describe(parameter);
        SendingDescription.Describe(operation, context.Description.RelativePath, context.Description.HttpMethod);
        var access = context.Description.ActionDescriptor.EndpointMetadata.OfType<RouteAccess>().LastOrDefault();
        if (access is null || access.AnyOf == KeyScopes.None) return;
        operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("key", context.Document)] = [] }];
        operation.Responses ??= [];
        operation.Responses.TryAdd("401", new OpenApiResponse { Description = "No key, or one that is not known." });
        operation.Responses.TryAdd("403", new OpenApiResponse { Description = "The key does not have one of the scopes: " + string.Join(", ", access.AnyOf.ToWords()) + "." });
        if (operation.RequestBody is null) return;
        operation.Responses.TryAdd("400", new OpenApiResponse { Description = "The body is not what it says it is." });
        operation.Responses.TryAdd("413", new OpenApiResponse { Description = "The body is too large." });
        operation.Responses.TryAdd("415", new OpenApiResponse { Description = "The body has another type, or is packed in another way, than the address takes." });
        operation.Responses.TryAdd("503", new OpenApiResponse { Description = "The disk has no room; Retry-After says when to come again." });
    }

    // Parameters are read as text, so that a wrong one is answered by name; what they are is said here.
    private static void Describe(OpenApiParameter parameter)
    {
        var schema = parameter.Name switch
        {
            "limit" => new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1" },
            "from" or "to" => new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time" },
            "sort" => Words("-end", "end", "-duration", "duration", "-ttft", "ttft", "-cost", "cost", "-total_tokens", "total_tokens"),
            "step" => Words("auto", "1m", "15m", "1h", "1d"),
            "format" => Words("jsonl", "csv", "otlp"),
            _ => null,
        };
        if (schema is not null) parameter.Schema = schema;
        parameter.Example = parameter.Name switch
        {
            "from" => "2026-09-17T00:00:00Z",
            "to" => "2026-09-18T00:00:00Z",
            "q" => "model:gpt-4o outcome:error latency>2s",
            "tz" => "Europe/Berlin",
            "field" => "model",
            "trace_id" => "4bf92f3577b34da6a3ce929d0e0e4736",
            "span_id" => "00f067aa0ba902b7",
            _ => parameter.Example,
        };
    }

    private static OpenApiSchema Words(params string[] words) => new() { Type = JsonSchemaType.String, Enum = [.. words.Select(word => (JsonNode)word)] };
}
