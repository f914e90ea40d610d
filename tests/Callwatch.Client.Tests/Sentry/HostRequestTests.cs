using System.Diagnostics;
using System.Net;
using System.Security.Claims;
using Callwatch.Client.Sentry;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Callwatch.Client.Tests.Sentry;

/// <summary>The library in real web applications: what it tells of requests.</summary>
[Collection("activities of the process")]
public sealed class HostRequestTests
{
    [Fact]
    public async Task A_request_that_fails_is_one_error_with_its_route_and_no_secret_of_it()
    {
        await using var sentry = await StartedAsync();
        await using var app = await WebAsync(sentry);
        app.MapGet("/orders/{id}", (string id, ILogger<HostRequestTests> log) =>
        {
            log.LogInformation("Looking for {Order}", id);
            throw new InvalidOperationException("no such order");
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        http.DefaultRequestHeaders.Add("Authorization", "Bearer geheim12345");
        http.DefaultRequestHeaders.Add("User-Agent", "tests/1");
        Assert.Equal(HttpStatusCode.InternalServerError, (await http.GetAsync(new Uri("/orders/7?card=4711", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
        await app.Services.GetRequiredService<ICallwatchSentry>().FlushAsync(TestContext.Current.CancellationToken);
        var told = Assert.Single(sentry.Events);
        Assert.Equal(("GET /orders/{id}", "GET", $"{app.Urls.First()}/orders/7"), ((string?)told["transaction"], (string?)told["request"]!["method"], (string?)told["request"]!["url"]));
        Assert.Equal(("AspNetCore.UnhandledException", false), ((string?)told["exception"]!["values"]![0]!["mechanism"]!["type"], (bool)told["exception"]!["values"]![0]!["mechanism"]!["handled"]!));
        Assert.Equal("tests/1", (string?)told["request"]!["headers"]!["User-Agent"]);
        Assert.Equal("Looking for {Order}", (string?)Assert.Single(told["breadcrumbs"]!["values"]!.AsArray())!["message"]);
        Assert.Equal("http.server", (string?)told["contexts"]!["trace"]!["op"]);
        foreach (var secret in (string[])["geheim", "4711", "user-7", "127.0.0.1\""]) Assert.DoesNotContain(secret, told.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task User_address_and_query_go_along_where_they_may()
    {
        await using var sentry = await StartedAsync();
        await using var app = await WebAsync(sentry, ("Callwatch:Sentry:SendDefaultPii", "true"));
        app.Use((context, next) =>
        {
            context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, "user-7"), new Claim(ClaimTypes.Name, "Anna")], "test"));
            return next();
        });
        app.MapGet("/fail", () => { throw new InvalidOperationException("x"); });
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient();
        await http.GetAsync(new Uri(app.Urls.First() + "/fail?page=2"), TestContext.Current.CancellationToken);
        await app.Services.GetRequiredService<ICallwatchSentry>().FlushAsync(TestContext.Current.CancellationToken);
        var told = Assert.Single(sentry.Events);
        Assert.Equal(("user-7", "Anna", "127.0.0.1"), ((string?)told["user"]!["id"], (string?)told["user"]!["username"], (string?)told["user"]!["ip_address"]));
        Assert.EndsWith("/fail?page=2", (string?)told["request"]!["url"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_who_leaves_is_no_error()
    {
        await using var sentry = await StartedAsync();
        await using var app = await WebAsync(sentry);
        var entered = new TaskCompletionSource();
        var left = new TaskCompletionSource();
        app.MapGet("/slow", async (HttpContext context, ILogger<HostRequestTests> log) =>
        {
            entered.TrySetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }
            catch (OperationCanceledException e)
            {
                log.LogError(e, "Left");
                left.TrySetResult();
                throw;
            }
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient();
        using var leaving = new CancellationTokenSource();
        var asked = http.GetAsync(new Uri(app.Urls.First() + "/slow"), leaving.Token);
        await entered.Task.WithPatience("the request has come");
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        await left.Task.WithPatience("the caller's leaving was noticed");
        var reports = app.Services.GetRequiredService<ICallwatchSentry>();
        await app.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0, 1), (reports.Counts.Taken, reports.Counts.Dropped["ignored"]));
    }

    [Fact]
    public async Task A_request_becomes_a_transaction_by_its_route_with_what_it_did()
    {
        await using var sentry = await StartedAsync();
        await using var other = await Provider.StartAsync("application/json", "{}");
        using var source = new ActivitySource("Shop.Tests");
        await using var app = await WebAsync(sentry, options => options.IgnoreTransaction = root => root.GetTagItem("mine") is null, ("SENTRY_TRACES_SAMPLE_RATE", "1"));
        app.MapGet("/orders/{id}", async () =>
        {
            Activity.Current!.SetTag("mine", true);
            using var http = new HttpClient();
            await http.GetAsync(new Uri(other.Url, "/stock?token=geheim"), TestContext.Current.CancellationToken);
            using var call = Callwatch.Client.Calls.ModelCall.Start("chat", "openai", "gpt-4o", messages: true);
            call.Input([new Callwatch.Client.Calls.CallMessage("user", "the whole story")]);
            call.Usage(new Callwatch.Client.Calls.CallUsage(57, 23));
            using var query = source.StartActivity("query", ActivityKind.Client)!.SetTag("db.system.name", "sqlite").SetTag("db.query.text", "SELECT * FROM orders WHERE id = 7 AND name = 'Anna'");
            return Results.NotFound();
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient();
        await client.GetAsync(new Uri(app.Urls.First() + "/orders/7?x=geheim"), TestContext.Current.CancellationToken);
        var reports = app.Services.GetRequiredService<ICallwatchSentry>();
        await Eventually.HoldsAsync(() => sentry.Transactions.Count == 1, "the transaction is there");
        var told = sentry.Transactions[0];
        Assert.Equal(("GET /orders/{id}", "route", "http.server", "not_found"), ((string?)told["transaction"], (string?)told["transaction_info"]!["source"], (string?)told["contexts"]!["trace"]!["op"], (string?)told["contexts"]!["trace"]!["status"]));
        var spans = told["spans"]!.AsArray().ToDictionary(span => (string)span!["op"]!, span => span!);
        Assert.Equal(["db.query", "gen_ai.chat", "http.client"], spans.Keys.Order());
        Assert.Equal($"GET {other.Url.ToString().TrimEnd('/')}/stock", (string?)spans["http.client"]["description"]);
        Assert.Equal("SELECT * FROM orders WHERE id = ? AND name = ?", (string?)spans["db.query"]["description"]);
        Assert.Equal(("chat gpt-4o", 57), ((string?)spans["gen_ai.chat"]["description"], (int)spans["gen_ai.chat"]["data"]!["gen_ai.usage.input_tokens"]!));
        Assert.Equal((string?)spans["gen_ai.chat"]["span_id"], (string?)spans["db.query"]["parent_span_id"]);
        foreach (var secret in (string[])["geheim", "whole story", "Anna"]) Assert.DoesNotContain(secret, told.ToJsonString(), StringComparison.Ordinal);
        Assert.Empty(reports.Counts.Dropped);
    }

    private static async Task<SentryStandIn> StartedAsync()
    {
        var sentry = await SentryStandIn.StartedAsync();
        sentry.FromLibrary = true;
        return sentry;
    }

    private static Task<WebApplication> WebAsync(SentryStandIn sentry, params (string Key, string Value)[] settings) => WebAsync(sentry, _ => { }, settings);

    private static Task<WebApplication> WebAsync(SentryStandIn sentry, Action<SentryOptions> configure, params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection([new("SENTRY_DSN", sentry.Dsn), .. settings.Select(one => KeyValuePair.Create(one.Key, (string?)one.Value))]);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.AddCallwatchSentry(configure);
        return Task.FromResult(builder.Build());
    }
}
