using Callwatch.Server.Tests.Receive;
using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>A server with 5,000 models, names of 10,000 characters, values of 20 MB and one error group, and a browser.</summary>
public sealed class HeavySite : IAsyncLifetime
{
    public const int Models = 5_000;

    private const int Values = 20_000_000;

    public RunningServer Server { get; private set; } = null!;

    public Chromium Chromium { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Server = await RunningServer.StartAsync();
        await Chromium.InitializeAsync();
        var now = Timestamp.From(TimeProvider.System.GetUtcNow());
        var models = Enumerable.Range(1, Models).Select(i => Call((ulong)i, now, "model-" + i.ToString(System.Globalization.CultureInfo.InvariantCulture), Long("user", i)));
        await SendAsync(A.Resource(Long("app", 0), ("service.version", Long("release", 0)), ("deployment.environment.name", Long("env", 0))).Holding([.. models]).Traces());
        foreach (var (number, end) in new[] { (1UL, "one"), (2UL, "two") }) await SendAsync(A.Resource("large").Holding(Large(number, now, end)).Traces());
        await Stored.AllAsync(Server);
    }

    public async ValueTask DisposeAsync()
    {
        await Chromium.DisposeAsync();
        await Server.DisposeAsync();
    }

    public static string LargeCall(ulong number) => $"{A.TraceId(1_000_000 + number)}.{new SpanId(1)}";

    private async Task SendAsync(byte[] body)
    {
        using var answer = await Server.SendTracesAsync(body);
        answer.EnsureSuccessStatusCode();
    }

    // Words of one long line, half of it right to left, with what joins and hides.
    private static string Long(string what, int number) => $"{what}-{number}-\u202E\u200B\u0001" + string.Concat(Enumerable.Repeat("שלום\u200Dمرحبا🧵x", 700));

    private static SpanBuilder Call(ulong number, Timestamp now, string model, string user)
    {
        var end = now.Plus(TimeSpan.FromMilliseconds(-1_000 - (double)number));
        var span = A.Span("chat " + model).Kind(3).Trace(number).Id(1).Between(end.Plus(TimeSpan.FromMilliseconds(-200 - (double)(number % 700))), end)
            .With(("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "provider-" + (number % 40)), ("gen_ai.request.model", model), ("user.id", number % 500 == 0 ? user : "u" + (number % 300)), ("session.id", "s" + (number % 900)))
            .With(("gen_ai.usage.input_tokens", 1_000L), ("gen_ai.usage.output_tokens", 50L));
        return number % 50 == 0 ? span.With("error.type", "HostileError").Status(2, HostileTraffic.Evil + Long("message", 0)) : span;
    }

    private static SpanBuilder Large(ulong number, Timestamp now, string end) =>
        A.Span(Long("operation", (int)number)).Kind(3).Trace(1_000_000 + number).Id(1).Between(now.Plus(TimeSpan.FromSeconds(-9)), now.Plus(TimeSpan.FromSeconds(-8)))
            .With(("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o"), ("gen_ai.prompt.name", Long("prompt", 1)))
            .With(("gen_ai.input.messages", """[{"role":"user","parts":[{"type":"text","content":"TEXT"}]}]""".Replace("TEXT", new string('ض', Values / 2) + end, StringComparison.Ordinal)))
            .With(("note", new string('n', Values)));
}
