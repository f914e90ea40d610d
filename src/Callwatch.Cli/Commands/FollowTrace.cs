using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Callwatch.Cli.Connecting;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands;

/// <summary>Follows a trace to the end of each lane: delivered, refused, left out, or where it stands still and why.</summary>
internal static class FollowTrace
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(250);

    /// <summary>Exit code 1 when a platform did not take it.</summary>
    public static async Task<int> ToTheEndAsync(ServerLink link, Stopwatch clock, string traceId, TimeSpan timeout, TimeProvider time, CancellationToken cancel)
    {
        var told = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            var path = $"api/v1/lookup/{traceId}";
            if (await link.Api.GetAsync(path, ApiJson.Default.ApiLookup, cancel) is not ApiAnswer<ApiLookup>.Found { Value: { Matches: [var match, ..] } answer })
            {
                await Console.Error.WriteLineAsync($"callwatch: nothing is known of {traceId} any more.");
                return CommandLine.Failed;
            }

            foreach (var step in match.Steps.Where(step => step.Step is "settled" or "delivered" && !IsOnItsWay(step)))
                if (told.Add(step.Step + " " + step.Destination) && !link.Json) Screen.Line(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds,6:0.000} s  {Plain.Text(Told(step))}"));

            if (!match.Steps.Any(IsOnItsWay))
            {
                if (link.Json) Console.WriteLine(JsonSerializer.Serialize(answer, ApiJson.Default.ApiLookup));
                else if (match.Steps.All(step => step.Step != "delivered")) Screen.Line("no destination carries it on");
                return match.Steps.Any(IsTrouble) ? CommandLine.Failed : CommandLine.Fine;
            }

            if (clock.Elapsed > timeout)
            {
                await Console.Error.WriteLineAsync($"callwatch: not at the end of every lane within {timeout.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s: {string.Join(", ", match.Steps.Where(IsOnItsWay).Select(step => $"{step.Destination ?? step.Step} {step.Reason}".Trim()))}. See: callwatch lookup {traceId}");
                return CommandLine.Failed;
            }

            await Task.Delay(Between, time, cancel);
        }
    }

    private static bool IsOnItsWay(ApiLookupStep step) => step.State == "waiting" && step.Reason is not ("paused" or "blocked" or "retrying");

    private static bool IsTrouble(ApiLookupStep step) => step.State is "refused" or "expired" || step.Reason is "blocked" or "retrying";

    private static string Told(ApiLookupStep step) => step switch
    {
        { Step: "settled" } => "settled",
        { State: "done" } => $"delivered to {step.Destination}",
        { State: "left_out" } => $"left out by {step.Destination}: its filter, its sample, or it began later",
        { State: "refused" } => $"refused by {step.Destination}: {step.Reason}",
        { State: "expired" } => $"not delivered to {step.Destination}: {step.Reason}",
        { Reason: "paused" } => $"waits: {step.Destination} is paused or switched off",
        _ => $"waits: {step.Destination} is {step.Reason}; see callwatch destinations status",
    };
}
