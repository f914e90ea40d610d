using System.Collections.Concurrent;
using Callwatch.Server.Tests.Media;
using Callwatch.Server.Tests.Receive;
using Callwatch.Testing;
using Microsoft.Playwright;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>A picture in a message is fetched when somebody asks for it, and not before.</summary>
public sealed class MediaTests(HostileSite site) : IClassFixture<HostileSite>
{
    private const ulong Trace = 77_001;

    [Fact]
    public async Task A_picture_is_fetched_on_a_click_and_not_before()
    {
        await SendAsync(Pictures.Url(Pictures.Png(40_000)));
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        var asked = new ConcurrentQueue<string>();
        visitor.Page.Request += (_, request) =>
        {
            if (request.Url.Contains("/api/v1/media/", StringComparison.Ordinal)) asked.Enqueue(request.Url);
        };
        await visitor.GoAsync($"/traces/{A.TraceId(Trace)}?span=0000000000000001");
        var link = visitor.Page.Locator(".media a[data-media=image]");
        Assert.Equal("Show", await link.InnerTextAsync());
        await visitor.AssertAccessibleAsync();
        Assert.Empty(asked);
        await link.ClickAsync();
        await visitor.Page.WaitForFunctionAsync("() => document.querySelector('img.shown')?.naturalWidth === 8");
        Assert.Single(asked);
        await visitor.AssertUnharmedAsync();
        await visitor.AssertAccessibleAsync();
    }

    [Fact]
    public async Task Without_script_the_link_leads_to_the_picture()
    {
        await SendAsync(Pictures.Url(Pictures.Png(40_000)));
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url, script: false);
        await visitor.GoAsync($"/traces/{A.TraceId(Trace)}?span=0000000000000001");
        var address = await visitor.Page.Locator(".media a").GetAttributeAsync("href");
        var answer = await visitor.Page.GotoAsync(address!);
        Assert.Equal((200, "image/png"), (answer!.Status, answer.Headers["content-type"]));
    }

    [Fact]
    public async Task What_cannot_be_shown_turns_into_a_link_to_save_it()
    {
        // Called a picture by its sender, and none by its bytes.
        await SendAsync("data:image/png;base64," + Convert.ToBase64String(new byte[30_000]), Trace + 1);
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        await visitor.GoAsync($"/traces/{A.TraceId(Trace + 1)}?span=0000000000000001");
        await visitor.Page.Locator(".media a[data-media=image]").ClickAsync();
        await visitor.Page.WaitForSelectorAsync(".media a:not([data-media]):visible", new PageWaitForSelectorOptions { State = WaitForSelectorState.Visible });
        Assert.Equal(0, await visitor.Page.Locator("img.shown").CountAsync());
    }

    private async Task SendAsync(string url, ulong trace = Trace)
    {
        (await site.Server.SendTracesAsync(A.Traces(Pictures.Call(trace, url)))).Dispose();
        await Stored.AllAsync(site.Server);
    }
}
