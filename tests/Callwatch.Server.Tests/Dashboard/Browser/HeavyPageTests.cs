using System.Text.Json.Nodes;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>Pages stay small, in their window and harmless whatever there is, however much of it, and however long its names.</summary>
public sealed class HeavyPageTests(HeavySite site) : IClassFixture<HeavySite>
{
    private const int MostBytes = 1_500_000;

    public static TheoryData<string> Pages =>
    [
        "/", "/calls", "/calls?sort=-cost", "/traces", "/errors", "/cost", "/cost?by=user", "/cost/caching", "/cost/what-if?model=gpt-4o-mini", "/cost/prices", "/cost/reprice", "/figures", "/diagnose", "/system", "/system/doctor",
        "/settings", "/settings?tab=retention", "/settings?tab=audit", "/calls?q=user:user-500*", "/errors?since=release:x", "/find?id=u1", "/destinations", "/settings?tab=keys",
    ];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_page_stays_small_and_fits_the_window(string address)
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        Assert.Equal(200, await visitor.GoAsync(address));
        await FitsAsync(visitor);
    }

    [Fact]
    public async Task Two_calls_of_twenty_megabytes_are_compared_and_each_is_looked_at()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        foreach (var address in new[]
        {
            $"/compare/calls?a={HeavySite.LargeCall(1)}&b={HeavySite.LargeCall(2)}", "/calls?call=" + HeavySite.LargeCall(1), $"/calls?call={HeavySite.LargeCall(1)}&tab=attributes", "/traces/" + HeavySite.LargeCall(2).Split('.')[0],
        })
        {
            Assert.Equal(200, await visitor.GoAsync(address));
            await FitsAsync(visitor);
        }
    }

    [Fact]
    public async Task A_group_of_errors_with_hostile_words_has_a_page_that_names_what_its_calls_share()
    {
        var group = JsonNode.Parse(await site.Server.Http.GetStringAsync("/api/v1/errors", TestContext.Current.CancellationToken))!["items"]![0]!;
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        await visitor.GoAsync("/errors");
        await visitor.Page.Locator("tbody .row-link").First.ClickAsync();
        await visitor.Page.WaitForURLAsync($"**/errors/{group["fingerprint"]}*");
        Assert.Equal("HostileError", await visitor.Page.InnerTextAsync("h1"));
        Assert.NotEqual(0, await visitor.Page.Locator("main table tbody tr").CountAsync());
        await visitor.AssertAccessibleAsync();
        await FitsAsync(visitor);
    }

    private static async Task FitsAsync(Visitor visitor)
    {
        var size = (await visitor.Page.ContentAsync()).Length;
        Assert.True(size < MostBytes, $"{size} characters");
        foreach (var width in new[] { 1440, 360 })
        {
            await visitor.Page.SetViewportSizeAsync(width, 900);
            await visitor.AssertFitsAsync();
        }

        await visitor.AssertUnharmedAsync();
    }
}
