using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>A server that holds <see cref="BigTraces"/>, and a browser.</summary>
public sealed class BigTraceSite : IAsyncLifetime
{
    public RunningServer Server { get; private set; } = null!;

    public Chromium Chromium { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Server = await RunningServer.StartAsync();
        await Chromium.InitializeAsync();
        await BigTraces.SendAsync(Server.Http, TestContext.Current.CancellationToken);
        await Stored.AllAsync(Server);
    }

    public async ValueTask DisposeAsync()
    {
        await Chromium.DisposeAsync();
        await Server.DisposeAsync();
    }
}

/// <summary>The page of a trace with 10,000 spans: a part at a time, and all of it within reach.</summary>
public sealed partial class BigTraceTests(BigTraceSite site) : IClassFixture<BigTraceSite>
{
    private const string Rows = ".wf-row[data-row]", Current = ".wf-row[aria-current=true]";

    private static readonly string? Pictures = Environment.GetEnvironmentVariable("CALLWATCH_PICTURES") is { Length: > 0 } folder ? folder : null;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(BigTraces.Flat)]
    [InlineData(BigTraces.Deep)]
    [InlineData(BigTraces.Mixed)]
    public async Task The_first_screen_is_small_shows_the_failures_and_can_be_used_by_everybody(string trace)
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        Assert.Equal(200, await visitor.GoAsync("/traces/" + trace));
        var elements = await visitor.Page.EvaluateAsync<int>("() => document.querySelectorAll('*').length");
        Assert.True(elements < 2_000, elements.ToString(System.Globalization.CultureInfo.InvariantCulture) + " elements");
        Assert.NotEqual(0, await visitor.Page.Locator(Rows + " .tag.is-bad").CountAsync());
        if (trace == BigTraces.Flat) Assert.Equal(7, await visitor.Page.Locator(Rows + ".is-bad").CountAsync());
        await visitor.AssertAccessibleAsync();
        await visitor.AssertUnharmedAsync();
        foreach (var scheme in new[] { ColorScheme.Dark, ColorScheme.Light })
        {
            await visitor.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
            if (Pictures is not null) await visitor.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Pictures, $"big-{trace[0]}-{scheme}.png"), FullPage = true });
        }

        await visitor.Page.SetViewportSizeAsync(360, 900);
        await visitor.AssertFitsAsync();
    }

    [Theory]
    [InlineData(1440)]
    [InlineData(360)]
    public async Task Names_can_be_read_however_deep_they_stand(int width)
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url, width);
        await visitor.GoAsync("/traces/" + BigTraces.Deep);
        var cut = await visitor.Page.EvaluateAsync<string[]>(
            $"() => [...document.querySelectorAll('{Rows} a.row-link')].filter(name => name.scrollWidth > name.clientWidth && name.clientWidth < 48).map(name => name.textContent + ' in ' + name.clientWidth)");
        Assert.Empty(cut);
        Assert.Equal("40", await visitor.Page.Locator(Rows, new PageLocatorOptions { HasText = "step 41" }).Locator(".ind").InnerTextAsync());
    }

    [Fact]
    public async Task Every_span_can_be_reached_by_links_alone()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var next = new Queue<string>(["/traces/" + BigTraces.Lesser]);
        var asked = new HashSet<string>(next, StringComparer.Ordinal);
        while (next.TryDequeue(out var address))
        {
            var page = await site.Server.Http.GetStringAsync(address, Cancel);
            foreach (Match row in RowId().Matches(page)) seen.Add(row.Groups[1].Value);
            foreach (Match link in PartLink().Matches(page))
                if (WebUtility.HtmlDecode(link.Groups[1].Value) is var behind && !behind.Contains("span=", StringComparison.Ordinal) && asked.Add(behind)) next.Enqueue(behind);
        }

        Assert.Equal(Enumerable.Range(1, BigTraces.LesserCount).Select(BigTraces.SpanId), seen.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(BigTraces.Flat, 5_555)]
    [InlineData(BigTraces.Deep, 5_555)]
    [InlineData(BigTraces.Mixed, 6_001)]
    public async Task A_link_to_a_span_opens_where_it_stands(string trace, int span)
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url, script: false);
        await visitor.GoAsync($"/traces/{trace}?span={BigTraces.SpanId(span)}");
        Assert.Equal("row-" + BigTraces.SpanId(span), await visitor.Page.Locator(Current).GetAttributeAsync("id"));
        Assert.Equal(1, await visitor.Page.Locator("#side .side").CountAsync());
    }

    [Fact]
    public async Task What_is_folded_opens_in_its_place_and_folds_again()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        await visitor.GoAsync("/traces/" + BigTraces.Flat);
        var rows = await visitor.Page.Locator(Rows).CountAsync();
        await visitor.Page.Locator(".wf-row[data-more] a").Last.ClickAsync();
        await visitor.Page.WaitForFunctionAsync($"() => document.querySelectorAll('{Rows}').length > {rows + 20}");
        Assert.Equal("", await visitor.Page.EvaluateAsync<string>("() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id); return ids.filter((id, at) => ids.indexOf(id) !== at).join(' '); }"));
        await visitor.AssertUnharmedAsync();

        await visitor.GoAsync("/traces/" + BigTraces.Mixed);
        var folded = visitor.Page.Locator(Rows + ":has(a.tw)").First;
        var id = await folded.GetAttributeAsync("id");
        await folded.Locator("a.tw").ClickAsync();
        var button = visitor.Page.Locator($"#{id} button.tw");
        await button.WaitForAsync();
        var open = await visitor.Page.Locator(Rows + ":visible").CountAsync();
        await button.ClickAsync();
        Assert.True(await visitor.Page.Locator(Rows + ":visible").CountAsync() < open);
        await button.ClickAsync();
        Assert.Equal(open, await visitor.Page.Locator(Rows + ":visible").CountAsync());
    }

    [Fact]
    public async Task The_keyboard_goes_on_into_what_was_folded()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        await visitor.GoAsync("/traces/" + BigTraces.Flat + "?span=" + BigTraces.SpanId(1));

        // Down to the last row before the first fold, then over it.
        var before = await visitor.Page.EvaluateAsync<int>($"() => [...document.querySelectorAll('{Rows}')].findIndex(row => row.hasAttribute('data-more'))");
        for (var at = 1; at <= before; at++)
        {
            await visitor.Page.Keyboard.PressAsync("j");
            await visitor.Page.WaitForFunctionAsync($"() => document.querySelector('{Current}')?.id === 'row-{BigTraces.SpanId(at + 1)}'");
        }

        await visitor.Page.WaitForSelectorAsync($"#side [data-text='{BigTraces.SpanId(before + 1)}']");
        Assert.EndsWith("span=" + BigTraces.SpanId(before + 1), visitor.Page.Url, StringComparison.Ordinal);
        await visitor.Page.ReloadAsync();
        Assert.Equal("row-" + BigTraces.SpanId(before + 1), await visitor.Page.Locator(Current).GetAttributeAsync("id"));
        await visitor.AssertUnharmedAsync();
    }

    [GeneratedRegex("id=\"row-([0-9a-f]{16})\"", RegexOptions.CultureInvariant, 300_000)]
    private static partial Regex RowId();

    [GeneratedRegex("href=\"(/traces/[^\"]*(?:under|run|between)=[^\"]*)\"", RegexOptions.CultureInvariant, 300_000)]
    private static partial Regex PartLink();
}
