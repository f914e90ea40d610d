using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Query.Filters;
using Callwatch.Server.Access;
using Callwatch.Spans;
using Callwatch.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Callwatch.Server.Endpoints;

/// <summary>
/// The calls as they are stored, as server-sent events: <c>event: call</c> with the call as JSON, <c>event: skipped</c> with a count when
/// the listener does not keep up, and a comment every 15 s so that nobody between takes the silence for an end.
/// </summary>
internal static class TailEndpoint
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public static void MapTail(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/tail", FollowAsync).RequireScope(KeyScopes.Read).WithTags("Calls").WithName("TailCalls")
            .WithSummary("The LLM calls as they are stored, as server-sent events.").Produces(200, contentType: "text/event-stream").ProducesProblem(422);

    private static async Task<IResult> FollowAsync(
        HttpContext http, StoredCalls stored, Apps apps, TimeProvider time, IHostApplicationLifetime life,
        [FromQuery(Name = "app"), Description("Name of an app; may repeat. Default: all.")] string[]? app,
        [FromQuery(Name = "q"), Description("A filter.")] string? q)
    {
        if (FilterParser.Parse(q) is FilterResult.Wrong wrong) return Problems.Unprocessable("q", wrong.Message, wrong.Offset, "bad_filter");
        var filter = ((FilterResult.Parsed)FilterParser.Parse(q)).Filter;
        var scope = http.Caller().ReadScope;
        var names = (app ?? []).Where(name => name.Length > 0).ToHashSet(StringComparer.Ordinal);
        bool Wanted(Span call) => call.TenantId == scope.TenantId && (scope.OnlyAppId is null || scope.OnlyAppId == call.AppId)
            && (names.Count == 0 || names.Contains(apps.NameOf(call.AppId))) && filter.Matches(call, apps.NameOf(call.AppId), isCall: true);

        using var calls = stored.TrySubscribe(scope.TenantId);
        if (calls is null)
            return Problems.TryLater(StatusCodes.Status429TooManyRequests, "too_many_listeners", $"{StoredCalls.MostPerTenant} listen already.", TimeSpan.FromSeconds(10));

        // A listener stays for hours: the server's stop must not wait for it.
        using var until = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, life.ApplicationStopping);
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        if (http.IsHead()) return Results.Empty;
        try
        {
            await http.Response.WriteAsync(": listening\n\n", until.Token);
            await http.Response.Body.FlushAsync(until.Token);
            await SendAsync(http.Response, calls, Wanted, apps, time, until.Token);
        }
        catch (OperationCanceledException)
        {
            // The listener has gone, or the server is stopping.
        }

        return Results.Empty;
    }

    private static async Task SendAsync(HttpResponse response, StoredCalls.Subscription calls, Func<Span, bool> wanted, Apps apps, TimeProvider time, CancellationToken cancel)
    {
        long skipped = 0;
        while (!cancel.IsCancellationRequested)
        {
            if (!await ComesAsync(calls, time, cancel))
            {
                await response.WriteAsync(": \n\n", cancel);
            }
            else
            {
                while (calls.Calls.TryRead(out var call))
                    if (wanted(call)) await response.WriteAsync("event: call\ndata: " + JsonSerializer.Serialize(call.ToApi(apps), ApiJson.Default.ApiSpan) + "\n\n", cancel);
            }

            if (calls.Dropped is var dropped && dropped > skipped)
            {
                await response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"event: skipped\ndata: {{\"count\":{dropped - skipped}}}\n\n"), cancel);
                skipped = dropped;
            }

            await response.Body.FlushAsync(cancel);
        }
    }

    /// <summary>False when it is time for a sign of life.</summary>
    private static async Task<bool> ComesAsync(StoredCalls.Subscription calls, TimeProvider time, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var coming = calls.Calls.WaitToReadAsync(patience.Token).AsTask();
        var silence = Task.Delay(Heartbeat, time, patience.Token);
        var first = await Task.WhenAny(coming, silence);
        await patience.CancelAsync();
        return first == coming && await coming;
    }
}
