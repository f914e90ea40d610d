using System.Net;
using System.Text.RegularExpressions;
using Callwatch.Control;
using Callwatch.Server.Access;
using Callwatch.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Access;

public sealed class SignInTests : IAsyncLifetime
{
    private readonly ManualTime time = new();
    private RunningServer server = null!;
    private HttpClient browser = null!;

    public async ValueTask InitializeAsync()
    {
        // Without trust, so that only the sign-in lets anybody in.
        server = await RunningServer.StartAsync(
            settings: [("Callwatch:Access:TrustLoopback", "false")], services: services => services.AddSingleton<TimeProvider>(time));
        browser = Browser();
    }

    public async ValueTask DisposeAsync()
    {
        browser.Dispose();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task The_link_signs_in_once()
    {
        var link = server.Services.GetRequiredService<SignInLinks>().NewPath();
        using var first = await browser.GetAsync(new Uri(link, UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.SeeOther, first.StatusCode);
        Assert.Equal("/", first.Headers.Location!.OriginalString);
        var cookie = Assert.Single(first.Headers.GetValues("Set-Cookie"));
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(browser, HttpMethod.Get, "/api/v1/tenants"));

        using var another = Browser();
        using var again = await another.GetAsync(new Uri(link, UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, again.StatusCode);
        Assert.False(again.Headers.Contains("Set-Cookie") && again.Headers.GetValues("Set-Cookie").Any(set => set.StartsWith("callwatch_session", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_link_that_a_browser_only_looks_ahead_at_stays_good()
    {
        var link = server.Services.GetRequiredService<SignInLinks>().NewPath();
        using var ahead = Key.With(null, HttpMethod.Get, link, ("Sec-Purpose", "prefetch"));
        using var nothing = await browser.SendAsync(ahead, TestContext.Current.CancellationToken);
        using var check = Key.With(null, HttpMethod.Head, link);
        using var head = await browser.SendAsync(check, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, await StatusAsync(browser, HttpMethod.Get, link));
    }

    [Fact]
    public async Task A_link_is_good_for_a_day()
    {
        var link = server.Services.GetRequiredService<SignInLinks>().NewPath();
        time.Advance(TimeSpan.FromHours(25));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(browser, HttpMethod.Get, link));
    }

    [Fact]
    public async Task A_page_asks_for_a_key_and_leads_back_to_where_one_was_going()
    {
        using var page = await browser.SendAsync(Key.With(null, HttpMethod.Get, "/api/v1/apps?x=1", ("Accept", "text/html")), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, page.StatusCode);
        using var signedIn = await PostKeyAsync(browser, await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), Key.AdminOf(server));
        Assert.Equal(HttpStatusCode.SeeOther, signedIn.StatusCode);
        Assert.Equal("/api/v1/apps?x=1", signedIn.Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(browser, HttpMethod.Get, "/api/v1/apps"));
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    [InlineData("/\t/evil.example/")]
    [InlineData("javascript:alert(1)")]
    public async Task Nobody_is_led_to_another_site(string wanted)
    {
        using var signedIn = await PostKeyAsync(browser, await FormAsync(), Key.AdminOf(server), wanted);
        Assert.Equal("/", signedIn.Headers.Location!.OriginalString);
    }

    [Fact]
    public void A_page_whose_own_address_looks_like_another_site_leads_to_the_start()
    {
        var context = new DefaultHttpContext { Request = { Path = "//evil.example/calls" } };
        Assert.Equal("/", SignIn.PageToReturnTo(context));
        context.Request.Path = "/calls";
        context.Request.QueryString = new QueryString("?q=a");
        Assert.Equal("/calls?q=a", SignIn.PageToReturnTo(context));
    }

    [Fact]
    public async Task A_wrong_key_does_not_sign_in_and_is_not_repeated()
    {
        using var refused = await PostKeyAsync(browser, await FormAsync(), "cw_wrong<script>0123456789012345678");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.DoesNotContain("wrong<script>", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_form_of_another_site_signs_nobody_in()
    {
        var form = await FormAsync();
        using var foreign = await PostKeyAsync(browser, form, Key.AdminOf(server), origin: "http://evil.example");
        Assert.Equal(HttpStatusCode.Forbidden, foreign.StatusCode);
        using var withoutToken = await PostKeyAsync(browser, form.Replace("__RequestVerificationToken", "no", StringComparison.Ordinal), Key.AdminOf(server));
        Assert.Equal(HttpStatusCode.Forbidden, withoutToken.StatusCode);
    }

    [Fact]
    public async Task A_sign_in_changes_things_only_with_a_form_of_ours()
    {
        await SignInAsync();
        using var bare = await PostAppAsync(null, null);
        Assert.Equal(HttpStatusCode.Forbidden, bare.StatusCode);
        using var foreign = await PostAppAsync(null, "http://evil.example");
        Assert.Equal(HttpStatusCode.Forbidden, foreign.StatusCode);
    }

    [Fact]
    public async Task A_sign_in_may_what_its_key_may_and_ends_with_it()
    {
        var reader = server.Services.GetRequiredService<Keys>().Create(Tenants.DefaultId, null, KeyScopes.Read, null);
        using var signedIn = await PostKeyAsync(browser, await FormAsync(), reader.Secret);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(browser, HttpMethod.Get, "/api/v1/apps"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(browser, HttpMethod.Get, "/api/v1/keys"));
        server.Services.GetRequiredService<Keys>().Revoke(Tenants.DefaultId, reader.Key.Id);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(browser, HttpMethod.Get, "/api/v1/apps"));
    }

    [Fact]
    public async Task Signing_out_ends_it_for_every_copy_of_the_cookie()
    {
        var cookie = await SignInAsync();
        using var copy = Browser();
        copy.DefaultRequestHeaders.Add("Cookie", cookie);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(copy, HttpMethod.Get, "/api/v1/apps"));
        Assert.Equal(HttpStatusCode.SeeOther, await StatusAsync(browser, HttpMethod.Post, "/sign-out"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(copy, HttpMethod.Get, "/api/v1/apps"));
    }

    [Fact]
    public async Task A_sign_in_ends_by_itself_after_a_week()
    {
        await SignInAsync();
        time.Advance(TimeSpan.FromDays(8));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(browser, HttpMethod.Get, "/api/v1/apps"));
    }

    private HttpClient Browser() =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer(), UseCookies = true }) { BaseAddress = server.Url };

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, HttpMethod method, string path)
    {
        using var answer = await client.SendAsync(Key.With(null, method, path), TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private Task<string> FormAsync() => browser.GetStringAsync(new Uri("/sign-in", UriKind.Relative), TestContext.Current.CancellationToken);

    private async Task<string> SignInAsync()
    {
        using var signedIn = await PostKeyAsync(browser, await FormAsync(), Key.AdminOf(server));
        return signedIn.Headers.GetValues("Set-Cookie").Single(set => set.StartsWith("callwatch_session", StringComparison.Ordinal)).Split(';')[0];
    }

    private static async Task<HttpResponseMessage> PostKeyAsync(HttpClient client, string page, string key, string? back = null, string? origin = null)
    {
        var fields = Regex.Matches(page, "name=\"(?<name>[^\"]+)\" value=\"(?<value>[^\"]*)\"", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)
            .ToDictionary(field => field.Groups["name"].Value, field => WebUtility.HtmlDecode(field.Groups["value"].Value));
        fields["key"] = key;
        if (back is not null) fields["return"] = back;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/sign-in") { Content = new FormUrlEncodedContent(fields) };
        if (origin is not null) request.Headers.Add("Origin", origin);
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private Task<HttpResponseMessage> PostAppAsync(string? token, string? origin)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/apps") { Content = new StringContent("""{"name":"by form"}""", System.Text.Encoding.UTF8, "application/json") };
        if (token is not null) request.Headers.Add("x-callwatch-form", token);
        if (origin is not null) request.Headers.Add("Origin", origin);
        return browser.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
