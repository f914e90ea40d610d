using Callwatch.Control;
using Callwatch.Server.Access;
using Callwatch.Server.Tests.Receive;
using Callwatch.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>A server with hostile and ordinary calls and names, and a browser that is signed in.</summary>
public sealed class SettingsSite : IAsyncLifetime
{
    public RunningServer Server { get; private set; } = null!;

    public Chromium Chromium { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Server = await RunningServer.StartAsync();
        await Chromium.InitializeAsync();
        var cancel = TestContext.Current.CancellationToken;
        await HostileTraffic.SendAsync(Server.Http, TimeProvider.System.GetUtcNow(), cancel);
        var now = Callwatch.Spans.Timestamp.From(TimeProvider.System.GetUtcNow());
        using (var sent = await Server.SendTracesAsync(A.Resource("shop").Holding(Call(1, 1, now, "13:42", 900), Call(2, 1, now, "13:43", 400)).Traces())) sent.EnsureSuccessStatusCode();
        using (var sent = await Server.SendTracesAsync(A.Resource("shop").Holding(Tries(now)).Traces())) sent.EnsureSuccessStatusCode();
        await Stored.AllAsync(Server);
        Server.Services.GetRequiredService<Keys>().Create(Tenants.DefaultId, null, KeyScopes.Read, HostileTraffic.Evil[..150]);
        Server.Services.GetRequiredService<Views>().Create(Tenants.DefaultId, new ViewWish(HostileTraffic.Evil.Replace("\0", "", StringComparison.Ordinal).Replace("\u001b", "", StringComparison.Ordinal)[..70], "calls", "q=%22%3Cscript%3E%22"), HostileTraffic.Evil);
        Server.Services.GetRequiredService<Sessions>().Begin(null, TimeSpan.FromDays(1), HostileTraffic.Evil);
    }

    public async ValueTask DisposeAsync()
    {
        await Chromium.DisposeAsync();
        await Server.DisposeAsync();
    }

    public static string CallOf(ulong trace) => A.TraceId(trace) + "." + new Callwatch.Spans.SpanId(1);

    /// <summary>Somebody who has come by the link of the start, and may do everything.</summary>
    public async Task<Visitor> SignedInAsync(int width = 1440, bool script = true, string locale = "en-GB")
    {
        var visitor = await Chromium.VisitorAsync(Server.Url, width, script: script, locale: locale);
        await visitor.GoAsync(Server.Services.GetRequiredService<SignInLinks>().NewPath());
        return visitor;
    }

    private static SpanBuilder Call(ulong trace, ulong id, Callwatch.Spans.Timestamp now, string clock, int cached) =>
        A.Span("chat gpt-4o").Kind(3).Trace(trace).Id(id).Between(now.Plus(TimeSpan.FromSeconds(-20 + (int)trace)), now.Plus(TimeSpan.FromSeconds(-18 + (2 * (int)trace))))
            .With(("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o"), ("gen_ai.request.temperature", 0.2))
            .With(("gen_ai.usage.input_tokens", 1_000), ("gen_ai.usage.output_tokens", 50), ("gen_ai.usage.cache_read.input_tokens", cached))
            .With(("gen_ai.input.messages", """[{"role":"system","parts":[{"type":"text","content":"You are brief.\nIt is CLOCK."}]},{"role":"user","parts":[{"type":"text","content":"Hello?"}]}]""".Replace("CLOCK", clock, StringComparison.Ordinal)))
            .With(("gen_ai.output.messages", """[{"role":"assistant","parts":[{"type":"text","content":"Good day."}],"finish_reason":"stop"}]"""));

    private static SpanBuilder[] Tries(Callwatch.Spans.Timestamp now) =>
    [
        A.Span("agent").Trace(3).Id(1).Between(now.Plus(TimeSpan.FromSeconds(-10)), now.Plus(TimeSpan.FromSeconds(-1))).With(("gen_ai.operation.name", "invoke_agent")),
        A.Span("execute_tool get_refund").Trace(3).Id(2, under: 1).Between(now.Plus(TimeSpan.FromSeconds(-9)), now.Plus(TimeSpan.FromSeconds(-8))).With(("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.name", "get_refund")).Status(2, "503"),
        A.Span("execute_tool get_refund").Trace(3).Id(3, under: 1).Between(now.Plus(TimeSpan.FromSeconds(-7)), now.Plus(TimeSpan.FromSeconds(-6))).With(("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.name", "get_refund")),
    ];
}
