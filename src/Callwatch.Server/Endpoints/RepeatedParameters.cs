using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Server.Endpoints;

/// <summary>
/// A parameter that has one value must not be given two: whichever were taken, somebody would believe the other. Pages are drawn by
/// whatever their address says, so that this is for the API alone.
/// </summary>
internal static class RepeatedParameters
{
    private static readonly string[] MayRepeat = ["app", "by"];

    public static void RefuseRepeatedParameters(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        // What is sent is not refused for what stands in its address.
        if (HttpMethods.IsGet(context.Request.Method) && context.Request.QueryString.HasValue && context.Request.Path.StartsWithSegments("/api/v1", StringComparison.OrdinalIgnoreCase))
        {
            foreach (var (name, values) in context.Request.Query)
                if (values.Count > 1 && !MayRepeat.Contains(name, StringComparer.OrdinalIgnoreCase))
                    return Problems.Unprocessable(name, $"'{name}' is given more than once; only {string.Join(" and ", MayRepeat)} may repeat.").ExecuteAsync(context);
        }

        return next(context);
    });
}
