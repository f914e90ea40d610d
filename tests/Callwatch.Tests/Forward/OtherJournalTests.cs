using Callwatch.Control;
using Callwatch.Forward;
using Callwatch.Normalize;
using Callwatch.Normalize.Pricing;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Microsoft.Extensions.Options;
using Xunit;

namespace Callwatch.Tests.Forward;

/// <summary>A journal that somebody has replaced has other records by the same numbers: nothing of them goes to anybody's platform.</summary>
public sealed class OtherJournalTests
{
    [Theory]
    [InlineData(Scenario.TenantId, "llm-message", 0)]
    [InlineData(2, "llm-message", 2)]
    [InlineData(Scenario.TenantId, "chat-tools-cache", 2)]
    public async Task Only_what_was_settled_is_read_back(int tenant, string sent, int gone)
    {
        using var folder = new TempFolder();
        using var db = new ControlDb(folder.At("control.db"));
        var time = new ManualTime();
        new FirstStart(db, new Keys(db, time), time).Ensure(folder.Path, givenAdminKey: null);
        var apps = new Apps(db, time, new Counters(), Options.Create(new ControlOptions()));
        var journal = new InMemoryJournal();
        await journal.AppendAsync([Scenarios.Get(sent).EntryOf(0, apps.Create(Scenario.TenantId, "shop").Id) with { TenantId = tenant }], TestContext.Current.CancellationToken);
        var (trace, lost) = new TraceReader(journal, new SpanNormalizer(new PriceBooks()), apps, sharedBytes: 1 << 20).Read(Scenarios.Get("llm-message").Settled()[0]);
        Assert.Equal((gone, 2 - gone), (lost, trace.Spans.Count));
    }
}
