using System.Diagnostics.Metrics;
using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Callwatch.Client.Telemetry.Sources;
using Callwatch.Testing;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Xunit;

namespace Callwatch.Client.Tests.Telemetry;

[Collection(OneAtATime.Name)]
public sealed class WebTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_is_a_span_with_method_route_status_and_where_it_went()
    {
        await using var collector = await Collector.OpenAsync();
        await using var app = await Watched.WebAsync(collector, web => web.MapGet("/orders/{id}", (string id) => "order " + id));
        var (trace, parent) = Watched.NewTrace();
        await GetAsync(app, "/orders/17?key=secret", parent);
        var span = await collector.OneAsync(trace);
        Assert.Equal(("GET /orders/{id}", 2, "GET", "/orders/{id}", "/orders/17", 200L, "http"), (span.Name, span.Kind, span.Text("http.request.method"), span.Text("http.route"), span.Text("url.path"),
            (long)span.Attributes.Find("http.response.status_code")!, span.Text("url.scheme")));
        Assert.Equal(0, span.StatusCode);
        Assert.DoesNotContain(span.Attributes.All, pair => pair.Value is string text && text.Contains("secret", StringComparison.Ordinal));
        Assert.Equal(("shop", "Testing"), ((string?)span.Resource.Find("service.name"), (string?)span.Resource.Find("deployment.environment")));
        Assert.All(new[] { "service.instance.id", "process.pid", "host.name", "host.arch", "os.type", "telemetry.sdk.name" }, key => Assert.True(span.Resource.Has(key), key));
    }

    [Theory]
    [InlineData("/missing", 404, 0)]
    [InlineData("/moved", 302, 0)]
    [InlineData("/teapot", 418, 0)]
    [InlineData("/broken", 503, 2)]
    public async Task Only_the_servers_own_faults_are_errors(string path, long status, int code)
    {
        await using var collector = await Collector.OpenAsync();
        await using var app = await Watched.WebAsync(collector, web =>
        {
            web.MapGet("/moved", () => Results.Redirect("/"));
            web.MapGet("/teapot", () => Results.StatusCode(418));
            web.MapGet("/broken", () => Results.StatusCode(503));
        });
        var (trace, parent) = Watched.NewTrace();
        await GetAsync(app, path, parent);
        var span = await collector.OneAsync(trace);
        Assert.Equal((status, code), ((long)span.Attributes.Find("http.response.status_code")!, span.StatusCode));
        Assert.Equal(code == 2 ? "503" : null, span.Text("error.type"));
    }

    [Fact]
    public async Task An_unhandled_exception_is_an_event_of_the_request_once_and_its_error()
    {
        await using var collector = await Collector.OpenAsync();
        await using var app = await Watched.WebAsync(collector, web => web.MapGet("/boom", string () => throw new InvalidOperationException("no stock")));
        var (trace, parent) = Watched.NewTrace();
        Assert.Equal(HttpStatusCode.InternalServerError, await GetAsync(app, "/boom", parent));
        var span = await collector.OneAsync(trace);
        var happening = Assert.Single(span.Events, one => one.Name == "exception");
        Assert.Equal(("System.InvalidOperationException", "no stock"), ((string?)happening.Attributes.Find("exception.type"), (string?)happening.Attributes.Find("exception.message")));
        Assert.Equal((2, "System.InvalidOperationException", "GET /boom"), (span.StatusCode, span.Text("error.type"), span.Name));
    }

    [Fact]
    public async Task An_exception_that_a_handler_answers_keeps_its_route()
    {
        await using var collector = await Collector.OpenAsync();
        await using var app = await Watched.WebAsync(collector, web =>
        {
            web.UseExceptionHandler(handler => handler.Run(http => http.Response.WriteAsync("sorry", Cancel)));
            web.MapGet("/boom/{id}", string (string id) => throw new TimeoutException("late"));
        });
        var (trace, parent) = Watched.NewTrace();
        await GetAsync(app, "/boom/1", parent);
        var span = await collector.OneAsync(trace);
        Assert.Equal(("/boom/{id}", "System.TimeoutException"), (span.Text("http.route"), span.Text("error.type")));
        Assert.Single(span.Events, one => one.Name == "exception");
    }

    [Fact]
    public async Task A_logged_exception_is_an_event_of_the_current_span_and_fails_it_from_error_on()
    {
        await using var collector = await Collector.OpenAsync();
        await using var app = await Watched.WebAsync(collector, web =>
        {
            web.MapGet("/error", (ILogger<WebTests> log) => log.LogError(new FormatException("bad"), "Order {Id} is bad", 17));
            web.MapGet("/warn", (ILogger<WebTests> log) => log.LogWarning(new FormatException("bad"), "Order {Id} was mended", 17));
        });
        var (error, first) = Watched.NewTrace();
        var (warn, second) = Watched.NewTrace();
        await GetAsync(app, "/error", first);
        await GetAsync(app, "/warn", second);
        var happening = Assert.Single((await collector.OneAsync(error)).Events);
        await collector.OneAsync(warn);
        Assert.Equal(("System.FormatException", "Error", "Order 17 is bad", typeof(WebTests).FullName), ((string?)happening.Attributes.Find("exception.type"), (string?)happening.Attributes.Find("log.level"),
            (string?)happening.Attributes.Find("log.message"), (string?)happening.Attributes.Find("log.logger")));
        Assert.Equal((2, 0, 1), (collector.Of(error)[0].StatusCode, collector.Of(warn)[0].StatusCode, collector.Of(warn)[0].Events.Count));
    }

    [Fact]
    public async Task User_and_tenant_are_on_the_span()
    {
        await using var collector = await Collector.OpenAsync();
        await using var app = await Watched.WebAsync(collector, web =>
        {
            web.UseAuthentication();
            web.MapGet("/me", () => "you");
        }, builder => builder.Services.AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, Anna>("test", null));
        var (trace, parent) = Watched.NewTrace();
        await GetAsync(app, "/me", parent);
        var span = await collector.OneAsync(trace);
        Assert.Equal(("anna", "anna", "acme"), (span.Text("user.id"), span.Text("service.user.id"), span.Text("service.tenant.id")));
    }

    [Fact]
    public async Task Users_can_be_left_out()
    {
        await using var collector = await Collector.OpenAsync();
        await using var app = await Watched.WebAsync(collector, web =>
        {
            web.UseAuthentication();
            web.MapGet("/me", () => "you");
        }, builder => builder.Services.AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, Anna>("test", null), settings: ("Callwatch:OpenTelemetry:Users", "false"));
        var (trace, parent) = Watched.NewTrace();
        await GetAsync(app, "/me", parent);
        Assert.DoesNotContain((await collector.OneAsync(trace)).Attributes.All, pair => pair.Key.EndsWith("user.id", StringComparison.Ordinal) || pair.Key.Contains("tenant", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Responses_are_counted_for_all_requests_sampled_or_not()
    {
        await using var collector = await Collector.OpenAsync();
        var counted = new List<(string Class, int Status, string? Route, string Method)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, all) =>
            {
                if (instrument is { Name: "http.server.response.count", Meter.Name: KnownSources.Meter }) all.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
        {
            var all = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value);
            lock (counted) counted.Add(((string)all["status_class"]!, (int)all["status_code"]!, (string?)all.GetValueOrDefault("http.target"), (string)all["http.method"]!));
        });
        listener.Start();
        await using var app = await Watched.WebAsync(collector, web =>
        {
            web.MapGet("/orders/{id}", (string id) => id);
            web.MapGet("/broken", () => Results.StatusCode(500));
        }, settings: ("OTEL_SAMPLING_RATE", "0"));
        var before = Mine().Count;
        for (var i = 0; i < 20; i++) await GetAsync(app, $"/orders/{i}", Watched.NewTrace(sampled: false).Traceparent);
        await GetAsync(app, "/broken", Watched.NewTrace(sampled: false).Traceparent);
        await Eventually.HoldsAsync(() => Mine().Count == before + 21, "all responses are counted");
        Assert.Equal(20, Mine().Count(one => one == ("2xx", 200, "/orders/{id}", "GET")));
        Assert.Equal(1, Mine().Count(one => one == ("5xx", 500, "/broken", "GET")));
        Assert.True(await app.FlushAsync());
        Assert.Contains(collector.Metrics, body => body.Contains("http.server.response.count", StringComparison.Ordinal) && body.Contains("status_class", StringComparison.Ordinal));
        Assert.Contains(collector.Metrics, body => body.Contains("http.server.request.duration", StringComparison.Ordinal));

        List<(string Class, int Status, string? Route, string Method)> Mine()
        {
            lock (counted) return [.. counted.Where(one => one.Route is not null)];
        }
    }

    [Fact]
    public async Task Outgoing_requests_are_spans_beneath_the_request_and_carry_the_trace_on()
    {
        await using var collector = await Collector.OpenAsync();
        await using var second = await Watched.WebAsync(collector, web => web.MapGet("/stock", () => "3"));
        await using var first = await Watched.WebAsync(collector, web => web.MapGet("/buy", async (IHttpClientFactory clients) => await clients.CreateClient().GetStringAsync(new Uri(second.Url(), "/stock"), Cancel)),
            builder => builder.Services.AddHttpClient());
        var (trace, parent) = Watched.NewTrace();
        await GetAsync(first, "/buy", parent);
        // Both applications live in this process and hear each other's spans.
        await Eventually.HoldsAsync(() => collector.Of(trace).DistinctBy(span => span.SpanId).Count() == 3, "all spans have come");
        var spans = collector.Of(trace).DistinctBy(span => span.SpanId).ToList();
        var buy = Assert.Single(spans, span => span.Name == "GET /buy");
        var call = Assert.Single(spans, span => span.Kind == 3);
        var stock = Assert.Single(spans, span => span.Name == "GET /stock");
        Assert.Equal((buy.SpanId, call.SpanId), (call.ParentSpanId, stock.ParentSpanId));
        Assert.Equal(("GET", 200L), (call.Text("http.request.method"), (long)call.Attributes.Find("http.response.status_code")!));
    }

    internal static async Task<HttpStatusCode> GetAsync(WebApplication app, string path, string traceparent)
    {
        using var http = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null, AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(app.Url(), path));
        request.Headers.Add("traceparent", traceparent);
        using var response = await http.SendAsync(request, Cancel);
        return response.StatusCode;
    }

    private sealed class Anna(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, "anna"), new Claim("tenant_id", "acme")], "test");
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), "test")));
        }
    }
}
