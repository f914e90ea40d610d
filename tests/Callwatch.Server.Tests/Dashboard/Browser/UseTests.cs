using Microsoft.Playwright;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>What people do with the pages.</summary>
public sealed class UseTests(HostileSite site) : IClassFixture<HostileSite>
{
    private const string Row = "[data-row]";

    // Other tests send calls of their own.
    private const string Calls = "/calls?q=trace:" + HostileTraffic.TraceId;

    [Fact]
    public async Task A_row_opens_beside_the_list_and_the_address_says_so()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        await visitor.GoAsync(Calls);
        await visitor.Page.Locator(Row).First.ClickAsync();
        await visitor.Page.WaitForSelectorAsync("#side .side");
        Assert.Contains("call=" + HostileTraffic.TraceId, visitor.Page.Url, StringComparison.Ordinal);
        await visitor.Page.Locator("#side [role=tab]", new PageLocatorOptions { HasText = "Attributes" }).ClickAsync();
        await visitor.Page.WaitForURLAsync("**tab=attributes**");
        await visitor.Page.ReloadAsync();
        Assert.Equal("true", await visitor.Page.Locator("#side [role=tab]", new PageLocatorOptions { HasText = "Attributes" }).GetAttributeAsync("aria-selected"));
        await visitor.AssertUnharmedAsync();
        await visitor.AssertAccessibleAsync();
    }

    [Fact]
    public async Task Under_the_pointer_a_chart_says_counts_and_sums_to_the_last_digit()
    {
        const string Chart = """
            {"from":0,"to":120000,"step":60000,"top":2000000,"unit":"$","zoom":false,"times":[0,60000],
             "series":[{"name":"dear","color":"c1","values":[1234567.89,1]},{"name":"cheap","color":"c2","values":[0.000123456,2]}]}
            """;
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        await visitor.GoAsync("/settings");
        await visitor.Page.EvaluateAsync(
            """
            chart => {
              const plot = Object.assign(document.createElement("div"), { className: "plot", id: "probe", innerHTML: '<svg role="img" aria-label="probe"></svg>' });
              plot.dataset.chart = chart;
              document.querySelector("main").prepend(plot);
              document.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: document } }));
            }
            """, Chart);
        var box = await visitor.Page.Locator("#probe .u-over").BoundingBoxAsync();
        await visitor.Page.Mouse.MoveAsync(box!.X + (box.Width / 4), box.Y + (box.Height / 2));
        var tip = visitor.Page.Locator("#probe .tip:not([hidden])");
        await tip.WaitForAsync();
        Assert.Equal(["$0.00012346", "$1,234,567.89"], await tip.Locator("dd").AllInnerTextsAsync());
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task The_keyboard_goes_through_the_list_and_to_the_trace()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        await visitor.GoAsync(Calls.Replace("/calls", "/", StringComparison.Ordinal));
        await visitor.Page.Keyboard.PressAsync("g");
        await visitor.Page.Keyboard.PressAsync("c");
        await visitor.Page.WaitForURLAsync("**/calls**");
        await visitor.Page.Keyboard.PressAsync("j");
        await visitor.Page.WaitForSelectorAsync("#side .side");
        await visitor.Page.Keyboard.PressAsync("j");
        await visitor.Page.WaitForFunctionAsync("() => document.querySelectorAll('[data-row]')[1].hasAttribute('aria-current')");
        await visitor.Page.Keyboard.PressAsync("k");
        await visitor.Page.WaitForFunctionAsync("() => document.querySelectorAll('[data-row]')[0].hasAttribute('aria-current')");
        await visitor.Page.WaitForSelectorAsync("#side.htmx-request", new PageWaitForSelectorOptions { State = WaitForSelectorState.Detached });
        await visitor.Page.WaitForSelectorAsync($"[data-full][href*='{HostileTraffic.CallId}']");
        await visitor.Page.Keyboard.PressAsync("?");
        await visitor.Page.WaitForSelectorAsync("dialog[open]");
        await visitor.Page.Keyboard.PressAsync("Escape");
        await visitor.Page.WaitForFunctionAsync("() => !document.querySelector('dialog[open]') && document.activeElement === document.body");
        await visitor.Page.Keyboard.PressAsync("Enter");
        await visitor.Page.WaitForURLAsync("**/traces/" + HostileTraffic.TraceId + "**");
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task The_filter_completes_fields_and_values_and_becomes_chips()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        await visitor.GoAsync("/calls");
        await visitor.Page.Keyboard.PressAsync("/");
        await visitor.Page.Keyboard.TypeAsync("outc");
        // The list for all that was typed, not for its first letter.
        await visitor.Page.WaitForFunctionAsync("() => document.querySelectorAll('#complete [role=option]').length === 1 && document.querySelector(\"#complete [data-insert='outcome:']\")");
        await visitor.Page.Keyboard.PressAsync("Tab");
        await visitor.Page.WaitForSelectorAsync("#complete [data-insert='outcome:error']");
        await visitor.Page.Keyboard.TypeAsync("err");
        await visitor.Page.WaitForFunctionAsync("() => document.querySelectorAll('#complete [role=option]').length === 1");
        await visitor.Page.Keyboard.PressAsync("Tab");
        await visitor.Page.Keyboard.PressAsync("Enter");
        await visitor.Page.WaitForURLAsync("**q=outcome%3Aerror**");
        Assert.Equal(1, await visitor.Page.Locator(".chip").CountAsync());
        Assert.Equal(1, await visitor.Page.Locator(Row).CountAsync());
        await visitor.Page.Locator(".chip .drop").ClickAsync();
        await visitor.Page.WaitForURLAsync(url => !url.Contains("q=", StringComparison.Ordinal));
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task Hostile_values_can_be_completed_and_filtered_by()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        await visitor.GoAsync("/calls");
        await visitor.Page.Locator("#q").FillAsync("user:");
        await visitor.Page.WaitForSelectorAsync("#complete [role=option]");
        await visitor.AssertAccessibleAsync();
        await visitor.Page.Keyboard.PressAsync("Tab");
        await visitor.Page.Keyboard.PressAsync("Enter");
        await visitor.Page.WaitForSelectorAsync(".chip");
        Assert.Equal(2, await visitor.Page.Locator(Row).CountAsync());
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task A_wrong_filter_is_pointed_at_and_stays_to_be_mended()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        foreach (var page in new[] { "/", "/calls", "/traces", "/errors" })
        {
            Assert.Equal(200, await visitor.GoAsync(page + "?q=modle:gpt-4o"));
            Assert.Contains("model", await visitor.Page.Locator("#filter-problem").InnerTextAsync(), StringComparison.Ordinal);
            Assert.Equal("modle:gpt-4o", await visitor.Page.Locator("#q").InputValueAsync());
        }

        await visitor.AssertAccessibleAsync();
    }

    [Fact]
    public async Task Live_shows_what_comes_while_one_looks()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        await visitor.GoAsync("/calls?q=user:\"newcomer\"");
        Assert.Equal(0, await visitor.Page.Locator(Row).CountAsync());
        await visitor.Page.Locator("#live").ClickAsync();
        await Traffic.SendCallAsync(site.Server.Http, "newcomer", TestContext.Current.CancellationToken);
        await visitor.Page.WaitForSelectorAsync(Row);
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task Theme_and_language_are_remembered()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        await visitor.GoAsync("/calls");
        await visitor.Page.Locator("#theme").ClickAsync();
        Assert.Equal("dark", await visitor.Page.GetAttributeAsync("html", "data-theme"));
        await visitor.Page.Locator("[hreflang=zh-Hans]").ClickAsync();
        await visitor.Page.WaitForSelectorAsync("html[lang=zh-Hans]");
        await visitor.GoAsync("/errors");
        Assert.Equal("dark", await visitor.Page.GetAttributeAsync("html", "data-theme"));
        Assert.Equal("错误", await visitor.Page.Locator("h1").InnerTextAsync());
    }

    [Fact]
    public async Task The_waterfall_folds_and_unfolds()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        await visitor.GoAsync("/traces/" + HostileTraffic.TraceId);
        Assert.Equal(4, await visitor.Page.Locator(".wf-row[data-row]:visible").CountAsync());
        await visitor.Page.Locator("button.tw").First.ClickAsync();
        Assert.Equal(1, await visitor.Page.Locator(".wf-row[data-row]:visible").CountAsync());
        await visitor.Page.Locator("button.tw").First.ClickAsync();
        Assert.Equal(4, await visitor.Page.Locator(".wf-row[data-row]:visible").CountAsync());
    }

    [Fact]
    public async Task Values_stand_under_the_pointer_and_a_stretch_of_time_can_be_picked()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        await visitor.GoAsync("/?from=-3h");
        var over = visitor.Page.Locator(".u-over").First;
        var box = (await over.BoundingBoxAsync())!;
        await visitor.Page.Mouse.MoveAsync(box.X + (box.Width / 2), box.Y + 20);
        await visitor.Page.WaitForSelectorAsync(".tip:not([hidden]) dd");
        await visitor.Page.Mouse.DownAsync();
        await visitor.Page.Mouse.MoveAsync(box.X + (box.Width * 0.9f), box.Y + 20);
        await visitor.Page.Mouse.UpAsync();
        await visitor.Page.WaitForURLAsync("**from=20*");
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task Everything_can_be_reached_without_script()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url, script: false);
        await visitor.GoAsync("/calls");
        await visitor.Page.Locator(Row).First.Locator("a.row-link").ClickAsync();
        await visitor.Page.Locator("#side [role=tab]", new PageLocatorOptions { HasText = "Raw" }).ClickAsync();
        await visitor.Page.WaitForURLAsync("**tab=raw**");
        await visitor.Page.Locator("#q").FillAsync("outcome:error");
        await visitor.Page.Keyboard.PressAsync("Enter");
        await visitor.Page.WaitForURLAsync("**q=outcome**");
        await visitor.Page.Locator("#q").FillAsync("kind:chat");
        await visitor.Page.Keyboard.PressAsync("Enter");
        await visitor.Page.WaitForURLAsync("**kind%3Achat**");
        Assert.Equal(2, await visitor.Page.Locator(".chip").CountAsync());
        await visitor.GoAsync("/");
        Assert.NotEqual(0, await visitor.Page.Locator(".plot path.a").CountAsync());
    }
}
