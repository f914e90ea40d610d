using System.Net;
using Callwatch.Control;

namespace Callwatch.Cli.Connecting;

/// <summary>The admin key of a server on this machine. It is only ever sent to loopback.</summary>
internal static class LocalKey
{
    /// <summary>Null when the server is elsewhere, or this account may not read its key.</summary>
    public static string? Of(Uri server)
    {
        if (!server.IsLoopback) return null;
        var folders = new[] { LocalServers.DataFolderOf(server.Port), Environment.GetEnvironmentVariable("Callwatch__Data"), "callwatch-data" };
        return folders.Where(folder => !string.IsNullOrWhiteSpace(folder)).Select(folder => In(folder!)).FirstOrDefault(key => key is not null);
    }

    private static string? In(string folder)
    {
        try
        {
            var file = Path.Combine(folder, FirstStart.AdminKeyFileName);
            return File.Exists(file) && File.ReadAllText(file).Trim() is var key && KeySecret.LooksRight(key) ? key : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>Sends the key. One that was found and not given may be of another server: when it is refused, the request goes again without it.</summary>
internal sealed class KeyHandler(string? key, bool found, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private bool useless;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (key is not null && !useless) request.Headers.Authorization = new("Bearer", key);
        var response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode != HttpStatusCode.Unauthorized || !found || useless || key is null) return response;
        useless = true;
        response.Dispose();
        request.Headers.Authorization = null;
        return await base.SendAsync(request, cancellationToken);
    }
}
