using System.Net.Http.Headers;
using Callwatch.Control;
using Microsoft.Extensions.DependencyInjection;

namespace Callwatch.Server.Tests.Access;

/// <summary>Keys of a running server, and requests that carry them.</summary>
internal static class Key
{
    public static string AdminOf(RunningServer server) => File.ReadAllText(Path.Combine(server.DataFolder, "admin.key")).Trim();

    public static string Make(RunningServer server, KeyScopes scopes, string? app = null, int tenant = Tenants.DefaultId)
    {
        int? appId = app is null ? null : server.Services.GetRequiredService<Apps>().AppIdOf(tenant, app);
        return server.Services.GetRequiredService<Keys>().Create(tenant, appId, scopes, label: null).Secret;
    }

    public static HttpRequestMessage With(string? secret, HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        if (secret is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }
}
