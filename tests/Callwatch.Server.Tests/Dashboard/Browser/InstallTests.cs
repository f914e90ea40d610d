using Microsoft.Playwright;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>A new install, one behind a proxy, and one that needs a key.</summary>
public sealed class InstallTests(Chromium chromium) : IClassFixture<Chromium>
{
    [Fact]
    public async Task An_empty_install_shows_how_to_send_and_notices_the_first_call()
    {
        await using var server = await RunningServer.StartAsync();
        await using var visitor = await chromium.VisitorAsync(server.Url);
        await visitor.GoAsync("/");
        Assert.Contains(server.Url.Authority, await visitor.Page.Locator("pre:visible").InnerTextAsync(), StringComparison.Ordinal);
        await visitor.AssertAccessibleAsync();
        foreach (var page in new[] { "/calls", "/traces", "/errors", "/destinations", "/destinations/new?kind=otlp", "/system" })
        {
            Assert.Equal(200, await visitor.GoAsync(page));
            await visitor.AssertUnharmedAsync();
            await visitor.AssertAccessibleAsync();
        }

        await visitor.GoAsync("/first-call");
        await Traffic.SendCallAsync(server.Http, "anna", TestContext.Current.CancellationToken);
        await visitor.FollowAsync(visitor.Page.Locator(".foot a[href='/calls']"));
        Assert.Equal(1, await visitor.Page.Locator("[data-row]").CountAsync());
    }

    [Fact]
    public async Task Every_link_stays_below_the_path_base()
    {
        await using var server = await RunningServer.StartAsync(settings: [("Callwatch:Http:PathBase", "/watch/calls")]);
        await Traffic.SendCallAsync(server.Http, "anna", TestContext.Current.CancellationToken);
        await Stored.AllAsync(server);
        await using var visitor = await chromium.VisitorAsync(server.Url);
        foreach (var page in new[] { "/", "/calls", "/traces", "/errors", "/destinations", "/destinations/new?kind=otlp", "/system", "/first-call", "/nowhere" })
        {
            await visitor.GoAsync("/watch/calls" + page);
            var strays = await visitor.Page.EvaluateAsync<string[]>(
                """
                () => [...document.querySelectorAll("[href], [src], [action], [formaction], [hx-get], [hx-post], [data-tail], [data-complete]")]
                  .flatMap(element => ["href", "src", "action", "formaction", "hx-get", "hx-post", "data-tail", "data-complete"].map(name => element.getAttribute(name)))
                  .filter(address => address && !address.startsWith("#") && !address.startsWith("/watch/calls"))
                """);
            Assert.Empty(strays);
            Assert.NotEqual("0px", await visitor.Page.EvaluateAsync<string>("() => getComputedStyle(document.querySelector('.panel, .board, .kind-card')).borderTopWidth"));
        }

        await visitor.GoAsync("/watch/calls/");
        await visitor.Page.Locator("a.tile").First.ClickAsync();
        await visitor.Page.Locator("[data-row]").First.ClickAsync();
        await visitor.Page.WaitForSelectorAsync("#side .side");
        await visitor.Page.Locator("[data-full]").ClickAsync();
        await visitor.Page.WaitForURLAsync("**/watch/calls/traces/**");
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task Where_a_key_is_needed_the_page_asks_for_it_and_then_shows_what_was_asked_for()
    {
        await using var server = await RunningServer.StartAsync(settings: [("Callwatch:Access:TrustLoopback", "false")]);
        await using var visitor = await chromium.VisitorAsync(server.Url);
        Assert.Equal(401, await visitor.GoAsync("/errors?from=-3h"));
        await visitor.AssertAccessibleAsync();
        await visitor.Page.FillAsync("#key", await File.ReadAllTextAsync(Path.Combine(server.DataFolder, "admin.key"), TestContext.Current.CancellationToken));
        await visitor.Page.Keyboard.PressAsync("Enter");
        await visitor.Page.Locator("h1", new PageLocatorOptions { HasText = "Errors" }).WaitForAsync();
        Assert.EndsWith("/errors?from=-3h", visitor.Page.Url, StringComparison.Ordinal);
    }
}
