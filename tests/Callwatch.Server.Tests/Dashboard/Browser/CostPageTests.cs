using Callwatch.Control;
using Callwatch.Normalize.Pricing;
using Callwatch.Server.Access;
using Callwatch.Server.Tests.Costs;
using Callwatch.Server.Tests.Reading;
using Callwatch.Store.Repricing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>A server with conversations whose cache was lost, a model without a price, and a browser.</summary>
public sealed class CostSite : IAsyncLifetime
{
    public RunningServer Server { get; private set; } = null!;

    public Chromium Chromium { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Server = await Reading.Traffic.ServerAsync();
        await CostTraffic.SendAsync(Server);
        await Chromium.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Chromium.DisposeAsync();
        await Server.DisposeAsync();
    }

    public async Task<Visitor> SignedInAsync(string locale = "en-GB")
    {
        var visitor = await Chromium.VisitorAsync(Server.Url, locale: locale);
        await visitor.GoAsync(Server.Services.GetRequiredService<SignInLinks>().NewPath());
        return visitor;
    }
}

/// <summary>The pages of costs, as whoever pays sees and uses them.</summary>
public sealed class CostPageTests(CostSite site) : IClassFixture<CostSite>
{
    private static readonly string? Pictures = Environment.GetEnvironmentVariable("CALLWATCH_COST_PICTURES") is { Length: > 0 } folder ? folder : null;

    public static TheoryData<string, string> Pages => new()
    {
        { "cost", "/cost?" + CostTraffic.Range },
        { "cost-zh", "/cost?" + CostTraffic.Range + "&by=user&lang=zh&tz=Asia/Shanghai" },
        { "cost-app", "/cost?" + CostTraffic.Range + "&by=app&app=support" },
        { "cost-none", "/cost" },
        { "cost-bad-zone", "/cost?" + CostTraffic.Range + "&tz=%3Cscript%3Ewindow.pwned=1%3C/script%3E" },
        { "cost-bad-filter", "/cost?" + CostTraffic.Range + "&q=%28%3Cscript%3E" },
        { "caching", "/cost/caching?" + CostTraffic.Range },
        { "caching-zh", "/cost/caching?" + CostTraffic.Range + "&lang=zh" },
        { "caching-none", "/cost/caching" },
        { "what-if", "/cost/what-if?" + CostTraffic.Range + "&model=anthropic/claude-haiku-4-5" },
        { "what-if-wrong", "/cost/what-if?" + CostTraffic.Range + "&model=%3Cscript%3Ewindow.pwned=1%3C/script%3E" },
        { "what-if-none", "/cost/what-if?lang=zh" },
        { "prices", "/cost/prices?model=qwen3-32b&provider=vllm" },
        { "prices-zh", "/cost/prices?model=gpt-4o&provider=openai&lang=zh&done=saved" },
        { "reprice", "/cost/reprice" },
        { "reprice-zh", "/cost/reprice?lang=zh&done=begun" },
        { "reconcile", "/cost/reconcile" },
        { "reconcile-zh", "/cost/reconcile?lang=zh" },
    };

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_page_of_costs_can_be_used_by_everybody_in_light_and_dark_on_a_phone_and_a_wide_screen(string name, string address)
    {
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync(address);
        if (address.StartsWith("/cost?", StringComparison.Ordinal)) await visitor.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        await visitor.AssertAccessibleAsync();
        await PictureAsync(visitor, name);
        await visitor.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });
        await visitor.AssertAccessibleAsync();
        await PictureAsync(visitor, name + "-dark");
        foreach (var width in new[] { 2560, 800, 360 })
        {
            await visitor.Page.SetViewportSizeAsync(width, 900);
            await visitor.AssertFitsAsync();
        }

        await PictureAsync(visitor, name + "-360");
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task The_page_says_what_was_spent_what_has_no_price_what_was_lost_and_what_is_missing()
    {
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync("/cost?" + CostTraffic.Range);
        Assert.Equal(4, await visitor.Page.Locator(".tile").CountAsync());
        Assert.Equal(2, await visitor.Page.Locator(".chart").CountAsync());
        await visitor.Page.Locator("#caching .lost").WaitForAsync();
        Assert.Contains("Message 1 (system) differs from character", await visitor.Page.InnerTextAsync("#caching"), StringComparison.Ordinal);
        Assert.Contains("openai", await visitor.Page.InnerTextAsync("#coverage"), StringComparison.Ordinal);
        await visitor.Page.Locator("#caching td a").First.ClickAsync();
        await visitor.Page.WaitForURLAsync("**/traces/**");
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task The_first_page_says_that_requests_have_no_call_and_leads_there()
    {
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync("/?" + CostTraffic.Range);
        await visitor.Page.Locator(".note", new PageLocatorOptions { HasText = "1 request to models has no call" }).ClickAsync();
        await visitor.Page.WaitForURLAsync("**/cost?**");
        Assert.Contains("50.0", await visitor.Page.InnerTextAsync("#coverage"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_without_a_price_is_given_one_and_its_calls_are_priced_anew_after_the_difference_was_seen()
    {
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync("/cost?" + CostTraffic.Range);
        await visitor.Page.Locator("a", new PageLocatorOptions { HasText = "Give it a price" }).ClickAsync();
        Assert.Equal(("qwen3-32b", "vllm"), (await visitor.Page.InputValueAsync("#f-model"), await visitor.Page.InputValueAsync("#f-provider")));

        // What is wrong is said at its field, and nothing is lost.
        await visitor.Page.FillAsync("#f-input", "0,10");
        await visitor.Page.FillAsync("#f-output", "0.30");
        await visitor.Page.Locator("button[value=save]").ClickAsync();
        Assert.Contains("0.25", await visitor.Page.InnerTextAsync("#p-input"), StringComparison.Ordinal);
        Assert.Equal(("0,10", "0.30"), (await visitor.Page.InputValueAsync("#f-input"), await visitor.Page.InputValueAsync("#f-output")));
        await visitor.AssertAccessibleAsync();

        await visitor.Page.FillAsync("#f-input", "0.10");
        await visitor.Page.Locator("button[value=preview]").ClickAsync();
        Assert.Contains("1 calls, 1 of them without a cost", await visitor.Page.InnerTextAsync(".said[role=status]"), StringComparison.Ordinal);
        Assert.Contains("$0.5000", await visitor.Page.InnerTextAsync(".said[role=status]"), StringComparison.Ordinal);
        await visitor.Page.Locator("button[value=save]").ClickAsync();
        await visitor.Page.WaitForURLAsync("**done=saved**");
        Assert.Contains("qwen3-32b", await visitor.Page.InnerTextAsync("tbody"), StringComparison.Ordinal);

        await visitor.Page.Locator("a", new PageLocatorOptions { HasText = "re-price them" }).ClickAsync();
        Assert.Equal("qwen3-32b", await visitor.Page.InputValueAsync("#f-model"));
        await visitor.Page.FillAsync("#f-from", "2026-09-17T00:00:00Z");
        await visitor.Page.FillAsync("#f-to", "soon");
        await visitor.Page.Locator("button[value=show]").ClickAsync();
        Assert.Contains("2026-09-17T00:00:00Z", await visitor.Page.InnerTextAsync("#p-to"), StringComparison.Ordinal);
        await visitor.Page.FillAsync("#f-to", "2026-09-18T00:00:00Z");
        await visitor.Page.Locator("button[value=show]").ClickAsync();
        Assert.Contains("1 call would cost something else", await visitor.Page.InnerTextAsync(".reprice-shown"), StringComparison.Ordinal);
        Assert.Null(Assert.Single(await CallsOfAsync("qwen3-32b")));
        await visitor.AssertAccessibleAsync();
        await PictureAsync(visitor, "reprice-shown");
        await visitor.Page.Locator("button[value=apply]").ClickAsync();
        await visitor.Page.WaitForURLAsync("**done=begun**");
        await DestinationSite.UntilAsync(() => site.Server.Services.GetRequiredService<Repricer>().History(Tenants.DefaultId, 1) is [{ Ended: not null }], "re-priced");
        Assert.Equal(0.5m, Assert.Single(await CallsOfAsync("qwen3-32b")));

        // The list as JSON: what is wrong is told by its place, and an empty list takes all away.
        await visitor.GoAsync("/cost/prices");
        await visitor.Page.Locator("details.fold summary").ClickAsync();
        await visitor.Page.FillAsync("#f-json", """[{"id":"vllm","models":[{"id":"x","prices":{"input_mtokens":1}}]}]""");
        await visitor.Page.Locator("button[value=json]").ClickAsync();
        Assert.Contains("[0].models[0].prices.input_mtokens", await visitor.Page.InnerTextAsync("#p-json"), StringComparison.Ordinal);
        await visitor.Page.FillAsync("#f-json", "[]");
        await visitor.Page.Locator("button[value=json]").ClickAsync();
        await visitor.Page.WaitForURLAsync("**done=saved**");
        Assert.Null(site.Server.Services.GetRequiredService<OwnPrices>().Entries());
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task An_export_is_imported_in_the_browser_compared_and_deleted_and_a_wrong_one_told_by_line()
    {
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync("/cost/reconcile");
        await visitor.Page.SetInputFilesAsync("#f-file", new FilePayload { Name = "wrong.csv", MimeType = "text/csv", Buffer = "usage_date_utc,model,cost_usd\n2026-09-17,a,much\n"u8.ToArray() });
        await visitor.Page.Locator("form .primary").ClickAsync();
        Assert.Contains("Line 2, column cost_usd", await visitor.Page.InnerTextAsync("#p-file"), StringComparison.Ordinal);

        var csv = "start_time_iso,model,num_model_requests,input_tokens,output_tokens,input_cached_tokens\n2026-09-17T00:00:00+00:00,gpt-4o,40,130000,1700,0\n2026-09-17T00:00:00+00:00,<script>window.pwned=1</script>,5,100,100,0\n";
        await visitor.Page.SetInputFilesAsync("#f-file", new FilePayload { Name = "<b>september.csv", MimeType = "text/csv", Buffer = System.Text.Encoding.UTF8.GetBytes(csv) });
        await visitor.Page.Locator("form .primary").ClickAsync();
        await visitor.Page.WaitForURLAsync("**/cost/reconcile/*");
        Assert.Contains("without a call", await visitor.Page.InnerTextAsync("main"), StringComparison.Ordinal);
        await visitor.AssertAccessibleAsync();
        await PictureAsync(visitor, "reconciliation");
        await visitor.Page.SetViewportSizeAsync(360, 900);
        await visitor.AssertFitsAsync();
        await visitor.Page.SetViewportSizeAsync(1280, 900);
        await visitor.Page.Locator("details.menu.is-end summary").ClickAsync();
        await visitor.Page.Locator("form[action$='/delete'] button").ClickAsync();
        await visitor.Page.WaitForURLAsync("**/cost/reconcile");
        Assert.DoesNotContain("september", await visitor.Page.InnerTextAsync("main"), StringComparison.Ordinal);
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task Who_may_only_look_sees_costs_and_no_form_that_changes_anything()
    {
        await using var visitor = await site.Chromium.VisitorAsync(site.Server.Url);
        foreach (var address in new[] { "/cost/prices", "/cost/reprice", "/cost/reconcile" })
        {
            Assert.Equal(200, await visitor.GoAsync(address));
            Assert.Equal(0, await visitor.Page.Locator("main form .primary").CountAsync());
            await visitor.AssertAccessibleAsync();
        }
    }

    private async Task<List<decimal?>> CallsOfAsync(string model) => [.. (await site.Server.AllAsync($"/api/v1/calls?{CostTraffic.Range}&q=model:{model}")).Select(call => (decimal?)call["cost"]!["total_usd"])];

    private static async Task PictureAsync(Visitor visitor, string name)
    {
        if (Pictures is not null) await visitor.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Pictures, name + ".png"), FullPage = true });
    }
}
