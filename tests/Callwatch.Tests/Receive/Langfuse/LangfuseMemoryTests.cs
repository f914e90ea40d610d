using System.Text.Json;
using Callwatch.Receive.Langfuse;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Receive.Langfuse;

public sealed class LangfuseMemoryTests
{
    private readonly LangfuseMemory memory = new();

    [Fact]
    public void What_one_tenant_begins_makes_nobody_elses_be_forgotten()
    {
        for (var i = 0; i < 100; i++) Keep(tenant: 2, i, "mine");
        for (var i = 0; i < 50_000; i++) Keep(tenant: 1, i, "flood");
        for (var i = 0; i < 100; i++) Assert.True(Has(tenant: 2, i));
        Assert.False(Has(tenant: 1, 0));
        Assert.True(Has(tenant: 1, 49_999));
    }

    [Fact]
    public void Nor_does_it_by_size()
    {
        Keep(tenant: 2, 0, "mine");
        for (var i = 0; i < 200; i++) Keep(tenant: 1, i, new string('x', 1_000_000));
        Assert.True(Has(tenant: 2, 0));
        Assert.False(Has(tenant: 1, 0));
        Assert.True(Has(tenant: 1, 199));
    }

    [Fact]
    public void What_has_ended_is_forgotten_once_nobody_writes_it_any_more()
    {
        var trace = KeyOf(1, 1) with { IsTrace = true };
        memory.Keep(KeyOf(1, 0), new LangfuseEntity("s", "event", A.Noon), trace);
        memory.Keep(KeyOf(1, 0), new LangfuseEntity("s", "event", A.Noon), trace);
        memory.LetGo(KeyOf(1, 0), isOnDisk: true);
        Assert.True(Has(tenant: 1, 0));
        memory.LetGo(KeyOf(1, 0), isOnDisk: true);
        memory.LetGo(KeyOf(1, 0), isOnDisk: true);
        Assert.False(Has(tenant: 1, 0));
    }

    private void Keep(int tenant, int id, string text)
    {
        using var body = JsonDocument.Parse($$"""{"name":"{{text}}"}""");
        memory.Keep(KeyOf(tenant, id), new LangfuseEntity("s", "span", A.Noon).With(body.RootElement));
    }

    private bool Has(int tenant, int id) => memory.Find(KeyOf(tenant, id)) is not null;

    private static LangfuseMemory.Key KeyOf(int tenant, int id) => new(tenant, 7, false, id.ToString(System.Globalization.CultureInfo.InvariantCulture));
}
