using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Callwatch.Server.Access;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>What those meet who do not see the page, do not use a mouse, need it large, without motion or in their own colours: every page is walked.</summary>
public sealed partial class EverybodyTests(HostileSite site) : IClassFixture<HostileSite>
{
    // What axe does not look at: it is content with a heading that is skipped to, a table without heads, a drawing that is silent.
    private const string Look = """
        () => {
          const wrong = [], shown = element => element.checkVisibility({ visibilityProperty: true });
          const heads = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(shown);
          if (heads.filter(head => head.tagName === "H1").length !== 1) wrong.push("it has not one h1");
          let level = 0;
          for (const head of heads) {
            const own = Number(head.tagName[1]);
            if (own > level + 1) wrong.push(`h${own} follows h${level}: ${head.textContent.slice(0, 40)}`);
            level = own;
          }
          if (document.querySelectorAll("main, [role=main]").length !== 1) wrong.push("it has not one main");
          if (document.querySelectorAll("header.top").length !== 1) wrong.push("it has not one banner");
          const names = [...document.querySelectorAll("nav")].map(nav => nav.getAttribute("aria-label"));
          if (names.some(name => !name) || new Set(names).size !== names.length) wrong.push("its navigations are not told apart: " + names);
          for (const table of document.querySelectorAll("table")) {
            const columns = [...table.querySelectorAll("thead th")];
            if (columns.length === 0 || columns.some(column => column.textContent.trim() === "")) wrong.push("a column has no head: " + table.outerHTML.slice(0, 160));
            if (columns.some(column => column.hasAttribute("aria-sort")) && columns.filter(column => column.hasAttribute("aria-sort")).length > 1) wrong.push("a table is sorted by two columns");
          }
          for (const drawing of document.querySelectorAll("svg")) {
            const silent = drawing.closest("[aria-hidden=true]"), spoken = drawing.closest("svg[role=img]");
            if (!silent && !spoken?.getAttribute("aria-label")) wrong.push("a drawing is neither named nor hidden: " + drawing.outerHTML.slice(0, 160));
          }
          for (const one of document.querySelectorAll("[tabindex]")) if (one.tabIndex > 0) wrong.push("an order of its own: " + one.outerHTML.slice(0, 120));
          for (const one of document.querySelectorAll("[aria-describedby], [aria-labelledby], [aria-controls]"))
            for (const name of ["aria-describedby", "aria-labelledby", "aria-controls"])
              for (const id of (one.getAttribute(name) ?? "").split(" ").filter(Boolean)) if (!document.getElementById(id)) wrong.push(`${name} names ${id}, which is not there`);
          const ids = [...document.querySelectorAll("[id]")].map(one => one.id);
          for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push("twice there: #" + id);
          if (!document.querySelector("#out-of-touch[role=status]")) wrong.push("nothing would say that it stands still");
          return wrong;
        }
        """;

    // Where the focus is: seen, within the window, and not left standing where it was.
    private const string Focus = """
        () => {
          const one = document.activeElement;
          if (!one || one === document.body) return null;
          const style = getComputedStyle(one), ring = element => element && (getComputedStyle(element).outlineStyle !== "none" || getComputedStyle(element).boxShadow !== "none");
          const box = one.getBoundingClientRect();
          const bars = ".top, .form-foot, .rail", x = box.x + Math.min(box.width / 2, 8), over = document.elementFromPoint(x, box.y + box.height / 2)?.closest(bars);
          const wrong = !ring(one) && !ring(one.closest(".filter, tr, .lane, .wf-row")) ? "its focus is not seen" : box.width < 1 || box.height < 1 ? "it has no size" : box.bottom < 0 || box.top > innerHeight ? "it is out of sight"
            : over && !over.contains(one) ? "it lies under " + over.className : null;
          return wrong && wrong + ": " + one.outerHTML.slice(0, 160);
        }
        """;

    private static readonly string[] Pages =
    [
        "/", "/calls", "/calls?call=" + HostileTraffic.TraceId + "." + HostileTraffic.CallId, "/calls?call=" + HostileTraffic.TraceId + ".2222222222222222&tab=attributes", "/traces", "/traces/" + HostileTraffic.TraceId,
        "/traces/" + HostileTraffic.TraceId + "?tab=deliveries", "/errors", "/errors?since=release:1.4.2", "/errors?since=nonsense", "/cost", "/cost/caching", "/cost/what-if?model=openai%2Fgpt-4o-mini", "/cost/prices", "/cost/reprice",
        "/cost/reconcile", "/figures", "/destinations", "/destinations/new?kind=langfuse", "/destinations/new?kind=sentry", "/diagnose", "/find?id=" + HostileTraffic.TraceId, "/find?id=nobody",
        $"/compare/calls?a={HostileTraffic.TraceId}.{HostileTraffic.CallId}&b={HostileTraffic.TraceId}.2222222222222222", "/first-call", "/system", "/system/doctor", "/settings", "/settings?tab=keys", "/settings?tab=retention", "/settings?tab=audit",
        "/settings?tab=prices", "/settings?tab=secrets", "/settings?tab=sign-ins", "/settings?tab=views", "/settings?tab=tenants",
    ];

    [Fact]
    public async Task Every_page_is_in_order_for_those_who_hear_it_read()
    {
        await using var visitor = await SignedInAsync();
        var wrong = new List<string>();
        foreach (var address in Pages)
        {
            Assert.Equal(200, await visitor.GoAsync(address));
            wrong.AddRange((await visitor.Page.EvaluateAsync<string[]>(Look)).Select(one => $"{address}: {one}"));
            var tree = await visitor.Page.Locator("body").AriaSnapshotAsync();
            wrong.AddRange(Nameless().Matches(tree).Select(one => $"{address}: without a name: {one.Value.Trim()}"));
            if (!tree.Contains("- main", StringComparison.Ordinal)) wrong.Add(address + ": no main is heard");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task Every_page_can_be_read_at_four_times_the_size_without_motion_and_in_the_systems_own_colours()
    {
        await using var visitor = await SignedInAsync();
        await visitor.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ReducedMotion = ReducedMotion.Reduce, ForcedColors = ForcedColors.Active });
        // A window of 1280 at 400 %.
        await visitor.Page.SetViewportSizeAsync(320, 256);
        foreach (var address in Pages)
        {
            Assert.Equal(200, await visitor.GoAsync(address));
            await visitor.AssertFitsAsync();
            Assert.Equal(0, await visitor.Page.EvaluateAsync<int>("() => document.getAnimations().length"));
        }

        await visitor.AssertUnharmedAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_the_focus_is_can_be_seen_all_along_in_the_systems_colours_too(bool forced)
    {
        await using var visitor = await SignedInAsync();
        if (forced) await visitor.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ForcedColors = ForcedColors.Active });
        var wrong = new List<string>();
        foreach (var address in new[] { "/", "/calls", "/errors", "/traces/" + HostileTraffic.TraceId, "/cost", "/destinations/new?kind=otlp", "/settings?tab=keys" })
        {
            await visitor.GoAsync(address);
            // What is asked for later would move what has the focus away from under it.
            await visitor.Page.WaitForFunctionAsync("() => !document.querySelector('.htmx-request')");
            await visitor.Page.Keyboard.PressAsync("Tab");
            // The first thing leads past what stands on every page.
            Assert.Equal("#main", await visitor.Page.EvaluateAsync<string>("() => document.activeElement.getAttribute('href')"));
            for (var i = 0; i < 40; i++)
            {
                await visitor.Page.Keyboard.PressAsync("Tab");
                if (await visitor.Page.EvaluateAsync<string?>(Focus) is { } found) wrong.Add($"{address}: {found}");
            }

            // And back, where the bar at the top would hide what comes into sight from above.
            for (var i = 0; i < 20; i++)
            {
                await visitor.Page.Keyboard.PressAsync("Shift+Tab");
                if (await visitor.Page.EvaluateAsync<string?>(Focus) is { } found) wrong.Add($"{address}, going back: {found}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public async Task A_page_that_no_longer_hears_anything_says_so_and_of_when_it_is()
    {
        await using var visitor = await SignedInAsync();
        await visitor.GoAsync("/");
        var note = visitor.Page.Locator("#out-of-touch");
        Assert.Equal("", await note.InnerTextAsync());
        await visitor.Page.RouteAsync("**/*", route => route.AbortAsync());
        await visitor.Page.EvaluateAsync("() => { htmx.ajax('GET', location.href, { target: '#fresh', swap: 'innerHTML' }) }");
        await visitor.Page.WaitForFunctionAsync("() => /is of \\d\\d:\\d\\d:\\d\\d UTC/.test(document.getElementById('out-of-touch').textContent)");
        await visitor.Page.UnrouteAsync("**/*");
        await visitor.Page.EvaluateAsync("() => { htmx.ajax('GET', location.href, { target: '#fresh', swap: 'innerHTML' }) }");
        await visitor.Page.WaitForFunctionAsync("() => document.getElementById('out-of-touch').textContent === ''");

        // What will not come again is not said to be tried again.
        Assert.Contains("Switch Live on again", await visitor.Page.EvaluateAsync<string>("() => { callwatch.lost(); callwatch.ended(); return document.getElementById('out-of-touch').textContent; }"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_new_since_a_release_is_chosen_by_its_name_and_stays_in_the_address()
    {
        var first = JsonNode.Parse(await site.Server.Http.GetStringAsync($"/api/v1/errors?from={TimeProvider.System.GetUtcNow().AddDays(-1):yyyy-MM-dd'T'HH:mm:ss'Z'}", TestContext.Current.CancellationToken))!["items"]![0]!;
        var release = (string)first["first_release"]!;
        await using var visitor = await SignedInAsync();
        await visitor.GoAsync("/errors?from=-1d");
        await visitor.Page.Locator(".seg a").Nth(1).ClickAsync();
        await visitor.Page.WaitForURLAsync("**since=release*");
        Assert.Equal("release:" + release, await visitor.Page.EvaluateAsync<string>("() => new URL(location.href).searchParams.get('since')"));
        Assert.Equal(1, await visitor.Page.Locator("main tbody tr").CountAsync());
        await visitor.GoAsync("/errors?from=-1d&since=release:never");
        Assert.Contains("No group is known to be new since never", await visitor.Page.InnerTextAsync("main"), StringComparison.Ordinal);
        await visitor.AssertAccessibleAsync();
        await visitor.AssertUnharmedAsync();
    }

    private async Task<Visitor> SignedInAsync()
    {
        var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        await visitor.GoAsync(site.Server.Services.GetRequiredService<SignInLinks>().NewPath());
        return visitor;
    }

    // In the tree a name stands in quotes behind the role.
    [GeneratedRegex("""^\s*- (?:button|link|textbox|searchbox|combobox|checkbox|radio|spinbutton|listbox|img|region|dialog|navigation)(?: \[[^\]]*\])*:?\s*$""", RegexOptions.Multiline | RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Nameless();
}
