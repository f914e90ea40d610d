using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Callwatch.Benchmarks.Reading;

/// <summary>How one question ended.</summary>
/// <param name="Trouble">Null where there was an answer.</param>
internal readonly record struct Asked(double Milliseconds, string? Trouble);

/// <summary>Asks as somebody who may see everything: with the key that lies in the folder.</summary>
internal sealed class PageAsker : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = true }) { Timeout = TimeSpan.FromMinutes(1) };

    public PageAsker(ServerProcess server)
    {
        http.BaseAddress = server.Url;
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", File.ReadAllText(Path.Combine(server.Data, "admin.key")).Trim());
    }

    /// <summary>Until the last byte is here; of a tail, which has none, until it has begun.</summary>
    public async Task<Asked> AskAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd(path.StartsWith("/api/", StringComparison.Ordinal) ? "application/json" : "text/html");
        var start = Stopwatch.GetTimestamp();
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        // What is not there is an answer too: no backup has been made, no image was sent.
        if (!response.IsSuccessStatusCode && (int)response.StatusCode != 404)
            return new Asked(Stopwatch.GetElapsedTime(start).TotalMilliseconds, $"{(int)response.StatusCode} {Beginning(await response.Content.ReadAsStringAsync())}");
        if (path != "/api/v1/tail") await response.Content.CopyToAsync(Stream.Null);
        return new Asked(Stopwatch.GetElapsedTime(start).TotalMilliseconds, null);
    }

    public async Task<JsonElement> JsonAsync(string path) => await http.GetFromJsonAsync<JsonElement>(path);

    /// <summary>Adds something to be looked at; its id.</summary>
    public async Task<string> AddAsync(string path, string body, string type)
    {
        using var content = new StringContent(body, Encoding.UTF8, type);
        using var response = await http.PostAsync(path, content);
        var said = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode) throw new InvalidOperationException($"{path}: {(int)response.StatusCode} {Beginning(said)}");
        using var document = JsonDocument.Parse(said);
        return document.RootElement.GetProperty("id").ToString();
    }

    public async Task RemoveAsync(string path)
    {
        using var response = await http.DeleteAsync(path);
        response.EnsureSuccessStatusCode();
    }

    public void Dispose() => http.Dispose();

    private static string Beginning(string text) => text[..Math.Min(text.Length, 160)];
}
