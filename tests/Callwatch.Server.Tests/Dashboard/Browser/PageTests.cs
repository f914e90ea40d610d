using Microsoft.Playwright;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>Every page, with hostile contents in every field.</summary>
public sealed class PageTests(HostileSite site) : IClassFixture<HostileSite>
{
    private const string Trace = "/traces/" + HostileTraffic.TraceId;
    private const string Call = "/calls?call=" + HostileTraffic.TraceId + "." + HostileTraffic.CallId;

    public static TheoryData<string, int> Pages => new()
    {
        { "/", 200 },
        { "/?from=-7d&compare=off&lang=zh", 200 },
        { "/calls", 200 },
        { "/calls?q=outcome:error&sort=-duration", 200 },
        { "/calls?q=model:%22%3Cscript%3E%22", 200 },
        { "/calls?q=%22%3E%3Cscript%3Ewindow.pwned=1%3C/script%3E:", 200 },
        { "/calls?app=%3Cimg+src=x+onerror=window.pwned=1%3E&env=%3Cb%3E", 200 },
        { Call, 200 },
        { Call + "&tab=raw", 200 },
        { Call + "&tab=attributes", 200 },
        { Call + "&tab=events", 200 },
        { "/calls?call=" + HostileTraffic.TraceId + ".2222222222222222", 200 },
        { "/calls?call=nonsense", 200 },
        { "/traces", 200 },
        { Trace, 200 },
        { Trace + "?span=3333333333333333&tab=attributes", 200 },
        { Trace + "?under=1111111111111111", 200 },
        { "/traces/%3Cscript%3E", 404 },
        { "/errors", 200 },
        { "/errors/9f3c2a7710b45e02", 200 },
        { "/errors/%3Cscript%3Ewindow.pwned=1%3C/script%3E", 404 },
        { "/diagnose", 200 },
        { "/diagnose?from=-7d&lang=zh&figure=errors&by=user", 200 },
        { "/diagnose?figure=%3Cscript%3E&by=%22%3E%3Cimg+src=x+onerror=window.pwned=1%3E&baseline_from=x&against=y", 200 },
        { "/diagnose?q=modle:x", 200 },
        { "/system", 200 },
        { "/figures", 200 },
        { "/figures?from=-30d&lang=zh&q=env:prod", 200 },
        { Trace + "?tab=deliveries", 200 },
        { "/destinations", 200 },
        { "/destinations?lang=zh", 200 },
        { "/cost", 200 },
        { "/cost?by=user&lang=zh&tz=%22%3E%3Cscript%3Ewindow.pwned=1%3C/script%3E", 200 },
        { "/cost/caching", 200 },
        { "/cost/reconcile/4711", 404 },
        { "/destinations/new", 200 },
        { "/destinations/new?kind=otlp", 200 },
        { "/destinations/new?kind=%3Cscript%3Ewindow.pwned=1%3C/script%3E", 200 },
        { "/destinations/4711?done=%3Cscript%3E", 404 },
        { "/first-call", 200 },
        { "/sign-in?return=%22%3E%3Cscript%3Ewindow.pwned=1%3C/script%3E", 200 },
        { "/nowhere/%3Cscript%3Ewindow.pwned=1%3C/script%3E", 404 },
    };

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Nothing_in_a_trace_or_an_address_runs_and_no_request_leaves_the_machine(string address, int status)
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        Assert.Equal(status, await visitor.GoAsync(address));
        await visitor.AssertUnharmedAsync();
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_page_can_be_used_by_everybody_in_light_and_dark_on_a_phone_and_a_wide_screen(string address, int status)
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        Assert.Equal(status, await visitor.GoAsync(address));
        await visitor.AssertAccessibleAsync();
        await visitor.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });
        await visitor.AssertAccessibleAsync();
        foreach (var width in new[] { 2560, 800, 360 })
        {
            await visitor.Page.SetViewportSizeAsync(width, 900);
            await visitor.AssertFitsAsync();
        }
    }

    [Fact]
    public async Task What_would_reorder_or_hide_is_seen_as_what_it_is()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        await visitor.GoAsync(Call);
        var text = await visitor.Page.InnerTextAsync("#side .body");
        Assert.Contains("‹U+202E›", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\u202E", await visitor.Page.ContentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_huge_text_is_cut_and_comes_when_asked_for()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        await visitor.GoAsync(Call);
        Assert.InRange((await visitor.Page.ContentAsync()).Length, 1, 200_000);
        var more = visitor.Page.Locator("#side .more-text a").Last;
        await more.ClickAsync();
        await visitor.Page.WaitForFunctionAsync("() => document.querySelector('#side').textContent.length > 20000");
        await visitor.AssertUnharmedAsync();
    }
}
