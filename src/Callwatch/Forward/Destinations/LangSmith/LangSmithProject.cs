using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.LangSmith;

/// <summary>Looks at the project: for the check, and for links, whose address holds ids that only the server knows.</summary>
internal sealed class LangSmithProject(LangSmithApi api)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(5);

    private volatile string? link;
    private DateTimeOffset nextLook = DateTimeOffset.MinValue;

    /// <summary>Null until the project has been seen.</summary>
    public string? Link => link;

    /// <summary>Looks for it once a minute until it is there: the server makes it with its first run, a while after it has taken it.</summary>
    public async Task LookAsync(CancellationToken cancel)
    {
        var now = api.Time.GetUtcNow();
        if (link is not null || now < nextLook) return;
        nextLook = now + BetweenLooks;
        using var limit = new CancellationTokenSource(LongestLook, api.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            using var response = await api.ProjectAsync(both.Token);
            if (response.IsSuccessStatusCode) Find(await PlatformAnswer.TextAsync(response, both.Token));
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel) || e is ObjectDisposedException)
        {
            // What was sent has arrived; a link can wait. The client may be gone when somebody asks for a link while the lane stops.
        }
    }

    public async Task<CheckResult> CheckAsync(CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            var info = await api.InfoAsync(cancel);
            using var response = await api.ProjectAsync(cancel);
            var text = await PlatformAnswer.TextAsync(response, cancel);
            return Result(response, text, info) with { Latency = Stopwatch.GetElapsedTime(started) };
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new CheckResult(false, PlatformAnswer.Trouble(e).Message);
        }
    }

    private CheckResult Result(HttpResponseMessage response, string text, LangSmithInfo? info)
    {
        var words = api.Answers.Words((int)response.StatusCode, text, response.ReasonPhrase);
        var server = info?.Version is { } version ? $" (LangSmith {version})" : "";
        return words.Status switch
        {
            200 when !IsList(text) => new CheckResult(false, "What answers at this address is no LangSmith; a self-hosted one is at https://HOST/api/v1."),
            200 when Find(text) => new CheckResult(true, $"Traces go to the project '{api.Project}'{server}.", link),
            200 => new CheckResult(true, $"The project '{api.Project}' will be made with the first trace{server}.", api.WebAddress),
            401 => new CheckResult(false, "LangSmith does not know this key; it may belong to another region. " + words.Message),
            403 when text.Contains("org_scoped_key_requires_workspace", StringComparison.Ordinal) => new CheckResult(false, "This key covers several workspaces: give 'workspace_id'."),
            403 => new CheckResult(false, "This key may not read projects. " + words.Message),
            404 => new CheckResult(false, "No LangSmith at this address; a self-hosted one is at https://HOST/api/v1."),
            >= 300 and < 400 => new CheckResult(false, "The address redirects, which is not followed because the key would go along; enter the address it points to."),
            _ => new CheckResult(false, $"LangSmith answered {words.Status}: {words.Message}"),
        };
    }

    private static bool IsList(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonArray;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    // An empty list means that there is none yet.
    private bool Find(string text)
    {
        try
        {
            if ((JsonNode.Parse(text) as JsonArray)?.FirstOrDefault() is not JsonObject found || (string?)found["id"] is not { } id || (string?)found["tenant_id"] is not { } workspace) return false;
            link = $"{api.WebAddress}/o/{workspace}/projects/p/{id}";
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
