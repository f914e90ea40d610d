using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward;

/// <summary>What tells of a call once more, after it has gone to the platform, goes without its tokens.</summary>
public sealed class CarriedCallsTests : IAsyncDisposable
{
    private static readonly (string, object?)[] Usage = [("gen_ai.usage.input_tokens", 100), ("gen_ai.usage.output_tokens", 20)];

    private readonly LaneWorld world = new();
    private readonly ScriptedPlatform platform = new();
    private readonly ScriptedKind kind = new() { Line = (span, _) => $"{span.Span.Name} {span.Span.Call?.Usage.Input?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-"}" };

    public async ValueTask DisposeAsync()
    {
        await world.DisposeAsync();
        await platform.DisposeAsync();
    }

    [Fact]
    public async Task An_agent_that_ends_after_its_calls_have_gone_brings_no_tokens_of_its_own()
    {
        await SendAsync([Chat("chat").Id(2, under: 1).At(10, 20)], [Agent().At(0, 100)]);
        Assert.Equal(["chat 100", "agent -"], platform.Taken);
    }

    [Fact]
    public async Task An_agent_whose_calls_nobody_recorded_brings_its_own()
    {
        await SendAsync([A.Span("tool").Id(2, under: 1).With("gen_ai.operation.name", "execute_tool")], [Agent()]);
        Assert.Equal(["tool -", "agent 100"], platform.Taken);
    }

    [Fact]
    public async Task A_record_whose_call_was_recorded_and_has_gone_brings_its_call_without_tokens()
    {
        await SendAsync(
            [Chat("recorded").Id(3, under: 1).At(10, 20)],
            [A.Span("message").Id(1).At(0, 100).With("callwatch.kind", "message"), Chat("llm").Id(2, under: 1).At(0, 100).With("callwatch.call_source", "synthetic")]);
        Assert.Equal(["recorded 100", "message -", "llm -"], platform.Taken);
    }

    [Fact]
    public async Task A_recorded_call_that_comes_after_its_record_has_gone_brings_no_tokens_either()
    {
        await SendAsync(
            [A.Span("message").Id(1).At(0, 100).With("callwatch.kind", "message"), Chat("llm").Id(2, under: 1).At(0, 100).With("callwatch.call_source", "synthetic")],
            [Chat("recorded").Id(3, under: 1).At(10, 20)]);
        Assert.Equal(["message -", "llm 100", "recorded -"], platform.Taken);
    }

    [Fact]
    public async Task A_library_around_a_call_that_has_gone_brings_no_tokens_and_another_call_does()
    {
        await SendAsync([Chat("inner").Id(2, under: 1).At(10, 20)], [Chat("outer").Id(1).At(0, 100), Chat("another").Id(5).At(0, 50)]);
        Assert.Equal("inner 100", platform.Taken[0]);
        Assert.Equal(["another 100", "outer -"], platform.Taken.Skip(1).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_told_no_tokens_when_it_went_takes_none_from_what_comes_later()
    {
        await SendAsync([A.Span("outer").Id(1).At(0, 100).With(("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "gpt-4o"))], [Chat("inner").Id(2, under: 1).At(10, 20)]);
        Assert.Equal(["outer -", "inner 100"], platform.Taken);
    }

    private static SpanBuilder Chat(string name) => A.Span(name).With(("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "gpt-4o")).With(Usage);

    private static SpanBuilder Agent() => A.Span("agent").Id(1).With(("gen_ai.operation.name", "invoke_agent"), ("gen_ai.agent.name", "support")).With(Usage);

    private async Task SendAsync(SpanBuilder[] first, SpanBuilder[] later)
    {
        await world.StartAsync(world.Destination(platform.Address, kind));
        await world.SettleAsync(1, first);
        await world.WhenDoneAsync();
        await world.SettleAsync(1, later);
        await world.WhenDoneAsync();
    }
}
