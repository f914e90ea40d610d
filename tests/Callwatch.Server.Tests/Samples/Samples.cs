using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Samples;

/// <summary>Callwatch and all samples, running beside each other.</summary>
internal sealed class Samples : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> running = new();
    private readonly TempFolder folder = new();
    private readonly HttpClient callwatch = new(new AskingAgain()) { Timeout = Patience.Long };

    public HttpClient Chat { get; } = new() { Timeout = Patience.Long };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="database">Null for a file of SQLite's.</param>
    public static async Task<Samples> StartAsync(string? database = null)
    {
        var all = new Samples();
        try
        {
            await all.BeginAsync(database ?? "Data Source=" + all.folder.At("chat.db"));
            return all;
        }
        catch
        {
            await all.DisposeAsync();
            throw;
        }
    }

    public async Task<(string Answer, string Message)> AskAsync(string conversation, string text, string user)
    {
        using var response = await Chat.PostAsJsonAsync(new Uri($"/conversations/{conversation}/messages", UriKind.Relative), new { text, user }, Cancel);
        var answer = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, answer);
        return (answer, response.Headers.GetValues("X-Message-Id").Single());
    }

    /// <summary>Completes when the worker has done its part.</summary>
    public Task NamedAsync(string conversation) => UntilAsync("the conversation has a name", async () =>
    {
        using var response = await Chat.GetAsync(new Uri($"/conversations/{conversation}/name", UriKind.Relative), Cancel);
        return response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync(Cancel) : null;
    });

    /// <summary>Completes when an id can be looked up.</summary>
    public Task FoundAsync(string id) => UntilAsync(id + " is known", async () => (await GetAsync("/api/v1/lookup/" + id))["matches"]!.AsArray() is { Count: > 0 } matches ? matches : null);

    /// <summary>The calls of both apps, once there are so many.</summary>
    public Task<List<JsonObject>> CallsAsync(int count) => UntilAsync($"{count} calls", async () =>
        Items(await GetAsync("/api/v1/calls?app=chat&app=worker"), "items") is { } calls && calls.Count >= count ? calls : null);

    /// <summary>The call of an app, once it is the one that was captured.</summary>
    public Task<JsonObject> RecordedAsync(string app) => UntilAsync("a recorded call of " + app, async () =>
        Items(await GetAsync("/api/v1/calls?app=" + app), "items").SingleOrDefault(call => (string?)call["call_source"] == "recorded"));

    /// <summary>The spans of a trace, once they are as wanted.</summary>
    public Task<List<JsonObject>> TraceAsync(string id, Func<List<JsonObject>, bool> wanted) => UntilAsync("the trace is whole", async () =>
        Items(await GetAsync("/api/v1/traces/" + id), "spans") is { } spans && wanted(spans) ? spans : null);

    public async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await callwatch.GetStringAsync(new Uri(path, UriKind.Relative), Cancel))!;

    public async ValueTask DisposeAsync()
    {
        while (running.TryPop(out var process)) await process.DisposeAsync();
        Chat.Dispose();
        callwatch.Dispose();
        folder.Dispose();
    }

    private async Task BeginAsync(string database)
    {
        var server = await CallwatchProcess.ServeAsync(folder.At("data"), [], ("Callwatch__Store__BatchDelay", "00:00:00"));
        running.Push(server);
        callwatch.BaseAddress = server.Url;
        var model = await SampleProcess.StartAsync("Model", folder.Path);
        running.Push(model);
        (string, string)[] settings =
        [
            ("Callwatch__Endpoint", server.Url.AbsoluteUri), ("ConnectionStrings__Chat", database), ("Model__Endpoint", new Uri(model.Url, "/v1").AbsoluteUri),
            ("Callwatch__Records__BatchDelay", "00:00:00.05"), ("OTEL_BATCH_EXPORT_SCHEDULE_DELAY", "50"),
        ];
        var chat = await SampleProcess.StartAsync("Chat", folder.Path, [.. settings, ("Callwatch__App", "chat")]);
        running.Push(chat);
        Chat.BaseAddress = chat.Url;
        running.Push(await SampleProcess.StartAsync("Worker", folder.Path, [.. settings, ("Callwatch__App", "worker")]));
    }

    private static List<JsonObject> Items(JsonNode answer, string name) => [.. answer[name]!.AsArray().Select(item => item!.AsObject())];

    private static Task<T> UntilAsync<T>(string what, Func<Task<T?>> ask)
        where T : class => Eventually.AnswersAsync(ask, () => what);
}
