using System.Net;
using Callwatch.Control;
using Callwatch.Forward.Lanes;
using Callwatch.Server.Tests.Access;
using Callwatch.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>What the pages of destinations show, of lanes in every state, with hostile words from platforms.</summary>
public sealed class DestinationPageTests(DestinationSite site) : IClassFixture<DestinationSite>
{
    private static readonly string? Pictures = Environment.GetEnvironmentVariable("CALLWATCH_LANES") is { Length: > 0 } folder ? folder : null;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_state_has_its_word_the_platforms_words_and_what_to_do()
    {
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync("/destinations");
        Assert.Equal("idle", await StateAsync(site.Healthy));
        Assert.Equal("blocked", await StateAsync(site.Blocked));
        Assert.Equal("retrying", await StateAsync(site.Away));
        Assert.Equal("paused", await StateAsync(site.Paused));
        var blocked = await visitor.Page.Locator($"#lane-{site.Blocked} .say").InnerTextAsync();
        Assert.Contains("401", blocked, StringComparison.Ordinal);
        Assert.Contains("Invalid token", blocked, StringComparison.Ordinal);
        Assert.Contains("Check the key", blocked, StringComparison.Ordinal);
        var away = "";
        // Not while the next attempt is being made.
        await Eventually.AnswersAsync(
            async () => (away = await visitor.Page.Locator($"#lane-{site.Away} .say").InnerTextAsync()).Contains("ext attempt", StringComparison.Ordinal) ? away : null, () => "the next attempt is told: " + away);
        Assert.Contains("The ingest queue is full", away, StringComparison.Ordinal);
        Assert.Contains("4 dead letters", await visitor.Page.Locator($"#lane-{site.Refusing} .say").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal(DestinationSite.Calls, await visitor.Page.Locator(".letters tbody tr").CountAsync());
        await visitor.AssertUnharmedAsync();

        async Task<string> StateAsync(int lane) => await visitor.Page.Locator($"#lane-{lane} .st").InnerTextAsync();
    }

    [Theory]
    [InlineData("en-GB")]
    [InlineData("zh-CN")]
    public async Task The_pages_can_be_used_by_everybody_in_light_and_dark_on_a_phone_and_a_wide_screen(string locale)
    {
        await using var visitor = await site.SignedInAsync(locale: locale);
        var all = new[] { "/destinations", $"/destinations/{site.Refusing}", "/destinations/new?kind=otlp", $"/destinations/{site.Blocked}", $"/destinations/{site.Paused}", "/destinations/new", "/destinations/new?kind=langfuse" };
        foreach (var page in locale == "en-GB" || Pictures is not null ? all : all[..3])
        {
            Assert.Equal(200, await visitor.GoAsync(page));
            foreach (var scheme in new[] { ColorScheme.Dark, ColorScheme.Light })
            {
                await visitor.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
                await visitor.Page.SetViewportSizeAsync(1440, 900);
                await visitor.AssertAccessibleAsync();
                if (scheme == ColorScheme.Dark && Pictures is null) continue;
                foreach (var width in new[] { 2560, 1440, 800, 360 })
                {
                    await visitor.Page.SetViewportSizeAsync(width, 900);
                    await visitor.AssertFitsAsync();
                    if (Pictures is not null) await visitor.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Pictures, $"{page.Trim('/').Replace('/', '-').Replace('?', '-')}-{locale[..2]}-{scheme}-{width}.png"), FullPage = true });
                }
            }

            await visitor.AssertUnharmedAsync();
        }
    }

    [Fact]
    public async Task What_is_jumped_to_and_what_is_pressed_lies_under_nothing()
    {
        await using var visitor = await site.SignedInAsync();
        foreach (var (width, height) in new[] { (1440, 900), (360, 740) })
        {
            await visitor.Page.SetViewportSizeAsync(width, height);
            await visitor.GoAsync("/calls");
            await visitor.GoAsync($"/destinations/{site.Refusing}#dead-letters");
            Assert.Equal("", await visitor.Page.EvaluateAsync<string>("() => { const head = document.getElementById('h-letters').getBoundingClientRect(), bar = document.querySelector('.top').getBoundingClientRect(); return head.top >= bar.bottom ? '' : `the heading at ${head.top} lies under the bar, which ends at ${bar.bottom}`; }"));

            // The foot of a form stays in sight above the bar of pages.
            await visitor.GoAsync("/destinations/new?kind=otlp");
            foreach (var button in new[] { "#destination .primary", "#test" })
                Assert.True(await visitor.Page.EvaluateAsync<bool>("what => { const one = document.querySelector(what), box = one.getBoundingClientRect(); return one.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)); }", button), $"{button} is covered at {width}");
        }
    }

    [Fact]
    public async Task Where_a_key_is_refused_the_field_of_the_stored_key_says_so_and_no_other()
    {
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync($"/destinations/{site.Blocked}");
        Assert.Equal("The platform refuses this one.", await visitor.Page.InnerTextAsync("#p-config-headers"));
        Assert.Equal(["f-config-headers"], await visitor.Page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('#destination [aria-invalid=true]')].map(one => one.id)"));
    }

    [Fact]
    public async Task A_Chinese_reader_is_told_in_Chinese_what_is_wrong_with_a_form_and_what_a_check_found()
    {
        await using var visitor = await site.SignedInAsync(locale: "zh-CN");
        await visitor.GoAsync("/destinations/new?kind=langfuse");
        await visitor.Page.FillAsync("#f-config-public_key", "pk-lf-1");
        await visitor.Page.ClickAsync("#test");
        Assert.Equal("缺少“私钥”。", await visitor.Page.Locator("#p-config-secret_key:not([hidden])").InnerTextAsync());
        await visitor.GoAsync("/destinations/new?kind=otlp");
        await visitor.Page.FillAsync("#f-config-endpoint", site.AddressOf("healthy"));
        await visitor.Page.ClickAsync("#test");
        Assert.Contains("接收端有回应，并接收 OTLP。", await visitor.Page.Locator("#form-answer .is-ok").InnerTextAsync(), StringComparison.Ordinal);
        await visitor.GoAsync("/calls?q=modle:x");
        Assert.Contains("没有字段“modle”", await visitor.Page.Locator("#filter-problem").InnerTextAsync(), StringComparison.Ordinal);
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task A_secret_never_comes_back_into_a_page()
    {
        await using var visitor = await site.SignedInAsync();
        foreach (var page in new[] { "/destinations", $"/destinations/{site.Healthy}", $"/destinations/{site.Blocked}", $"/destinations/{site.Refusing}" })
        {
            await visitor.GoAsync(page);
            Assert.DoesNotContain(DestinationSite.Secret, await visitor.Page.ContentAsync(), StringComparison.Ordinal);
        }

        Assert.Contains("Authorization: ***", await visitor.Page.Locator("#f-config-headers").InputValueAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_has_not_signed_in_may_look_and_is_told_where_to_sign_in()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        foreach (var page in new[] { "/destinations", $"/destinations/{site.Refusing}", "/destinations/new?kind=otlp" })
        {
            Assert.Equal(200, await visitor.GoAsync(page));
            Assert.Equal(0, await visitor.Page.Locator("main button:enabled").CountAsync());
            Assert.EndsWith("?return=" + Uri.EscapeDataString(page), await visitor.Page.Locator("main a[href*=sign-in]").GetAttributeAsync("href"), StringComparison.Ordinal);
            await visitor.AssertAccessibleAsync();
        }
    }

    [Theory]
    [InlineData("pause")]
    [InlineData("resume")]
    [InlineData("delete")]
    [InlineData("dead-letters")]
    [InlineData("replays")]
    [InlineData("check")]
    public async Task A_form_without_the_token_of_a_page_of_ours_changes_nothing(string action)
    {
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync("/destinations");
        var status = await visitor.Page.EvaluateAsync<int>($"async () => (await fetch('/destinations/{site.Healthy}/{action}', {{ method: 'POST', body: new URLSearchParams({{ do: 'discard-all' }}) }})).status");
        Assert.Equal((int)HttpStatusCode.Forbidden, status);
        Assert.NotNull(site.Desk.Find(Tenants.DefaultId, site.Healthy));
    }

    [Fact]
    public async Task Who_may_see_one_app_only_is_shown_nothing_of_the_others()
    {
        var key = Key.Make(site.Server, KeyScopes.Read, "shop");
        using var http = new HttpClient { BaseAddress = site.Server.Url };
        foreach (var page in new[] { "/destinations", $"/destinations/{site.Healthy}", "/" })
        {
            using var request = Key.With(key, HttpMethod.Get, page, ("Accept", "text/html"));
            using var answer = await http.SendAsync(request, Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.DoesNotContain("Data lake", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_rail_and_the_overview_speak_of_lanes_in_trouble()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        await visitor.GoAsync("/?from=-15m");
        Assert.NotEqual("", await visitor.Page.Locator(".rail .count").InnerTextAsync());
        Assert.Equal(1, await visitor.Page.Locator(".notes a[href*='/destinations']").CountAsync());
        await visitor.Page.Locator(".notes a[href*='/destinations']").ClickAsync();
        await visitor.Page.WaitForURLAsync("**/destinations**");
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task The_page_of_a_trace_says_where_it_is_and_links_to_it_there()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        var trace = site.Server.Services.GetRequiredService<DeadLetters>().List(site.Refusing, null, 1)[0].TraceId;
        await visitor.GoAsync($"/traces/{trace}");
        await visitor.Page.Locator("#side [role=tab]", new PageLocatorOptions { HasText = "Deliveries" }).ClickAsync();
        await visitor.Page.WaitForURLAsync("**tab=deliveries**");
        var tab = visitor.Page.Locator(".deliveries");
        await tab.Locator("li").Nth(4).WaitForAsync();
        Assert.Equal(5, await tab.Locator("li").CountAsync());
        var lake = tab.Locator("li", new LocatorLocatorOptions { HasText = "Data lake" });
        Assert.Contains("delivered", await lake.InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal($"https://lake.example/trace/{trace}", await lake.Locator("a.btn").GetAttributeAsync("href"));
        Assert.Contains("must be a number", await tab.Locator("li", new LocatorLocatorOptions { HasText = "Strict platform" }).InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains("paused", await tab.Locator("li", new LocatorLocatorOptions { HasText = "Archive" }).InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains("Invalid token", await tab.InnerTextAsync(), StringComparison.Ordinal);
        await visitor.AssertAccessibleAsync();
        await visitor.AssertUnharmedAsync();
        if (Pictures is not null) await visitor.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Pictures, "trace-deliveries.png"), FullPage = true });
    }
}
