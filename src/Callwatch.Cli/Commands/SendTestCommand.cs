using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Callwatch.Cli.Connecting;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;
using Callwatch.Diagnose;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch send-test</c>: sends a trace by the same door as everybody and follows it until it can be queried.</summary>
internal static class SendTestCommand
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);

    public static Command Create()
    {
        var app = new Option<string>("--app") { Description = "The app it says it is; a key made for one app goes before it", HelpName = "NAME", DefaultValueFactory = _ => TestTrace.App };
        var follow = new Option<bool>("--follow") { Description = "Go on to the end of each lane: what every destination made of it" };
        var timeout = new Option<int>("--timeout") { Description = "Most seconds to wait until it can be queried, and with --follow until every lane is done with it", HelpName = "SECONDS", DefaultValueFactory = _ => 15 };
        timeout.Validators.Add(result =>
        {
            if (result.Tokens.Count == 0 || (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 600)) return;
            result.AddError("--timeout takes whole seconds from 1 to 600.");
        });
        var command = new Command("send-test", "Send a marked trace with a model call and follow it until it can be queried, or to the end of each lane. Exit code 1 when it does not get there.") { app, follow, timeout };
        ServerOptions.Act(command, (parsed, link, cancel) => SendAsync(link, parsed.GetRequiredValue(app), parsed.GetValue(follow), TimeSpan.FromSeconds(parsed.GetValue(timeout)), TimeProvider.System, cancel));
        return command;
    }

    private static async Task<int> SendAsync(ServerLink link, string app, bool follow, TimeSpan timeout, TimeProvider time, CancellationToken cancel)
    {
        var trace = TestTrace.Make(app, time);
        var clock = Stopwatch.StartNew();
        using var content = new ByteArrayContent(trace.Body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        using var response = await link.Http.PostAsync(new Uri("v1/traces", UriKind.Relative), content, cancel);
        if (!response.IsSuccessStatusCode) return await link.RefusedAsync(response, null, cancel);
        // Anything may answer 200 at a wrong address.
        if (response.Content.Headers.ContentType?.MediaType != "application/json") throw new JsonException();
        Say(link, clock, $"accepted, and on disk    {trace.TraceId}");
        while (true)
        {
            switch (await link.Api.TraceAsync(trace.TraceId.ToString(), cancel: cancel))
            {
                case ApiAnswer<ApiTrace>.Found { Value: var found } when found.Trace.SpanCount == 2 && found.Trace.CallCount == 1:
                    var shown = follow && link.Json ? CommandLine.Fine : await ShowAsync(link, clock, found, cancel);
                    return !follow || shown != CommandLine.Fine ? shown : await FollowTrace.ToTheEndAsync(link, clock, found.Trace.TraceId, timeout, time, cancel);
                case ApiAnswer<ApiTrace>.Refused { Problem: var problem } when problem.Status != 404:
                    await Console.Error.WriteLineAsync("callwatch: the trace was accepted, but this key may not look at it:");
                    return Refusal.Tell(problem);
            }

            if (clock.Elapsed > timeout)
            {
                await Console.Error.WriteLineAsync($"callwatch: accepted, but not to be queried within {timeout.TotalSeconds:0} s. See: callwatch status; callwatch lookup {trace.TraceId}");
                return CommandLine.Failed;
            }

            await Task.Delay(Between, time, cancel);
        }
    }

    private static async Task<int> ShowAsync(ServerLink link, Stopwatch clock, ApiTrace found, CancellationToken cancel)
    {
        var path = $"api/v1/traces/{found.Trace.TraceId}";
        if (link.Json) return await ServerLink.PassOnAsync(await link.Http.GetAsync(new Uri(path, UriKind.Relative), cancel), cancel);
        Say(link, clock, "can be queried");
        Screen.Line("");
        TraceCommand.Show(found);
        Screen.Line("");
        Screen.Line($"{link.Address}traces/{found.Trace.TraceId}");
        return CommandLine.Fine;
    }

    private static void Say(ServerLink link, Stopwatch clock, string what)
    {
        if (!link.Json) Screen.Line(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds,6:0.000} s  {what}"));
    }
}
