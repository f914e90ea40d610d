using Callwatch.Query;
using Callwatch.Query.Filters;
using Callwatch.Spans;

namespace Callwatch.Tests.Query;

/// <summary>Filters, ranges and scopes that fit the generated traffic.</summary>
internal sealed class RandomQuestions(int seed)
{
    private static readonly string[] Rollups =
    [
        "model:gpt-4o", "model:gpt*", "-model:claude", "model:*", "provider:openai,anthropic", "-provider:*", "operation:support", "-operation:support",
        "kind:chat", "-kind:embedding", "outcome:error", "-outcome:success", "env:prod", "env:default", "app:shop", "app:\"help desk\"", "-app:shop", "app:s*", "app:nothing",
    ];

    private static readonly string[] Others =
    [
        "latency>500ms", "latency<=2s", "-latency>1s", "ttft>=100ms", "-ttft:*", "cost>0.002", "cost<0.003", "-cost:*", "tokens>500", "input_tokens<1k", "output_tokens:0",
        "user:anna", "-user:bo", "user:*", "session:s1,s2", "tag:c", "-tag:a", "tag:*", "metadata.plan:pro", "-metadata.plan:pro", "metadata.plan:f*", "prompt:greet",
        "streaming:true", "-streaming:true", "finish:stop", "call_source:recorded", "-call_source:summary", "request_model:gpt-4o", "response_model:gpt-4o-2024", "-response_model:*",
        "temperature>0.5", "temperature:0.7", "http_status:4xx", "http_status:200,500", "-http_status:*", "error_type:429", "error_group:rate_limit", "error_message:*left*", "error:*",
        "name:chat", "display_name:P*", "speed>100", "unpriced:true", "-unpriced:true", "cache_read>0", "cost_source:computed", "response_id:r1", "parent:*", "-parent:*",
        "end>2026-09-10", "start<2026-09-25T12:00:00Z", "end:2026-09-18", "content:not_captured", "chat", "你好", "-\"slow down\"", "\"12 LEFT\"", "\"\\\"3\"",
    ];

    private readonly Random random = new(seed);

    public Random Random => random;

    public string? Filter(bool rollupsOnly = false)
    {
        var terms = new List<string>();
        for (var count = random.Next(0, 4); count > 0; count--) terms.Add(Pick(rollupsOnly || random.Next(3) == 0 ? Rollups : Others));
        return terms.Count == 0 ? null : string.Join(' ', terms);
    }

    public Selection Selection(bool rollupsOnly = false, ReadScope? scope = null)
    {
        var (from, to) = Range();
        return new Selection
        {
            Scope = scope ?? QueryWorld.Tenant,
            From = from,
            To = to,
            Filter = Filter(rollupsOnly),
            Apps = random.Next(5) switch { 0 => ["shop"], 1 => ["shop", "help desk", "unknown"], _ => [] },
        };
    }

    public (Timestamp From, Timestamp To) Range()
    {
        var whole = (QueryWorld.To.UnixNanoseconds - QueryWorld.From.UnixNanoseconds) / 1_000_000_000;
        long Moment() => QueryWorld.From.UnixSeconds + random.NextInt64(whole);
        var (a, b) = random.Next(4) switch
        {
            0 => (QueryWorld.From.UnixSeconds, QueryWorld.To.UnixSeconds),
            1 => (Store.RandomTraffic.Midnight.UnixSeconds + random.Next(-100_000, 100_000), 0),
            _ => (Moment(), Moment()),
        };
        if (b == 0) b = a + random.Next(1, 5_000);
        if (a > b) (a, b) = (b, a);
        var odd = random.Next(2) == 0 ? random.NextInt64(1_000_000_000) : 0;
        return (new Timestamp((a * 1_000_000_000) + odd), new Timestamp(((b + 1) * 1_000_000_000) + odd));
    }

    /// <summary>Whether a call is among those selected.</summary>
    public static Func<Span, bool> Test(Selection selection, Func<int, string> nameOf)
    {
        var filter = ((FilterResult.Parsed)FilterParser.Parse(selection.Filter)).Filter;
        return call => call.End >= selection.From && call.End < selection.To
            && (selection.Scope.OnlyAppId is null || selection.Scope.OnlyAppId == call.AppId)
            && (selection.Apps.Count == 0 || selection.Apps.Contains(nameOf(call.AppId)))
            && filter.Matches(call, nameOf(call.AppId), isCall: true);
    }

    public T Pick<T>(params T[] from) => from[random.Next(from.Length)];
}
