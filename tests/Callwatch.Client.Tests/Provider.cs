using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Callwatch.Client.Tests;

/// <summary>A model provider on loopback that answers as it is told.</summary>
internal sealed class Provider : IAsyncDisposable
{
    private readonly WebApplication app;

    private Provider(WebApplication app) => this.app = app;

    public Uri Url => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public List<(string Path, byte[] Body, IHeaderDictionary Headers)> Requests { get; } = [];

    /// <summary>Is shown each request.</summary>
    public Action<string, byte[]>? Received { get; set; }

    public static async Task<Provider> StartAsync(Func<HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var provider = new Provider(app);
        app.Run(async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            // A copy: the server uses the dictionary again for the next request.
            var headers = new HeaderDictionary(http.Request.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase));
            lock (provider.Requests) provider.Requests.Add((http.Request.Path, body.ToArray(), headers));
            provider.Received?.Invoke(http.Request.Path, body.ToArray());
            await answer(http);
        });
        await app.StartAsync();
        return provider;
    }

    public static Task<Provider> StartAsync(string type, string body, int status = 200) => StartAsync(async http =>
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body));
    });

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
