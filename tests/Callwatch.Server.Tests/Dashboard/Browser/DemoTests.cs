using System.Text.Json.Nodes;
using Callwatch.Testing;
using Microsoft.Playwright;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>
/// The demo, as somebody sees it who tries the program for the first time. With CALLWATCH_PICTURES naming a folder (docs/pictures/take does)
/// the pictures of the documentation are made on the way.
/// </summary>
public sealed class DemoTests(Chromium chromium) : IClassFixture<Chromium>
{
    private static readonly string? Pictures = Environment.GetEnvironmentVariable("CALLWATCH_PICTURES") is { Length: > 0 } folder ? folder : null;

    [Fact]
    public async Task The_demo_fills_every_page()
    {
        using var folder = new TempFolder();
        await using var demo = await CallwatchProcess.ServeAsync(folder.Path, ["--demo"]);
        await HistoryAsync(demo);
        await using var visitor = await chromium.VisitorAsync(demo.Url);

        await visitor.GoAsync("/?from=-6h");
        Assert.Equal(4, await visitor.Page.Locator(".tile").CountAsync());
        Assert.Equal(5, await visitor.Page.Locator(".chart").CountAsync());

        // Whether anything is wrong depends on the hour; that something is said of it does not, as the demo has a week before to compare with.
        Assert.NotEqual("", await visitor.Page.Locator(".tile .verdict").First.InnerTextAsync());
        await PictureAsync(visitor, "overview");

        await visitor.GoAsync("/calls?from=-3h&q=operation:support-answer");
        await visitor.Page.Locator("[data-row]").First.ClickAsync();
        await visitor.Page.WaitForSelectorAsync("#side .side");
        Assert.True(await visitor.Page.Locator("#side .msg").CountAsync() > 0, await visitor.Page.Locator("#side").InnerTextAsync());
        await PictureAsync(visitor, "calls");

        await visitor.GoAsync("/calls?from=-3h&q=operation:support-answer&sort=-duration");
        await visitor.Page.Locator("[data-row]").First.ClickAsync();
        await visitor.Page.Locator("[data-full]").ClickAsync();
        await visitor.Page.WaitForSelectorAsync(".wf-row[data-row]");
        await PictureAsync(visitor, "trace");

        await visitor.GoAsync("/errors?from=-6h");
        Assert.NotEqual(0, await visitor.Page.Locator("tbody tr").CountAsync());
        await PictureAsync(visitor, "errors");

        await visitor.GoAsync("/cost?from=-6h");
        await visitor.Page.Locator("#caching .lost").First.WaitForAsync();
        Assert.Equal(4, await visitor.Page.Locator(".tile").CountAsync());
        await PictureAsync(visitor, "cost");

        Assert.NotEqual(0, await visitor.Page.Locator("#coverage td.warn").CountAsync());

        await visitor.GoAsync("/errors?from=-6h");
        await visitor.Page.Locator("tbody .row-link").First.ClickAsync();
        await visitor.Page.WaitForSelectorAsync(".trouble q");
        Assert.NotEqual(0, await visitor.Page.Locator("main table tbody tr").CountAsync());
        await PictureAsync(visitor, "error-group");

        await visitor.GoAsync("/figures?from=-14d");
        Assert.Equal(8, await visitor.Page.Locator(".tile").CountAsync());
        Assert.Equal(2, await visitor.Page.Locator("table").CountAsync());
        await PictureAsync(visitor, "figures");

        await visitor.GoAsync("/traces");
        Assert.NotEqual(0, await visitor.Page.Locator("[data-row]").CountAsync());
        await visitor.GoAsync("/system");
        await PictureAsync(visitor, "system");
        await SettingsAsync(demo, visitor);
        using var http = demo.NewHttp();
        Assert.DoesNotContain("record_refused", await http.GetStringAsync("/api/v1/system", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await visitor.AssertUnharmedAsync();
    }

    // What only somebody who is signed in sees, and what leads to one call.
    private static async Task SettingsAsync(CallwatchProcess demo, Visitor visitor)
    {
        using var http = demo.NewHttp();
        var calls = JsonNode.Parse(await http.GetStringAsync("/api/v1/calls?q=operation:support-answer&limit=2", TestContext.Current.CancellationToken))!["items"]!.AsArray();
        var (a, b) = (Id(calls[1]!), Id(calls[0]!));
        await visitor.GoAsync($"/compare/calls?a={a}&b={b}");
        Assert.NotEqual(0, await visitor.Page.Locator("tr.differs").CountAsync());
        await PictureAsync(visitor, "compare");
        await visitor.GoAsync("/find?id=" + calls[0]!["trace_id"]);
        Assert.NotEqual(0, await visitor.Page.Locator(".steps li").CountAsync());
        await PictureAsync(visitor, "find");
        await visitor.GoAsync(demo.Output[demo.Output.IndexOf("/sign-in?token=", StringComparison.Ordinal)..].Split(['\n', ' ', '\r'])[0]);
        await visitor.GoAsync("/settings?tab=keys");
        Assert.NotEqual(0, await visitor.Page.Locator("tbody tr").CountAsync());
        await PictureAsync(visitor, "settings");
        await visitor.GoAsync("/system/doctor");
        Assert.NotEqual(0, await visitor.Page.Locator(".checks li").CountAsync());
        await PictureAsync(visitor, "doctor");

        static string Id(JsonNode call) => $"{call["trace_id"]}.{call["span_id"]}";
    }

    // The demo says on standard output when its past has been taken; what pages show has to be stored besides.
    private static async Task HistoryAsync(CallwatchProcess demo)
    {
        await Eventually.AnswersAsync(
            () => Task.FromResult((demo.Output + demo.Error).Contains("demo: live", StringComparison.Ordinal) ? demo : null), () => "the demo's past has been taken: " + demo.Error, Patience.Long * 2);
        using var http = demo.NewHttp();
        long? taken = null;
        await Eventually.AnswersAsync(
            async () =>
            {
                var system = JsonNode.Parse(await http.GetStringAsync("/api/v1/system", TestContext.Current.CancellationToken))!;
                taken ??= system["head"]!.GetValue<long>();
                var store = system["readers"]!.AsArray().First(reader => reader!["name"]!.GetValue<string>() == "store")!;
                return store["position"]!.GetValue<long>() >= taken ? store : null;
            },
            () => "the demo's past is stored",
            Patience.Long * 2);
    }

    private static Task PictureAsync(Visitor visitor, string name) => Pictures is null
        ? Task.CompletedTask
        : visitor.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Pictures, name + ".png"), FullPage = true, Animations = ScreenshotAnimations.Disabled });
}
