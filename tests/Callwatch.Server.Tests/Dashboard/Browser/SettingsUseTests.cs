using System.Net;
using Callwatch.Control;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>What people do on the page of settings; all of it works without script.</summary>
public sealed class SettingsUseTests(SettingsSite site) : IClassFixture<SettingsSite>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Keys Keys => site.Server.Services.GetRequiredService<Keys>();

    [Fact]
    public async Task One_of_many_tenants_is_found_by_a_part_of_its_name()
    {
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync("/settings?tab=tenants&id=EFAUL");
        Assert.Contains("default", await visitor.Page.Locator("main tbody tr").InnerTextAsync(), StringComparison.Ordinal);
        await visitor.Page.FillAsync("main #q", "nobody");
        await visitor.Page.Keyboard.PressAsync("Enter");
        await visitor.Page.WaitForURLAsync("**id=nobody**");
        Assert.Contains("No tenant has this in its name", await visitor.Page.InnerTextAsync("main"), StringComparison.Ordinal);
        await visitor.AssertAccessibleAsync();
        await visitor.AssertFitsAsync();
    }

    [Fact]
    public async Task A_key_is_made_its_secret_shown_once_and_revoked()
    {
        await using var visitor = await site.SignedInAsync(script: false);
        await visitor.GoAsync("/settings?tab=keys");
        await visitor.Page.FillAsync("[name=label]", "of the test");
        await visitor.Page.CheckAsync("[name=scope][value=ingest]");
        await visitor.FollowAsync(visitor.Page.Locator("text=Make the key").First);
        Assert.Contains("A key with the scope ingest sends for one app", await visitor.Page.InnerTextAsync("#p-app"), StringComparison.Ordinal);
        Assert.Equal("of the test", await visitor.Page.InputValueAsync("[name=label]"));

        await visitor.Page.FillAsync("[name=app]", "till");
        await visitor.FollowAsync(visitor.Page.Locator("text=Make the key").First);
        var secret = await visitor.Page.InnerTextAsync("#new-key");
        Assert.NotNull(Keys.Find(secret));
        await visitor.Page.ReloadAsync();
        Assert.DoesNotContain(secret, await visitor.Page.ContentAsync(), StringComparison.Ordinal);
        Assert.Equal(1, Keys.List(Tenants.DefaultId).Count(key => key.Label == "of the test"));

        var row = visitor.Page.Locator("tr", new PageLocatorOptions { HasText = "of the test" });
        await row.Locator("summary").ClickAsync();
        await visitor.FollowAsync(row.Locator("button"));
        Assert.Null(Keys.Find(secret));
        Assert.Contains("revoked", await row.InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains("signed in with the link of the start", site.Server.Services.GetRequiredService<AuditLog>().List(Tenants.DefaultId, true, 1)[0].Who, StringComparison.Ordinal);
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task An_app_is_made_and_a_second_of_its_name_refused()
    {
        await using var visitor = await site.SignedInAsync(script: false);
        await visitor.GoAsync("/settings");
        foreach (var said in new[] { "The app is there.", "There is an app of that name" })
        {
            await visitor.Page.FillAsync("[name=name]", "kiosk");
            await visitor.FollowAsync(visitor.Page.Locator("text=Make the app").First);
            Assert.Contains(said, await visitor.Page.InnerTextAsync("main"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Rules_of_retention_are_set_refused_with_the_field_and_taken_away()
    {
        await using var visitor = await site.SignedInAsync(script: false);
        var desk = site.Server.Services.GetRequiredService<RetentionDesk>();
        await visitor.GoAsync("/settings?tab=retention");
        var tenant = visitor.Page.Locator("tr", new PageLocatorOptions { Has = visitor.Page.Locator("[form=r-tenant]") });
        await tenant.Locator("[name=rows_days]").FillAsync("0");
        await visitor.FollowAsync(tenant.Locator("button"));
        Assert.Equal("true", await tenant.Locator("[name=rows_days]").GetAttributeAsync("aria-invalid"));
        await tenant.Locator("[name=rows_days]").FillAsync("33");
        await visitor.FollowAsync(tenant.Locator("button"));
        Assert.Equal(33, desk.WishOf(Tenants.DefaultId)!.RowsDays);
        await tenant.Locator("[name=rows_days]").FillAsync("");
        await visitor.FollowAsync(tenant.Locator("button"));
        Assert.Null(desk.WishOf(Tenants.DefaultId));
    }

    [Fact]
    public async Task An_operator_makes_a_tenant_and_goes_there_and_back()
    {
        await using var visitor = await site.SignedInAsync(script: false);
        await visitor.GoAsync("/settings?tab=tenants");
        await visitor.Page.FillAsync("[name=name]", "Not legal");
        await visitor.FollowAsync(visitor.Page.Locator("text=Make the tenant").First);
        Assert.Equal("true", await visitor.Page.GetAttributeAsync("#f-name", "aria-invalid"));
        await visitor.Page.FillAsync("[name=name]", "acme");
        await visitor.FollowAsync(visitor.Page.Locator("text=Make the tenant").First);
        await visitor.FollowAsync(visitor.Page.Locator("button[value=acme]").First);
        Assert.Contains("acme", await visitor.Page.InnerTextAsync(".top"), StringComparison.Ordinal);
        await visitor.GoAsync("/settings?tab=keys");
        Assert.DoesNotContain("made at the first start", await visitor.Page.InnerTextAsync("main"), StringComparison.Ordinal);
        await visitor.GoAsync("/calls?from=-7d");
        Assert.Equal(0, await visitor.Page.Locator("[data-row]").CountAsync());
        await visitor.GoAsync("/settings?tab=tenants");
        await visitor.FollowAsync(visitor.Page.Locator("button[value=default]"));
        await visitor.GoAsync("/calls?from=-7d");
        Assert.NotEqual(0, await visitor.Page.Locator("[data-row]").CountAsync());
    }

    [Fact]
    public async Task A_cookie_that_names_a_tenant_gives_nobody_a_right()
    {
        var other = site.Server.Services.GetRequiredService<Tenants>();
        _ = other.Find("secretive") ?? other.Create("secretive");
        var admin = Access.Key.Make(site.Server, KeyScopes.Admin);
        foreach (var secret in new[] { admin, null })
        {
            using var request = Access.Key.With(secret, HttpMethod.Get, "/api/v1/apps", ("Cookie", "cw_tenant=secretive"));
            var answer = await site.Server.Http.SendAsync(request, Cancel);
            Assert.Contains("shop", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }

        var session = site.Server.Services.GetRequiredService<Sessions>().Begin(Keys.Find(admin)!.Id, TimeSpan.FromHours(1));
        using var signedIn = Access.Key.With(null, HttpMethod.Get, "/api/v1/apps", ("Cookie", $"cw_tenant=secretive; callwatch_session={session}"));
        Assert.Contains("shop", await (await site.Server.Http.SendAsync(signedIn, Cancel)).Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sign_in_is_listed_and_ended()
    {
        await using var other = await site.SignedInAsync(script: false);
        await using var visitor = await site.SignedInAsync(script: false);
        await visitor.GoAsync("/settings?tab=sign-ins");
        var mine = visitor.Page.Locator("tr", new PageLocatorOptions { HasText = "this one" });
        Assert.Equal(1, await mine.CountAsync());
        await visitor.FollowAsync(mine.Locator("button"));
        Assert.Equal(0, await visitor.Page.Locator("form[method=post]").CountAsync());
        await other.GoAsync("/settings?tab=sign-ins");
        Assert.Equal(1, await other.Page.Locator("tr", new PageLocatorOptions { HasText = "this one" }).CountAsync());
    }

    [Fact]
    public async Task A_view_is_saved_chosen_renamed_and_deleted()
    {
        await using var visitor = await site.SignedInAsync(script: false);
        await visitor.GoAsync("/calls?from=-3h&q=app:shop&sort=-duration&columns=time,model,cost");
        await visitor.Page.Locator("[data-views] summary").ClickAsync();
        await visitor.Page.FillAsync("[data-views] [name=name]", "Slow in the shop");
        await visitor.FollowAsync(visitor.Page.Locator("[data-views] .primary").First);
        Assert.Contains("The view is saved", await visitor.Page.InnerTextAsync("main"), StringComparison.Ordinal);

        await visitor.GoAsync("/calls?columns=usual");
        await visitor.Page.Locator("[data-views] summary").ClickAsync();
        await visitor.FollowAsync(visitor.Page.Locator("[data-views] a:has-text('Slow in the shop')"));
        Assert.Equal(["Time", "Model", "Cost"], (await visitor.Page.Locator("thead th").AllInnerTextsAsync()).Select(head => head.TrimEnd(' ', '↓', '↑')));
        Assert.Equal("true", await visitor.Page.GetAttributeAsync("[data-views] a:has-text('Slow in the shop')", "aria-current"));
        await visitor.GoAsync("/calls?columns=usual");

        await visitor.GoAsync("/settings?tab=views");
        var row = visitor.Page.Locator("tr", new PageLocatorOptions { Has = visitor.Page.Locator("input[value='Slow in the shop']") });
        await row.Locator("[name=name]").FillAsync("Slow");
        await visitor.FollowAsync(row.Locator("[value=rename]"));
        var renamed = visitor.Page.Locator("tr", new PageLocatorOptions { Has = visitor.Page.Locator("input[value=Slow]") });
        await visitor.FollowAsync(renamed.Locator("[value=delete]"));
        Assert.Equal(0, await renamed.CountAsync());
    }

    [Fact]
    public async Task A_test_trace_is_sent_from_the_doctor_and_followed_on_the_page_that_finds()
    {
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync("/system/doctor");
        await visitor.Page.ClickAsync("text=Send a test trace");
        await visitor.Page.WaitForSelectorAsync(".steps >> text=settled");
        await visitor.Page.WaitForFunctionAsync("() => !document.querySelector('#found').hasAttribute('hx-get')");
        Assert.Contains("received", await visitor.Page.InnerTextAsync(".steps"), StringComparison.Ordinal);
        await visitor.AssertAccessibleAsync();
        await visitor.AssertUnharmedAsync();
    }

    [Theory]
    [InlineData("/settings/apps")]
    [InlineData("/settings/keys")]
    [InlineData("/settings/retention")]
    [InlineData("/settings/tenant")]
    [InlineData("/settings/views")]
    [InlineData("/system/doctor/test-trace")]
    public async Task A_form_without_its_token_or_from_another_site_is_refused(string address)
    {
        var session = site.Server.Services.GetRequiredService<Sessions>().Begin(null, TimeSpan.FromHours(1));
        foreach (var origin in new[] { site.Server.Url.GetLeftPart(UriPartial.Authority), "http://evil.example" })
        {
            using var request = Access.Key.With(null, HttpMethod.Post, address, ("Cookie", "callwatch_session=" + session), ("Origin", origin));
            request.Content = new FormUrlEncodedContent([new("name", "x"), new("scope", "read"), new("tenant", "default")]);
            Assert.Equal(HttpStatusCode.Forbidden, (await site.Server.Http.SendAsync(request, Cancel)).StatusCode);
        }
    }
}
