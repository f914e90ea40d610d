using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Callwatch.Journal;
using Callwatch.Search;
using Callwatch.Server.Tests.Receive;
using Callwatch.Store;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Reading;

/// <summary>Asks the reading API of a running server as a stranger would: over HTTP, by the names of the contract.</summary>
internal static class Reading
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Completes when everything that has been acknowledged can be queried.</summary>
    public static Task StoredAsync(this RunningServer server) =>
        server.Services.GetRequiredService<StoreProgress>().ReachedAsync(server.Services.GetRequiredService<IJournal>().Head.Number, Cancel);

    /// <summary>Completes when everything that has been acknowledged can be found by its words.</summary>
    public static Task IndexedAsync(this RunningServer server) =>
        server.Services.GetRequiredService<SearchProgress>().ReachedAsync(server.Services.GetRequiredService<IJournal>().Head.Number, Cancel);

    public static async Task<JsonNode> GetAsync(this RunningServer server, string path, string? key = null)
    {
        using var response = await server.AskAsync(path, key);
        var text = await response.TextAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path}: {(int)response.StatusCode} {text}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return JsonNode.Parse(text)!;
    }

    public static async Task<HttpResponseMessage> AskAsync(this RunningServer server, string path, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return await server.Http.SendAsync(request, Cancel);
    }

    /// <summary>All items of a list, page by page.</summary>
    public static async Task<List<JsonObject>> AllAsync(this RunningServer server, string path, string? key = null)
    {
        var items = new List<JsonObject>();
        string? cursor = null;
        do
        {
            var page = await server.GetAsync(path + (cursor is null ? "" : (path.Contains('?') ? "&" : "?") + "cursor=" + cursor), key);
            items.AddRange(page["items"]!.AsArray().Select(item => item!.AsObject()));
            cursor = (string?)page["next"];
        }
        while (cursor is not null);
        return items;
    }

    public static async Task<JsonNode> ProblemAsync(this RunningServer server, string path, HttpStatusCode status, string? key = null)
    {
        using var response = await server.AskAsync(path, key);
        var text = await response.TextAsync();
        Assert.True(response.StatusCode == status, $"{path}: {(int)response.StatusCode} {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonNode.Parse(text)!;
        Assert.False(string.IsNullOrEmpty((string?)problem["code"]));
        return problem;
    }

    public static double Number(this JsonNode node) => double.Parse(node.ToJsonString(), CultureInfo.InvariantCulture);
}
