using System.Globalization;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Callwatch.Server.Tests.Access;

/// <summary>A route with a method and a path that leads to it.</summary>
internal sealed record Route(HttpMethod Method, string Path, RouteAccess Access)
{
    /// <summary>A file of the dashboard: styles, scripts, icons.</summary>
    public bool IsAsset => System.IO.Path.HasExtension(Path) && Method != HttpMethod.Post;

    public static IReadOnlyList<Route> All(RunningServer server) =>
    [
        .. from endpoint in server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
           from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods is { Count: > 0 } methods ? methods : ["GET", "POST"]
           let access = endpoint.Metadata.GetMetadata<RouteAccess>()
           where access is not null
           select new Route(new HttpMethod(method), PathOf(endpoint), access),
    ];

    public override string ToString() => Method + " " + Path;

    private static string PathOf(RouteEndpoint endpoint) =>
        "/" + string.Join('/', endpoint.RoutePattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part switch
        {
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal => literal.Content,
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternSeparatorPart separator => separator.Content,
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart parameter => ValueFor(parameter.Name),
            _ => "",
        }))));

    // Something every constraint takes: hexadecimal digits of the right number for ids, a number elsewhere.
    private static string ValueFor(string parameter) =>
        parameter.Contains("trace", StringComparison.OrdinalIgnoreCase) ? new string('a', 32)
        : parameter.Contains("span", StringComparison.OrdinalIgnoreCase) ? new string('b', 16)
        : 1.ToString(CultureInfo.InvariantCulture);
}
