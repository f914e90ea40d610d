using System.Diagnostics;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.Weave;

/// <summary>Asks the account for its entity and the trace server for the number of calls in the project: address, key and project, and nothing is left behind.</summary>
internal static class WeaveCheck
{
    public static async Task<CheckResult> OfAsync(WeaveApi api, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            return await ResultAsync(api, cancel) with { Latency = Stopwatch.GetElapsedTime(started) };
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new CheckResult(false, PlatformAnswer.Trouble(e).Message);
        }
    }

    private static async Task<CheckResult> ResultAsync(WeaveApi api, CancellationToken cancel)
    {
        switch (await api.FindEntityAsync(cancel))
        {
            case Delivery.Blocked blocked:
                return new CheckResult(false, blocked.Words.Message);
            case Delivery.TryAgain trouble:
                return new CheckResult(false, $"The account answered {trouble.Words.Status}: {trouble.Words.Message}");
            case not null:
                return new CheckResult(false, "The account did not answer.");
        }

        using var response = await api.CountAsync(cancel);
        var text = await PlatformAnswer.TextAsync(response, cancel);
        var words = api.Answers.Words((int)response.StatusCode, text, response.ReasonPhrase);
        return words.Status switch
        {
            200 when text.Contains("\"count\"", StringComparison.Ordinal) => new CheckResult(true, $"Traces go to {api.ProjectId}.", api.ProjectUrl),
            200 => new CheckResult(false, "What answers at this address is no Weave trace server; that of a self-managed W&B is at https://HOST/traces."),
            401 => new CheckResult(false, "W&B does not know this key. " + words.Message),
            403 => new CheckResult(false, $"This key may not use {api.ProjectId}. " + words.Message),
            404 when text.Contains("reason", StringComparison.Ordinal) => new CheckResult(true, $"The project {api.ProjectId} will be made with the first trace.", api.ProjectUrl),
            404 => new CheckResult(false, "No Weave trace server at this address; that of a self-managed W&B is at https://HOST/traces."),
            >= 300 and < 400 => new CheckResult(false, "The address redirects, which is not followed because the key would go along; enter the address it points to."),
            _ => new CheckResult(false, $"Weave answered {words.Status}: {words.Message}"),
        };
    }
}
