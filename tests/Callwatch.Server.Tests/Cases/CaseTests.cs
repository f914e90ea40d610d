using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Server.Tests.Dashboard.Browser;
using Callwatch.Server.Tests.Reading;
using Callwatch.Server.Tests.Receive;
using Microsoft.Playwright;
using Xunit;

namespace Callwatch.Server.Tests.Cases;

/// <summary>The worked cases of docs/cases, from the file to the cause. With CALLWATCH_CASES naming a folder the files are written there anew, with CALLWATCH_PICTURES their pictures.</summary>
public sealed class CaseTests(Chromium chromium) : IClassFixture<Chromium>
{
    private const string Window = "from=2026-09-17T13:00:00Z&to=2026-09-17T14:00:00Z";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string> Cases => new()
    {
        { "slow-release", "ttft", """{"release":"3.9.0"}""" },
        { "lost-cache", "cost", """{"prompt":"contract-review","prompt_version":"12"}""" },
        { "failing-provider", "errors", """{"provider":"azure"}""" },
    };

    [Theory]
    [InlineData("slow-release")]
    [InlineData("lost-cache")]
    [InlineData("failing-provider")]
    public async Task The_file_is_what_its_seed_makes(string name)
    {
        var made = CaseFile.All.Single(one => one.Name == name);
        var lines = made.Lines();
        if (Environment.GetEnvironmentVariable("CALLWATCH_CASES") is { Length: > 0 } folder) await File.WriteAllBytesAsync(Path.Combine(folder, name + ".jsonl.gz"), CaseFile.Packed(lines), Cancel);
        await using var packed = new GZipStream(File.OpenRead(made.Path), CompressionMode.Decompress);
        using var reader = new StreamReader(packed, Encoding.UTF8);
        Assert.True(lines == await reader.ReadToEndAsync(Cancel), "docs/cases/make writes the files anew.");
        Assert.InRange(new FileInfo(made.Path).Length, 1, 500_000);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_cause_is_named_from_first_sight(string name, string figure, string cause)
    {
        await using var server = await LoadedAsync(name);
        var answer = await server.GetAsync("/api/v1/compare?" + Window);
        Assert.Equal(("week_ago", figure, true), ((string)answer["baseline"]!, (string)answer["figure"]!, (bool)answer["enough"]!));
        var moved = answer["figures"]!.AsArray().Single(one => (string)one!["figure"]! == figure)!;
        Assert.True((bool)moved["moved"]! && !(bool)moved["broad"]!);
        Assert.Equal(JsonNode.Parse(cause)!.ToJsonString(), moved["explanations"]![0]!["key"]!.ToJsonString());
        Assert.InRange((double)moved["explanations"]![0]!["share"]!, 0.7, 1.3);
        // At 13:12; the release takes ten minutes to reach everybody.
        Assert.True(DateTimeOffset.TryParse((string?)answer["since"], System.Globalization.CultureInfo.InvariantCulture, out var since));
        Assert.InRange(since, CaseFile.Begins.AddMinutes(-2), CaseFile.Begins.AddMinutes(11));
        // In the clock of whoever asks.
        var there = await server.GetAsync("/api/v1/compare?tz=Asia/Tokyo&" + Window);
        Assert.Contains(there["sentences"]!.AsArray(), sentence => ((string)sentence!).Contains(since.ToOffset(TimeSpan.FromHours(9)).ToString("HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal));
        Assert.NotEmpty(answer["traces"]!.AsArray());
        foreach (var one in answer["figures"]!.AsArray())
            foreach (var dimension in one!["dimensions"]!.AsArray())
                Assert.Equal((double)one["delta"]!, dimension!["contributions"]!.AsArray().Sum(effect => (double)effect!["contribution"]!) + (double)dimension["rest"]!, 1e-9 * Math.Max(1, Math.Abs((double)one["delta"]!)));
    }

    [Fact]
    public async Task A_slow_release_shows_on_the_critical_path_and_in_its_prompts()
    {
        await using var server = await LoadedAsync("slow-release");
        var answer = await server.GetAsync("/api/v1/compare?figure=latency&" + Window);
        var part = answer["critical_path"]!["parts"]![0]!;
        Assert.Equal("first_token", (string?)part["kind"]);
        Assert.True((double)part["after_ms"]! > 2 * (double)part["before_ms"]!);
        Assert.Contains(answer["sentences"]!.AsArray(), sentence => ((string)sentence!).StartsWith("The release 3.9.0 is slower", StringComparison.Ordinal));
        Assert.Contains((await server.GetAsync("/api/v1/compare?figure=latency&lang=zh&" + Window))["sentences"]!.AsArray(), sentence => ((string)sentence!).Contains("版本 3.9.0 变慢", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_lost_cache_shows_in_the_classes_of_tokens()
    {
        await using var server = await LoadedAsync("lost-cache");
        var answer = await server.GetAsync("/api/v1/compare?figure=cost&" + Window);
        var cost = answer["figures"]!.AsArray().Single(one => (string)one!["figure"]! == "cost")!;
        var classes = cost["classes"]!.AsArray().ToDictionary(one => (string)one!["class"]!, one => (double)one!["after"]! - (double)one["before"]!);
        Assert.True(classes["cache_read"] < 0 && classes["input"] > 0.9 * (double)cost["delta"]!);
        Assert.Equal((double)cost["delta"]!, classes.Values.Sum(), 1e-9);
    }

    [Fact]
    public async Task A_burst_of_errors_brings_a_new_group()
    {
        await using var server = await LoadedAsync("failing-provider");
        var answer = await server.GetAsync("/api/v1/compare?" + Window);
        var group = answer["errors"]!.AsArray().First(change => (bool)change!["new"]!)!["group"]!;
        Assert.Equal(("ServiceUnavailable", "azure"), ((string?)group["type"], (string?)group["provider"]));
    }

    [Theory]
    [InlineData("figure", "speed")]
    [InlineData("baseline_to", "2026-09-10T13:00:00Z", "baseline_from")]
    [InlineData("baseline_from", "yesterday")]
    [InlineData("q", "modle:x")]
    [InlineData("lang", "fr")]
    [InlineData("tz", "Mars/Base")]
    public async Task A_wrong_question_names_the_parameter(string name, string value, string? missing = null)
    {
        await using var server = await Reading.Traffic.ServerAsync();
        var problem = await server.ProblemAsync($"/api/v1/compare?{name}={value}", System.Net.HttpStatusCode.UnprocessableEntity);
        Assert.Equal(missing ?? name, (string?)problem["field"]);
    }

    [Fact]
    public async Task An_earlier_window_of_another_length_is_scaled()
    {
        await using var server = await LoadedAsync("lost-cache");
        var answer = await server.GetAsync($"/api/v1/compare?{Window}&baseline_from=2026-09-17T12:00:00Z&baseline_to=2026-09-17T12:30:00Z");
        var calls = answer["figures"]!.AsArray().Single(one => (string)one!["figure"]! == "calls")!;
        Assert.Equal(2 * (double)answer["before"]!["calls"]!, (double)calls["before"]!, 1e-6);
        Assert.Equal(("given", null), ((string?)answer["baseline"], (string?)answer["guard"]));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_page_tells_the_case(string name, string figure, string cause)
    {
        Assert.NotEmpty(cause);
        await using var server = await LoadedAsync(name);
        await using var visitor = await chromium.VisitorAsync(server.Url);
        await visitor.GoAsync("/?" + Window);
        await PictureAsync(visitor, $"case-{name}-overview");
        await visitor.Page.Locator(".why").First.ClickAsync();
        await visitor.Page.WaitForURLAsync("**/diagnose?**");
        await visitor.GoAsync("/diagnose?" + Window);
        var said = await visitor.Page.Locator(".finding b").InnerTextAsync();
        Assert.Contains(figure switch { "ttft" => "3.9.0", "cost" => "Version 12", _ => "azure" }, said, StringComparison.Ordinal);
        Assert.NotEqual(0, await visitor.Page.Locator(".contrib:not(.total)").CountAsync());
        await visitor.AssertAccessibleAsync();
        await PictureAsync(visitor, $"case-{name}-diagnose");

        // The switches are links; the traces lead to the call.
        await visitor.Page.Locator(".chips a", new PageLocatorOptions { HasText = "Model" }).ClickAsync();
        await visitor.Page.WaitForURLAsync("**by=model**");
        await visitor.Page.Locator(".moved a", new PageLocatorOptions { HasText = "Calls" }).ClickAsync();
        await visitor.Page.WaitForURLAsync("**figure=calls**");
        await visitor.GoAsync("/diagnose?lang=zh&" + Window);
        Assert.Equal("诊断", await visitor.Page.Locator("h1").InnerTextAsync());
        await visitor.AssertAccessibleAsync();
        foreach (var width in new[] { 2560, 800, 360 })
        {
            await visitor.Page.SetViewportSizeAsync(width, 900);
            await visitor.AssertFitsAsync();
        }

        await visitor.GoAsync("/diagnose?lang=en&" + Window);
        await visitor.Page.Locator("td a.mono").First.ClickAsync();
        await visitor.Page.WaitForURLAsync("**/traces/**");
        await visitor.AssertUnharmedAsync();
    }

    private static async Task<RunningServer> LoadedAsync(string name)
    {
        var server = await Reading.Traffic.ServerAsync();
        using (var response = await server.SendAsync("/api/v1/import", await File.ReadAllBytesAsync(CaseFile.All.Single(one => one.Name == name).Path, Cancel), "application/gzip"))
            Assert.Equal(0, (long)JsonNode.Parse(await response.TextAsync())!["bad_lines"]!);
        await server.StoredAsync();
        return server;
    }

    private static Task PictureAsync(Visitor visitor, string name) => Environment.GetEnvironmentVariable("CALLWATCH_PICTURES") is { Length: > 0 } folder
        ? visitor.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png"), FullPage = true, Animations = ScreenshotAnimations.Disabled })
        : Task.CompletedTask;
}
