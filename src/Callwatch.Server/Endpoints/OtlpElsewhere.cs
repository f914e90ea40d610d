using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>Where SDKs send in formats of their own: they learn how to send OTLP instead.</summary>
internal static class OtlpElsewhere
{
    public static void MapNotOtlp(this IEndpointRouteBuilder routes)
    {
        const string LangSmith = "LangSmith's own upload format is not taken here. Switch the SDK to OpenTelemetry (LANGSMITH_OTEL_ENABLED=true) and export to /v1/traces.";
        routes.MapHint("/runs/multipart", LangSmith);
        routes.MapHint("/runs/batch", LangSmith);
        routes.MapHint("/runs", LangSmith);
        const string Sentry = "Sentry's envelopes are not taken here. Export the same spans with OpenTelemetry (OTLP) to /v1/traces.";
        routes.MapHint("/api/{project}/envelope", Sentry);
        routes.MapHint("/api/{project}/store", Sentry);
    }

    private static void MapHint(this IEndpointRouteBuilder routes, string path, string hint) =>
        routes.MapPost(path, () => Problems.NotFound(hint, "not_otlp")).AllowAnyone().ExcludeFromDescription();
}
