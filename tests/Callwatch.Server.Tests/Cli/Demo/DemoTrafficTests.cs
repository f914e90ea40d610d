using Callwatch.Cli.Demo;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;
using Xunit;

namespace Callwatch.Server.Tests.Cli.Demo;

public sealed class DemoTrafficTests
{
    private static readonly Timestamp Now = Timestamp.From(new DateTimeOffset(2026, 9, 17, 14, 30, 0, TimeSpan.Zero));
    private static readonly Timestamp NewPrompt = Now.Plus(TimeSpan.FromMinutes(-48));
    private static readonly IReadOnlyList<DemoSpan> Spans = Hours(6, seed: 1);

    [Fact]
    public void The_same_seed_and_clock_tell_the_same_story() =>
        Assert.Equal(DemoPayload.Of(Hours(0.5, seed: 7)), DemoPayload.Of(Hours(0.5, seed: 7)));

    [Fact]
    public void Nothing_ends_before_it_began_or_after_now()
    {
        Assert.All(Spans, span => Assert.True(span.Start <= span.End && span.End < Now));
        Assert.Equal(Spans.OrderBy(span => span.End).Select(span => span.End), Spans.Select(span => span.End));
    }

    [Fact]
    public void Every_span_can_be_read_back_from_the_request()
    {
        var read = new List<(TraceId, SpanId)>();
        foreach (var span in OtlpSpan.In(DemoPayload.Of(Spans))) read.Add((span.TraceId, span.SpanId));
        Assert.Equal(Spans.Select(span => (span.TraceId, span.SpanId)).Order(), read.Order());
    }

    [Fact]
    public void Six_hours_make_about_ten_thousand_calls_of_five_apps_and_six_models()
    {
        var calls = Spans.Where(span => ModelOf(span) is not null && span.Name is not ("ai.generateText" or "ai.embed")).ToList();
        Assert.InRange(calls.Count, 8_000, 14_000);
        Assert.Equal(["contract-review", "nightly-eval", "search-assist", "support-bot", "voice-notes"], calls.Select(call => call.Service.Name).Distinct().Order());
        Assert.Equal(6, calls.Select(ModelOf).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void With_the_new_prompt_caching_stops_and_latency_rises_and_rate_limits_follow()
    {
        var answers = Spans.Where(span => span.Name == "answer").ToLookup(span => span.Start < NewPrompt);
        Assert.InRange(CachedShare(answers[true]), 0.6, 0.85);
        Assert.InRange(CachedShare(answers[false]), 0, 0.2);
        Assert.True(P95(answers[false]) > 1.5 * P95(answers[true]));
        Assert.True(RateLimited(answers[true]) < 0.01);
        Assert.InRange(RateLimited(answers[false]), 0.02, 0.12);
        Assert.All(answers[false], answer => Assert.Equal(7L, Value(answer, "langfuse.observation.prompt.version")));
    }

    [Fact]
    public void Requests_to_models_are_told_of_and_some_have_no_call()
    {
        var requests = Spans.Where(span => Value(span, "url.full") is not null).ToLookup(span => ((string)Value(span, "url.full")!).EndsWith("/transcriptions", StringComparison.Ordinal));
        Assert.InRange(requests[true].Count(), 20, 120);
        Assert.True(requests[false].Count() > 10 * requests[true].Count());
    }

    [Fact]
    public void A_week_ago_none_of_it_happened()
    {
        var story = new Story(Now, calm: true);
        var before = new DemoTraffic(story, new Dice(2), Now.Plus(TimeSpan.FromHours(-2)), 1).Until(Now).Where(span => span.Name == "answer").ToList();
        Assert.True(RateLimited(before) < 0.01);
        Assert.InRange(CachedShare(before), 0.6, 0.85);
    }

    private static IReadOnlyList<DemoSpan> Hours(double hours, int seed) =>
        [.. new DemoTraffic(new Story(Now, calm: false), new Dice(seed), Now.Plus(TimeSpan.FromHours(-hours)), pace: 1).Until(Now)];

    private static double CachedShare(IEnumerable<DemoSpan> calls)
    {
        var counted = calls.Where(call => call.Failure is null).ToList();
        return counted.Sum(call => (long?)Value(call, "gen_ai.usage.cache_read.input_tokens") ?? 0) / (double)counted.Sum(call => (long)Value(call, "gen_ai.usage.input_tokens")!);
    }

    private static double RateLimited(IEnumerable<DemoSpan> calls) => calls.Average(call => Value(call, "http.response.status_code") is 429L ? 1d : 0);

    private static double P95(IEnumerable<DemoSpan> calls)
    {
        var durations = calls.Where(call => call.Failure is null).Select(call => call.End.UnixNanoseconds - call.Start.UnixNanoseconds).Order().ToList();
        return durations[(int)(durations.Count * 0.95)];
    }

    private static string? ModelOf(DemoSpan span) =>
        (string?)(Value(span, "gen_ai.request.model") ?? Value(span, "ai.model.id") ?? Value(span, "llm.model_name"));

    private static object? Value(DemoSpan span, string key) => span.Attributes.FirstOrDefault(attribute => attribute.Key == key).Value;
}
