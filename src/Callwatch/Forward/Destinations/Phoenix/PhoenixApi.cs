using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.Phoenix;

/// <summary>The routes of Phoenix that are no OTLP.</summary>
internal sealed class PhoenixApi(HttpClient http, string endpoint, string? apiKey, string project, IReadOnlyDictionary<string, string> headers, PlatformAnswer answers)
{
    private string ProjectUrl => $"{endpoint}/redirects/projects/{Uri.EscapeDataString(project)}";

    public async Task<Delivery> AnnotateAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, endpoint + "/v1/span_annotations?sync=false") { Content = new ByteArrayContent(PhoenixAnnotations.Request(items)) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            AddHeaders(request);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);

            // A server without this route takes spans all the same: that must not stop the lane.
            return (int)response.StatusCode is 404 or 405 ? new Delivery.Refused(await answers.WordsAsync(response, cancel)) : await answers.UsualAsync(response, cancel);
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new Delivery.TryAgain(PlatformAnswer.Trouble(e));
        }
    }

    /// <summary>Asks for projects with the key: an export is answered with 200 before anything of it is looked at.</summary>
    public async Task<CheckResult> CheckAsync(CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            using var response = await GetAsync("/v1/projects?limit=1", cancel);
            var text = await PlatformAnswer.TextAsync(response, cancel);
            var words = answers.Words((int)response.StatusCode, text, response.ReasonPhrase);
            return (int)response.StatusCode switch
            {
                200 when IsList(text) => new CheckResult(true, $"Phoenix answers; traces go to the project '{project}'.", ProjectUrl, Stopwatch.GetElapsedTime(started)),
                401 => new CheckResult(false, apiKey is null ? "Phoenix asks for a key." : "Phoenix does not know this key. " + words.Message),
                403 => new CheckResult(false, "This key may not read projects. " + words.Message),
                >= 300 and < 400 => new CheckResult(false, "The address redirects; enter the one it points to."),
                200 or 404 => await OlderAsync(started, cancel),
                _ => new CheckResult(false, $"Phoenix answered {words.Status}: {words.Message}"),
            };
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new CheckResult(false, PlatformAnswer.Trouble(e).Message);
        }
    }

    // Servers that list no projects answer every unknown address with their page; all of them tell their version.
    private async Task<CheckResult> OlderAsync(long started, CancellationToken cancel)
    {
        using var response = await GetAsync("/arize_phoenix_version", cancel);
        var version = (await PlatformAnswer.TextAsync(response, cancel)).Trim();
        return response.IsSuccessStatusCode && version.Length is > 0 and < 40 && char.IsAsciiDigit(version[0])
            ? new CheckResult(true, $"Phoenix {version} answers. It is too old to tell whether it knows the key.", ProjectUrl, Stopwatch.GetElapsedTime(started))
            : new CheckResult(false, "No Phoenix at this address: check host, port and path.");
    }

    private async Task<HttpResponseMessage> GetAsync(string path, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, endpoint + path);
        AddHeaders(request);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
    }

    private void AddHeaders(HttpRequestMessage request)
    {
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
    }

    private static bool IsList(string text)
    {
        try
        {
            return JsonNode.Parse(text)?["data"] is JsonArray;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
