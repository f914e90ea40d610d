using Callwatch.Testing;
using Microsoft.Playwright;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>The pages of settings, views, comparing, finding and the doctor, with hostile names in every field.</summary>
public sealed class SettingsPageTests(SettingsSite site) : IClassFixture<SettingsSite>
{
    private static readonly string? Pictures = Environment.GetEnvironmentVariable("CALLWATCH_SETTINGS") is { Length: > 0 } folder ? folder : null;

    public static TheoryData<string> Pages =>
    [
        "/settings", "/settings?tab=keys", "/settings?tab=views", "/settings?tab=prices", "/settings?tab=retention", "/settings?tab=secrets", "/settings?tab=sign-ins", "/settings?tab=audit", "/settings?tab=tenants",
        "/settings?tab=%3Cscript%3E&done=%3Cscript%3E&made=%22%3E", "/find", "/find?id=" + HostileTraffic.TraceId, "/find?id=%22%3E%3Cscript%3Ewindow.pwned=1%3C/script%3E",
        "/system/doctor", "/compare/calls", "/compare/calls?a=%3Cscript%3E&b=1", "/compare/calls?a=" + HostileTraffic.TraceId + "." + HostileTraffic.CallId + "&b=" + HostileTraffic.TraceId + ".2222222222222222",
        "/compare/calls?a=" + HostileTraffic.TraceId + "." + HostileTraffic.CallId, "/calls?columns=time,app,environment,release,provider,model,finish,session,speed,reasoning,temperature,prompt,kind",
        "/calls?tz=Asia/Shanghai", "/?tz=Europe/Berlin", "/?tz=%3Cscript%3E", "/calls?pick=" + HostileTraffic.TraceId + "." + HostileTraffic.CallId,
        "/traces/" + HostileTraffic.TraceId + "?span=" + HostileTraffic.CallId + "&tab=raw", "/first-call?tab=dify",
    ];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Nothing_runs_and_everybody_can_use_the_page_in_light_and_dark_on_a_phone_and_a_wide_screen(string address)
    {
        await using var visitor = await site.SignedInAsync();
        Assert.Equal(200, await visitor.GoAsync(address));
        await visitor.AssertAccessibleAsync();
        await visitor.AssertUnharmedAsync();
        await visitor.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });
        await visitor.AssertAccessibleAsync();
        foreach (var width in new[] { 3840, 800, 360 })
        {
            await visitor.Page.SetViewportSizeAsync(width, 900);
            await visitor.AssertFitsAsync();
            if (Pictures is not null) await PictureAsync(visitor, address, width.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        if (Pictures is null) return;
        await visitor.Page.SetViewportSizeAsync(1440, 900);
        await PictureAsync(visitor, address, "dark");
        await visitor.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Light });
        await PictureAsync(visitor, address, "light");
    }

    [Theory]
    [InlineData("/settings?tab=keys")]
    [InlineData("/settings?tab=secrets")]
    [InlineData("/settings?tab=tenants")]
    public async Task Who_may_only_look_is_shown_no_keys_and_no_form(string address)
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        Assert.Equal(200, await visitor.GoAsync(address));
        Assert.Equal(0, await visitor.Page.Locator("form[method=post]").CountAsync());
        Assert.Equal(0, await visitor.Page.Locator("main table").CountAsync());
        await visitor.AssertAccessibleAsync();
    }

    [Fact]
    public async Task The_doctor_tells_of_the_instance_to_its_operator_alone()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        await visitor.GoAsync("/system/doctor");
        Assert.DoesNotContain("Data folder", await visitor.Page.InnerTextAsync(".checks"), StringComparison.Ordinal);
        await using var signedIn = await site.SignedInAsync();
        await signedIn.GoAsync("/system/doctor");
        Assert.Contains("Data folder", await signedIn.Page.InnerTextAsync(".checks"), StringComparison.Ordinal);
        await signedIn.GoAsync("/system");
        await signedIn.Page.WaitForSelectorAsync("#hands .quiet");
        await signedIn.AssertAccessibleAsync();
        await signedIn.AssertUnharmedAsync();
    }

    [Fact]
    public async Task Two_calls_are_chosen_in_the_list_and_what_differs_is_named()
    {
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync("/calls?q=app:shop&call=" + SettingsSite.CallOf(1));
        await visitor.Page.Keyboard.PressAsync("c");
        await visitor.Page.WaitForURLAsync("**/calls?*pick=*");
        await visitor.Page.Locator("[data-row] .row-link").First.ClickAsync();
        await visitor.Page.WaitForSelectorAsync("#side [data-compare]");
        await visitor.Page.Keyboard.PressAsync("c");
        await visitor.Page.WaitForURLAsync("**/compare/calls?*");
        var facts = await visitor.Page.InnerTextAsync("table.compare");
        Assert.Contains("−500", facts.Replace("+500", "−500", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("13:42", await visitor.Page.InnerTextAsync(".diff"), StringComparison.Ordinal);
        Assert.Equal(["42", "43"], (await visitor.Page.Locator(".diff").First.Locator("mark").AllInnerTextsAsync()).Order(StringComparer.Ordinal));
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task Beside_a_waterfall_another_call_of_the_same_operation_is_offered()
    {
        await using var visitor = await site.SignedInAsync(script: false);
        await visitor.GoAsync("/traces/" + A.TraceId(1) + "?span=" + new Callwatch.Spans.SpanId(1));
        await visitor.FollowAsync(visitor.Page.Locator("[data-compare]"));
        await visitor.FollowAsync(visitor.Page.Locator("main table a.row-link").First);
        Assert.Equal(1, await visitor.Page.Locator("table.compare").CountAsync());
    }

    [Fact]
    public async Task Failed_attempts_are_folded_into_the_last_and_the_next_trace_is_a_key_away()
    {
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync("/traces/" + A.TraceId(3));
        Assert.Equal("2 attempts", await visitor.Page.Locator(".tag.is-try").InnerTextAsync());
        Assert.Equal(2, await visitor.Page.Locator(".wf-row[data-row]").CountAsync());
        await visitor.Page.Locator(".wf-row[data-row] a.tw").ClickAsync();
        await visitor.Page.WaitForFunctionAsync("() => document.querySelectorAll('.wf-row[data-row]').length === 3");
        Assert.Contains("attempt 1", await visitor.Page.InnerTextAsync(".wf"), StringComparison.Ordinal);
        await visitor.Page.Keyboard.PressAsync("n");
        await visitor.Page.WaitForURLAsync(url => !url.Contains(A.TraceId(3).ToString(), StringComparison.Ordinal));
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task A_zone_is_remembered_stands_in_the_address_and_moves_every_time_that_is_shown()
    {
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync("/calls?q=app:shop");
        var utc = await visitor.Page.Locator("[data-row] time").First.GetAttributeAsync("title");
        Assert.EndsWith(" UTC", utc, StringComparison.Ordinal);
        await visitor.Page.Locator("details.menu:has(#zone) > summary").ClickAsync();
        await visitor.Page.SelectOptionAsync("#zone", "Asia/Shanghai");
        await visitor.Page.Locator("form:has(#zone) button").ClickAsync();
        await visitor.Page.WaitForURLAsync("**tz=Asia*");
        Assert.EndsWith("+08:00", await visitor.Page.Locator("[data-row] time").First.GetAttributeAsync("title"), StringComparison.Ordinal);
        await visitor.GoAsync("/");
        Assert.Contains("Shanghai", await visitor.Page.InnerTextAsync(".page-head"), StringComparison.Ordinal);
        Assert.Contains("tz=Asia%2FShanghai", await visitor.Page.Locator(".rail a").Nth(1).GetAttributeAsync("href"), StringComparison.Ordinal);
        await visitor.GoAsync("/?tz=UTC");
        Assert.Contains("UTC", await visitor.Page.InnerTextAsync(".page-head"), StringComparison.Ordinal);
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task Columns_are_chosen_remembered_and_forgotten()
    {
        await using var visitor = await site.SignedInAsync(script: false);
        await visitor.GoAsync("/calls");
        await visitor.Page.Locator("summary", new PageLocatorOptions { HasText = "Columns" }).ClickAsync();
        await visitor.Page.Locator(".columns [value=session]").CheckAsync();
        await visitor.Page.Locator(".columns [value=user]").UncheckAsync();
        await visitor.FollowAsync(visitor.Page.Locator(".columns .primary"));
        var heads = await visitor.Page.Locator("thead th").AllInnerTextsAsync();
        Assert.Contains("Session", heads);
        Assert.DoesNotContain("User", heads);
        await visitor.GoAsync("/calls");
        Assert.Contains("Session", await visitor.Page.Locator("thead th").AllInnerTextsAsync());
        await visitor.GoAsync("/calls?columns=usual");
        await visitor.GoAsync("/calls");
        Assert.Contains("User", await visitor.Page.Locator("thead th").AllInnerTextsAsync());
    }

    private static Task<byte[]> PictureAsync(Visitor visitor, string address, string what) =>
        visitor.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Pictures!, $"{string.Concat(address.Trim('/').Select(c => char.IsLetterOrDigit(c) ? c : '-'))[..Math.Min(40, address.Trim('/').Length)]}-{what}.png"), FullPage = true });
}
