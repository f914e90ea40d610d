using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Callwatch.Client.Api;

namespace Callwatch.Benchmarks.Forwarding;

/// <summary>The server's destinations, over its API.</summary>
internal sealed class Desk(HttpClient http)
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);

    private readonly CallwatchApi api = new(http);
    private int added;

    /// <summary>Speaks with the key that the first start has made.</summary>
    public static async Task<HttpClient> ClientAsync(ServerProcess server)
    {
        var http = new HttpClient { BaseAddress = server.Url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(server.Data, "admin.key"))).Trim());
        return http;
    }

    public async Task<int> AddAsync(string kind, JsonObject config)
    {
        using var response = await http.PostAsJsonAsync("api/v1/destinations", new JsonObject { ["name"] = $"{kind} {Interlocked.Increment(ref added)}", ["kind"] = kind, ["config"] = config });
        var answer = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode ? (int)JsonNode.Parse(answer)!["id"]! : throw new InvalidOperationException(answer);
    }

    public Task PauseAsync(int id) => DoAsync(id, "pause");

    public Task ResumeAsync(int id) => DoAsync(id, "resume");

    public async Task<ApiDestinationStatus> StatusAsync(int id) =>
        await api.DestinationStatusAsync(id) is ApiAnswer<ApiDestinationStatus>.Found { Value: var status } ? status : throw new InvalidOperationException("the status does not answer");

    /// <summary>Until nothing waits and something was sent, looking each time.</summary>
    public async Task<ApiDestinationStatus> DrainedAsync(int id, Action? look = null)
    {
        while (true)
        {
            look?.Invoke();
            var status = await StatusAsync(id);
            if (status.State == "blocked" || status.Refused > 0) throw new InvalidOperationException($"{status.State}, {status.Refused} refused: {status.LastError?.Message}");
            if (status is { Backlog: 0, State: "idle" }) return status;
            await Task.Delay(Between);
        }
    }

    /// <summary>Until so many wait, and the server has done with all else: stored what came, and nearly no use of the processor for a second.</summary>
    public async Task WaitingAsync(int id, long traces, ServerProcess server)
    {
        while ((await StatusAsync(id)).Backlog < traces || !await ReadAsync()) await Task.Delay(Between);
        await QuietAsync(server);
    }

    /// <summary>Until all but less than a window of the journal is sealed, and the server has done with it.</summary>
    public async Task SealedAsync(long windowBytes, ServerProcess server)
    {
        while (await api.SystemAsync() is not ApiAnswer<ApiSystem>.Found { Value.Journal: { SealedBytes: > 0 } journal } || journal.ToSealBytes >= windowBytes) await Task.Delay(Between);
        await QuietAsync(server);
    }

    private async Task<bool> ReadAsync() => await api.SystemAsync() is ApiAnswer<ApiSystem>.Found { Value: var system } && system.Readers.All(reader => reader.Lag == 0);

    private static async Task QuietAsync(ServerProcess server)
    {
        for (var i = 0; i < 30; i++)
        {
            var before = server.CpuTime;
            await Task.Delay(TimeSpan.FromSeconds(1));
            if (server.CpuTime - before < TimeSpan.FromMilliseconds(50)) return;
        }
    }

    private async Task DoAsync(int id, string what)
    {
        using var response = await http.PostAsync(new Uri($"api/v1/destinations/{id}/{what}", UriKind.Relative), content: null);
        response.EnsureSuccessStatusCode();
    }
}
