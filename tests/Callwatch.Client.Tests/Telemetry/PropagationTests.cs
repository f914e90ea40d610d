using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;
using Callwatch.Client.Jobs;
using Callwatch.Client.Telemetry.Propagation;
using Callwatch.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Context.Propagation;
using Xunit;

namespace Callwatch.Client.Tests.Telemetry;

[Collection(OneAtATime.Name)]
public sealed class PropagationTests
{
    private const string Trace = "80f198ee56343ba864fe8b2a57d3eff7";
    private const string Span = "e457b5a2e4d86bd1";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData($"b3={Trace}-{Span}-1-05e3ac9a4f6e3b90", Trace, true)]
    [InlineData($"b3={Trace}-{Span}", Trace, true)]
    [InlineData($"b3={Trace}-{Span}-d", Trace, true)]
    [InlineData($"b3={Trace}-{Span}-0", Trace, false)]
    [InlineData($"X-B3-TraceId={Trace};X-B3-SpanId={Span};X-B3-Sampled=1", Trace, true)]
    [InlineData($"X-B3-TraceId={Trace};X-B3-SpanId={Span};X-B3-Sampled=0", Trace, false)]
    [InlineData($"X-B3-TraceId={Trace};X-B3-SpanId={Span};X-B3-Sampled=true", Trace, true)]
    [InlineData($"X-B3-TraceId={Trace};X-B3-SpanId={Span};X-B3-Flags=1", Trace, true)]
    [InlineData($"X-B3-TraceId=64fe8b2a57d3eff7;X-B3-SpanId={Span}", "000000000000000064fe8b2a57d3eff7", true)]
    [InlineData($"traceparent=00-{Trace}-{Span}-01;b3=11111111111111111111111111111111-2222222222222222-0", Trace, true)]
    [InlineData($"b3=0", null, false)]
    [InlineData($"b3=zz-{Span}-1", null, false)]
    [InlineData($"b3=00000000000000000000000000000000-{Span}-1", null, false)]
    [InlineData($"X-B3-TraceId={Trace}", null, false)]
    [InlineData("b3=----", null, false)]
    public void Headers_of_either_kind_are_read_and_w3c_is_believed_first(string given, string? trace, bool sampled)
    {
        var headers = given.Split(';').Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        new HeaderPropagator(["tracecontext", "baggage", "b3", "b3multi"]).ExtractTraceIdAndState(headers, Get, out var parent, out _);
        Assert.Equal(trace is null ? null : $"00-{trace}-{Span}-0{(sampled ? 1 : 0)}", parent);
    }

    [Theory]
    [InlineData("tracecontext,baggage,b3,b3multi", "X-B3-Sampled,X-B3-SpanId,X-B3-TraceId,b3,baggage,traceparent")]
    [InlineData("b3", "b3")]
    [InlineData("b3multi", "X-B3-Sampled,X-B3-SpanId,X-B3-TraceId")]
    [InlineData("tracecontext", "traceparent")]
    [InlineData("none", "")]
    public void Only_the_formats_that_are_wanted_are_written(string formats, string names)
    {
        using var activity = new Activity("x").SetIdFormat(ActivityIdFormat.W3C).AddBaggage("team", "shop").Start();
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal);
        new HeaderPropagator(formats.Split(',')).Inject(activity, headers, static (to, name, value) => ((SortedDictionary<string, string>)to!)[name] = value);
        Assert.Equal(names, string.Join(',', headers.Keys));
        if (headers.TryGetValue("b3", out var single)) Assert.Equal($"{activity.TraceId.ToHexString()}-{activity.SpanId.ToHexString()}-0", single);
    }

    [Theory]
    [InlineData("traceparent", "00-{0}-{1}-01")]
    [InlineData("b3", "{0}-{1}-1")]
    [InlineData("X-B3-TraceId", "{0}")]
    public async Task A_trace_crosses_two_services_whatever_headers_it_came_with(string name, string value)
    {
        await using var collector = await Collector.OpenAsync();
        await using var second = await Watched.WebAsync(collector, web => web.MapGet("/b", (HttpContext http) => string.Join('|', http.Request.Headers["b3"].ToString(), http.Request.Headers["X-B3-TraceId"].ToString(), Activity.Current?.GetBaggageItem("team"))));
        await using var first = await Watched.WebAsync(collector, web => web.MapGet("/a", async (IHttpClientFactory clients) => await clients.CreateClient().GetStringAsync(new Uri(second.Url(), "/b"), Cancel)),
            builder => builder.Services.AddHttpClient());
        var trace = ActivityTraceId.CreateRandom();
        var parent = ActivitySpanId.CreateRandom().ToHexString();
        using var http = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(first.Url(), "/a"));
        request.Headers.TryAddWithoutValidation(name, string.Format(System.Globalization.CultureInfo.InvariantCulture, value, trace.ToHexString(), parent));
        if (name.StartsWith("X-", StringComparison.Ordinal)) request.Headers.Add("X-B3-SpanId", parent);
        request.Headers.Add("baggage", "team=shop");
        using var response = await http.SendAsync(request, Cancel);
        var seen = (await response.Content.ReadAsStringAsync(Cancel)).Split('|');
        Assert.StartsWith(trace.ToHexString(), seen[0]);
        Assert.Equal((trace.ToHexString(), "shop"), (seen[1], seen[2]));
        await Eventually.HoldsAsync(() => collector.Of(trace).DistinctBy(span => span.SpanId).Count() == 3, "all spans have come");
        var spans = collector.Of(trace).DistinctBy(span => span.SpanId).ToList();
        Assert.Equal(parent, Assert.Single(spans, span => span.Name == "GET /a").ParentSpanId.ToString());
        Assert.Equal(Assert.Single(spans, span => span.Kind == 3).SpanId, Assert.Single(spans, span => span.Name == "GET /b").ParentSpanId);
    }

    [Fact]
    public async Task A_trace_goes_through_a_channel_in_an_envelope_to_a_background_job()
    {
        await using var collector = await Collector.OpenAsync();
        var queue = Channel.CreateUnbounded<Envelope<string>>();
        await using var app = await Watched.WebAsync(collector, web => web.MapPost("/orders", async () =>
        {
            Activity.Current?.AddBaggage("team", "shop");
            await queue.Writer.WriteAsync(Envelope.Of("order 17"), Cancel);
        }), builder => builder.Services.AddSingleton(queue).AddHostedService<Invoices>());
        var (trace, parent) = Watched.NewTrace();
        using var http = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(app.Url(), "/orders"));
        request.Headers.Add("traceparent", parent);
        using var response = await http.SendAsync(request, Cancel);
        var spans = await collector.ArrivedAsync(trace, 3);
        var post = Assert.Single(spans, span => span.Name == "POST /orders");
        var job = Assert.Single(spans, span => span.Name == "send invoice");
        var step = Assert.Single(spans, span => span.Name == "print");
        Assert.Equal((post.SpanId, job.SpanId, 5), (job.ParentSpanId, step.ParentSpanId, job.Kind));
        Assert.Equal("order 17 shop", step.Text("of"));
    }

    [Fact]
    public async Task An_envelope_crosses_processes_as_json()
    {
        await using var collector = await Collector.OpenAsync();
        using var host = await Watched.WorkerAsync(collector);
        using var sender = new Activity("sender").SetIdFormat(ActivityIdFormat.W3C).AddBaggage("team", "shop");
        sender.ActivityTraceFlags = ActivityTraceFlags.Recorded;
        sender.TraceStateString = "vendor=1";
        sender.Start();
        var json = JsonSerializer.Serialize(Envelope.Of(new[] { 1, 2 }));
        sender.Stop();
        var envelope = JsonSerializer.Deserialize<Envelope<int[]>>(json)!;
        await envelope.RunAsync("add up", (numbers, _) =>
        {
            Assert.Equal(("1,2", "shop", "vendor=1"), (string.Join(',', numbers), Activity.Current?.GetBaggageItem("team"), Activity.Current?.TraceStateString));
            return Task.CompletedTask;
        }, Cancel);
        Assert.Equal(sender.SpanId.ToHexString(), (await collector.OneAsync(sender.TraceId)).ParentSpanId.ToString());
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_job_that_fails_says_so_and_one_without_a_sender_has_a_trace_of_its_own()
    {
        await using var collector = await Collector.OpenAsync();
        using var host = await Watched.WorkerAsync(collector);
        using var outside = new Activity("outside").SetIdFormat(ActivityIdFormat.W3C).Start();
        ActivityTraceId trace = default;
        await Assert.ThrowsAsync<InvalidOperationException>(() => Job.RunAsync("sweep", _ =>
        {
            trace = Activity.Current!.TraceId;
            throw new InvalidOperationException("no broom");
        }, Cancel));
        Assert.NotEqual(outside.TraceId, trace);
        Assert.Same(outside, Activity.Current);
        var span = await collector.OneAsync(trace);
        Assert.Equal((2, "no broom", "System.InvalidOperationException"), (span.StatusCode, span.StatusMessage, span.Text("error.type")));
        Assert.Single(span.Events, one => one.Name == "exception");
        await host.StopAsync(Cancel);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("nonsense")]
    [InlineData("00-00000000000000000000000000000000-0000000000000000-01")]
    public void An_envelope_with_no_trace_or_a_broken_one_starts_one_and_never_throws(string? traceparent)
    {
        using var job = new Envelope<int> { Item = 1, Traceparent = traceparent }.Start("");
        job.Failed(null!);
        Assert.True(job.Activity is null or { ParentId: null });
    }

    [Fact]
    public async Task Libraries_that_ask_opentelemetry_find_the_same_headers()
    {
        using var host = await Watched.WorkerAsync(null, settings: ("Callwatch:OpenTelemetry:ExporterType", "otlp"));
        var context = new PropagationContext(new ActivityContext(ActivityTraceId.CreateFromString(Trace), ActivitySpanId.CreateFromString(Span), ActivityTraceFlags.Recorded), default);
        var headers = new Dictionary<string, string>();
        OpenTelemetry.Context.Propagation.Propagators.DefaultTextMapPropagator.Inject(context, headers, static (to, name, value) => to[name] = value);
        Assert.Equal(($"00-{Trace}-{Span}-01", $"{Trace}-{Span}-1", Trace), (headers["traceparent"], headers["b3"], headers["X-B3-TraceId"]));
        headers.Remove("traceparent");
        var found = OpenTelemetry.Context.Propagation.Propagators.DefaultTextMapPropagator.Extract(default, headers, static (from, name) => from.TryGetValue(name, out var value) ? [value] : []);
        Assert.Equal(Trace, found.ActivityContext.TraceId.ToHexString());
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_propagator_that_the_application_chose_stays_and_ours_goes_with_its_host()
    {
        var before = DistributedContextPropagator.Current;
        using (var host = await Watched.WorkerAsync(null))
        {
            Assert.IsType<HeaderPropagator>(DistributedContextPropagator.Current);
            await host.StopAsync(Cancel);
        }

        Assert.Same(before, DistributedContextPropagator.Current);
        var own = new Own();
        DistributedContextPropagator.Current = own;
        try
        {
            using var host = await Watched.WorkerAsync(null);
            Assert.Same(own, DistributedContextPropagator.Current);
            await host.StopAsync(Cancel);
        }
        finally
        {
            DistributedContextPropagator.Current = before;
        }
    }

    private static void Get(object? carrier, string name, out string? value, out IEnumerable<string>? values)
    {
        values = null;
        value = ((Dictionary<string, string>)carrier!).GetValueOrDefault(name);
    }

    private sealed class Invoices(Channel<Envelope<string>> queue) : BackgroundService
    {
        private static readonly ActivitySource Source = new(CallwatchSource.Name + ".Data");

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await foreach (var envelope in queue.Reader.ReadAllAsync(stoppingToken))
                await envelope.RunAsync("send invoice", (order, _) =>
                {
                    using var step = Source.StartActivity("print");
                    step?.SetTag("of", order + " " + Activity.Current?.GetBaggageItem("team"));
                    return Task.CompletedTask;
                }, stoppingToken);
        }
    }

    private sealed class Own : DistributedContextPropagator
    {
        public override IReadOnlyCollection<string> Fields => [];

        public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter)
        {
            // Sends nothing.
        }

        public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState) => (traceId, traceState) = (null, null);

        public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
    }
}
