using Callwatch.Receive;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Callwatch.Server.Endpoints;

internal static class OtlpKestrel
{
    // Intake notices a slow body first and answers it; the web server ends what it cannot see.
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(5);

    /// <summary>The web server's limits for what a sender may take its time with.</summary>
    public static IServiceCollection AddReceiveLimits(this IServiceCollection services)
    {
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<ReceiveOptions>>((kestrel, receive) =>
        {
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(receive.Value.MinBytesPerSecond, receive.Value.SlowSenderAfter + Later);
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(30);
            kestrel.Limits.MaxRequestBodySize = receive.Value.MaxBodyBytes;
        });
        return services;
    }
}
