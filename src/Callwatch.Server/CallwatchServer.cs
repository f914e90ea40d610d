using Microsoft.AspNetCore.Builder;

namespace Callwatch.Server;

/// <summary>The web host: services in the order of the way, then access, then endpoints.</summary>
public static class CallwatchServer
{
    /// <summary>Builds the whole server; the caller runs it.</summary>
    public static WebApplication Build(WebApplicationBuilder builder)
    {
        builder.Services.AddCallwatch();
        var app = builder.Build();
        return app;
    }
}
