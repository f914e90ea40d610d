using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Callwatch.Server.Hosting;

internal static class PathBaseSetup
{
    /// <summary>Serves under <c>Callwatch:Http:PathBase</c> too, for a reverse proxy that passes the path on as it came.</summary>
    public static void UseConfiguredPathBase(this WebApplication app)
    {
        var path = app.Services.GetRequiredService<IOptions<HttpOptions>>().Value.PathBase;
        if (path is "" or "/") return;
        if (path[0] != '/' || path.EndsWith('/') || path.Contains("//", StringComparison.Ordinal) || !Uri.IsWellFormedUriString(path, UriKind.Relative))
            throw new StartRefusedException(new StartRefusal.BadSetting(HttpOptions.Section + ":PathBase", $"is \"{path}\"", "Write it with a slash in front and none at the end, as in /callwatch."));
        app.UsePathBase(path);
    }
}
