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
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Callwatch.Client.Tests.Sentry;

/// <summary>The library in real hosts, as applications use it.</summary>
[Collection("activities of the process")]
public sealed class HostTests
{
    [Fact]
    public async Task A_logged_exception_is_reported_with_the_lines_before_it_and_without_their_values()
    {
        await using var sentry = await StartedAsync();
        using (var host = await WorkerAsync(sentry))
        {
            var log = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Shop.Mailer");
            using var job = new Activity("job").SetIdFormat(ActivityIdFormat.W3C).Start();
            log.LogInformation("Asked {Prompt}", "the whole secret story");
            log.LogDebug("not of interest");
            log.LogWarning(new InvalidOperationException("only a warning"), "Trying {Again}", 2);
            log.LogError(new InvalidOperationException("no mail"), "Could not send to {Address}", "anna@example.org");
            job.Stop();
            await host.StopAsync(TestContext.Current.CancellationToken);
        }

        var told = Assert.Single(sentry.Events);
        Assert.Equal(("Shop.Mailer", "Could not send to {Address}", "ILogger", true), ((string?)told["logger"], (string?)told["logentry"]!["message"], (string?)told["exception"]!["values"]![0]!["mechanism"]!["type"], (bool)told["exception"]!["values"]![0]!["mechanism"]!["handled"]!));
        Assert.Equal(["Asked {Prompt}", "Trying {Again} (System.InvalidOperationException)"], told["breadcrumbs"]!["values"]!.AsArray().Select(one => (string?)one!["message"]));
        Assert.DoesNotContain("anna@", told.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task AddCallwatch_reports_errors_too_whatever_opentelemetry_is_set_to(string enabled)
    {
        await using var sentry = await StartedAsync();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<TimeProvider>(new PatientTime(waitsToo: true));
        builder.Configuration.AddInMemoryCollection([new("SENTRY_DSN", sentry.Dsn), new("ENABLE_OTEL", enabled), new("Callwatch:Endpoint", "http://127.0.0.1:1")]);
        builder.AddCallwatch();
        builder.AddCallwatchSentry(options => options.BeforeSend = told =>
        {
            told.Tags["seen"] = "yes";
            return told;
        });
        using (var host = builder.Build())
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
            Assert.True(host.Services.GetRequiredService<SentryHub>().IsPart);
            host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Shop").LogError(new InvalidOperationException("x"), "It failed");
            await host.StopAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal("yes", (string?)Assert.Single(sentry.Events)["tags"]!["seen"]);
    }

    [Fact]
    public async Task Values_of_log_lines_go_along_where_personal_data_may()
    {
        await using var sentry = await StartedAsync();
        using (var host = await WorkerAsync(sentry, ("Callwatch:Sentry:SendDefaultPii", "true")))
        {
            host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Shop.Mailer").LogError(new InvalidOperationException("no mail"), "Could not send to {Address}", "anna@example.org");
            await host.StopAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal("Could not send to anna@example.org", (string?)Assert.Single(sentry.Events)["logentry"]!["message"]);
    }

    [Fact]
    public async Task Its_own_lines_are_never_reported()
    {
        await using var sentry = await StartedAsync();
        using var host = await WorkerAsync(sentry);
        host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Callwatch.Client.Sentry.SentryHub").LogError(new InvalidOperationException("its own"), "Own");
        await host.StopAsync(TestContext.Current.CancellationToken);
        Assert.Empty(sentry.Events);
    }

    [Fact]
    public async Task A_refusing_sentry_is_said_once_and_starts_no_loop()
    {
        await using var sentry = await StartedAsync();
        sentry.Always = _ => new StandInAnswer(403, "{}");
        var lines = new Lines();
        using var host = await WorkerAsync(sentry, lines);
        var log = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Shop");
        for (var i = 0; i < 10; i++) log.LogError(new InvalidOperationException("x"), "It failed");
        await host.Services.GetRequiredService<ICallwatchSentry>().FlushAsync(TestContext.Current.CancellationToken);
        Assert.Equal(10, sentry.Requests.Count);
        Assert.Single(lines.All, line => line.Contains("Sentry refuses", StringComparison.Ordinal));
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_background_service_that_fails_is_reported_as_unhandled_whatever_the_log_shows()
    {
        await using var sentry = await StartedAsync();
        var builder = Builder(sentry);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        builder.Services.AddHostedService<Failing>();
        using (var host = builder.Build())
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
            await host.WaitForShutdownAsync(TestContext.Current.CancellationToken);
        }

        var told = Assert.Single(sentry.Events);
        Assert.Equal(("of the service", false), ((string?)told["exception"]!["values"]!.AsArray()[^1]!["value"], (bool)told["exception"]!["values"]!.AsArray()[^1]!["mechanism"]!["handled"]!));
    }

    [Fact]
    public async Task A_task_that_nobody_awaits_is_reported()
    {
        await using var world = await World.StartAsync();
        world.Hub.Unobserved(new AggregateException(World.Thrown(new FormatException("lost"))));
        var told = await world.OneAsync();
        Assert.Equal(("UnobservedTaskException", false, "System.FormatException"), ((string?)told["exception"]!["values"]![0]!["mechanism"]!["type"], (bool)told["exception"]!["values"]![0]!["mechanism"]!["handled"]!, (string?)told["exception"]!["values"]![0]!["type"]));
    }

    [Fact]
    public async Task A_request_that_fails_is_one_error_with_its_route_and_no_secret_of_it()
    {
        await using var sentry = await StartedAsync();
        await using var app = await WebAsync(sentry);
        app.MapGet("/orders/{id}", (string id, ILogger<HostTests> log) =>
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
        app.MapGet("/slow", async (HttpContext context, ILogger<HostTests> log) =>
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

    private static HostApplicationBuilder Builder(SentryStandIn sentry, params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        // Whether it is sent at the end is asked here, not how soon.
        builder.Services.AddSingleton<TimeProvider>(new PatientTime(waitsToo: true));
        builder.Configuration.AddInMemoryCollection([new("SENTRY_DSN", sentry.Dsn), .. settings.Select(one => KeyValuePair.Create(one.Key, (string?)one.Value))]);
        builder.AddCallwatchSentry();
        return builder;
    }

    private static async Task<IHost> WorkerAsync(SentryStandIn sentry, params (string Key, string Value)[] settings)
    {
        var host = Builder(sentry, settings).Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    private static async Task<IHost> WorkerAsync(SentryStandIn sentry, Lines lines)
    {
        var builder = Builder(sentry);
        builder.Logging.AddProvider(lines);
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return host;
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

    private sealed class Failing : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield();
            throw new InvalidOperationException("of the service");
        }
    }
}
