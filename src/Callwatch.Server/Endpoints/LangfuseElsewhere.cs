using Callwatch.Control;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>What Langfuse's clients can ask besides and is not to be had here: each is told what to do instead.</summary>
internal static class LangfuseElsewhere
{
    private const string Media =
        "Files are not uploaded here: switch that off (LANGFUSE_MEDIA_UPLOAD_ENABLED=false, or mediaUploadEnabled: false), and images and sound stay in their messages, from which they are taken and kept.";

    private const string Prompts = "Prompts are not managed here: give the client that asks for them Langfuse's own address, and this one to the client that traces.";

    private const string Experiments = "Datasets, experiments and evaluations are not kept here: give the client that uses them Langfuse's own address, and this one to the client that traces.";

    private const string Reading = "What was sent is read by this server's own API: GET /api/v1/traces, /api/v1/calls, /api/v1/stats and the others of /openapi/v1.json.";

    private const string Scores = "Scores are sent with POST /api/public/scores; the same id again takes the place of the first. They are read with their trace: GET /api/v1/traces/{trace_id}.";

    private static readonly (string Route, string Cure)[] Routes =
    [
        ("media", Media),
        ("prompts", Prompts), ("v2/prompts", Prompts),
        ("datasets", Experiments), ("v2/datasets", Experiments), ("dataset-items", Experiments), ("dataset-run-items", Experiments), ("v2/evaluators", Experiments), ("annotation-queues", Experiments),
        ("scores", Scores), ("v2/scores", Scores), ("v3/scores", Scores), ("score-configs", Scores),
        ("traces", Reading), ("observations", Reading), ("v2/observations", Reading), ("sessions", Reading), ("metrics", Reading), ("v2/metrics", Reading), ("comments", Reading), ("models", Reading),
    ];

    public static void MapLangfuseElsewhere(this IEndpointRouteBuilder routes)
    {
        foreach (var (route, cure) in Routes)
        {
            routes.Map($"/api/public/{route}/{{**rest}}", () => Problems.Of(StatusCodes.Status404NotFound, "not_here", cure))
                .RequireScope(KeyScopes.Ingest | KeyScopes.IngestAny | KeyScopes.Read).ExcludeFromDescription();
        }
    }
}
