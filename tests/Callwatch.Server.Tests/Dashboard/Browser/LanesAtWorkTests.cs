using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Forward.Desk;
using Callwatch.Forward.Lanes;
using Callwatch.Server.Access;
using Callwatch.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>
/// An install as it may stand in a company. With CALLWATCH_PICTURES naming a folder (docs/pictures/take does) the pictures of the documentation
/// are made on the way.
/// </summary>
public sealed class LanesAtWorkTests(Chromium chromium) : IClassFixture<Chromium>
{
    private static readonly string? Pictures = Environment.GetEnvironmentVariable("CALLWATCH_PICTURES") is { Length: > 0 } folder ? folder : null;

    private static readonly (string, string?)[] Settings = [("Callwatch:Forward:AllowPrivateAddresses", "true"), ("Callwatch:Forward:BatchDelay", "00:00:00.05")];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lanes_of_many_kinds_stand_side_by_side()
    {
        await using var platform = new MoodyPlatform { Words = "span attribute \"llm.token_count.total\" must be a number" };
        await platform.StartAsync();
        await using var server = await RunningServer.StartAsync(settings: Settings);
        var desk = server.Services.GetRequiredService<IDestinationDesk>();
        var lanes = server.Services.GetRequiredService<ILanes>();
        string At(string mood) => new Uri(platform.Address, mood).ToString();
        var langfuse = await MakeAsync(desk, "Langfuse, EU cloud", "langfuse", new() { ["public_key"] = "pk-lf-1", ["secret_key"] = "sk-lf-1", ["host"] = At("healthy") });
        var langsmith = await MakeAsync(desk, "LangSmith", "langsmith", new() { ["api_key"] = "lsv2_1", ["project"] = "support-prod", ["endpoint"] = At("blocked") });
        await MakeAsync(desk, "Arize AX", "arize", new() { ["api_key"] = "1", ["space_id"] = "U3BhY2U6MQ==", ["endpoint"] = platform.Address.ToString() }, apps: ["shop"]);
        var phoenix = await MakeAsync(desk, "Phoenix, in house", "phoenix", new() { ["endpoint"] = At("away"), ["project"] = "support" });
        await MakeAsync(desk, "Alibaba Cloud ARMS", "aliyun", new() { ["license_key"] = "1", ["endpoint"] = At("healthy") }, sample: 0.1);
        var strict = await MakeAsync(desk, "Collector of the platform team", "otlp", new() { ["endpoint"] = At("refuses"), ["protocol"] = "http/json" });
        var lake = await MakeAsync(desk, "Data lake", "otlp", new() { ["endpoint"] = At("healthy"), ["protocol"] = "http/json" });
        desk.Pause(Tenants.DefaultId, lake, "test");
        for (var i = 0; i < 12; i++) await Traffic.SendCallAsync(server.Http, "anna", Cancel);
        await Stored.AllAsync(server);
        await DestinationSite.UntilAsync(() => lanes.Status(langfuse) is { Backlog: 0, Sent: > 0 }, "delivered to Langfuse");
        await DestinationSite.UntilAsync(() => lanes.Status(langsmith)?.State == LaneState.Blocked && lanes.Status(phoenix)?.State == LaneState.Retrying, "trouble");
        await DestinationSite.UntilAsync(() => server.Services.GetRequiredService<DeadLetters>().Count(strict) == 12, "dead letters");

        await using var visitor = await chromium.VisitorAsync(server.Url);
        await visitor.GoAsync(server.Services.GetRequiredService<SignInLinks>().NewPath());
        await visitor.GoAsync("/destinations");
        Assert.Equal(7, await visitor.Page.Locator(".lane[data-row]").CountAsync());
        await visitor.AssertAccessibleAsync();
        await PictureAsync(visitor, "destinations");
        await visitor.GoAsync($"/destinations/{langsmith}");
        Assert.Contains("Save and try again", await visitor.Page.InnerTextAsync("#destination .primary"), StringComparison.Ordinal);
        // As tall as the page, so that the foot of the form lies where it ends.
        await visitor.Page.SetViewportSizeAsync(1440, 1120);
        await PictureAsync(visitor, "destination");
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task With_another_master_key_the_lanes_say_so_and_the_rest_works()
    {
        using var folder = new TempFolder();
        int id;
        await using (var server = await RunningServer.StartAsync(folder.Path, Settings))
            id = await MakeAsync(server.Services.GetRequiredService<IDestinationDesk>(), "Data lake", "otlp", new() { ["endpoint"] = "http://127.0.0.1:9", ["headers"] = new JsonObject { ["Authorization"] = DestinationSite.Secret } });
        await File.WriteAllTextAsync(folder.At("master.key"), Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), Cancel);

        await using var again = await RunningServer.StartAsync(folder.Path, Settings);
        await using var visitor = await chromium.VisitorAsync(again.Url);
        await visitor.GoAsync(again.Services.GetRequiredService<SignInLinks>().NewPath());
        await visitor.GoAsync("/destinations");
        Assert.Equal("blocked", await visitor.Page.Locator($"#lane-{id} .st").InnerTextAsync());
        Assert.Contains("master key", await visitor.Page.Locator(".trouble h2").InnerTextAsync(), StringComparison.Ordinal);
        await visitor.AssertAccessibleAsync();
        await visitor.GoAsync($"/destinations/{id}");
        Assert.Contains("Its secrets cannot be opened", await visitor.Page.InnerTextAsync("main"), StringComparison.Ordinal);
        await visitor.AssertAccessibleAsync();

        // Its secrets entered anew, the lane goes on.
        await visitor.Page.FillAsync("#f-config-headers", "Authorization: another");
        await visitor.Page.Locator("#destination .primary").ClickAsync();
        await visitor.Page.WaitForURLAsync("**done=saved**");
        Assert.Null(again.Services.GetRequiredService<IDestinationDesk>().Find(Tenants.DefaultId, id)!.Locked);
        Assert.Equal(200, await visitor.GoAsync("/calls"));
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task Without_a_destination_the_page_says_what_one_is_and_offers_every_kind()
    {
        await using var server = await RunningServer.StartAsync();
        await using var visitor = await chromium.VisitorAsync(server.Url);
        await visitor.GoAsync("/destinations");
        Assert.Equal(server.Services.GetRequiredService<IDestinationDesk>().Kinds.Count, await visitor.Page.Locator(".kind-card").CountAsync());
        foreach (var kind in server.Services.GetRequiredService<IDestinationDesk>().Kinds)
        {
            await visitor.GoAsync("/destinations/new?kind=" + kind.Name);
            Assert.Equal(kind.Fields.Count, await visitor.Page.Locator("[name^='config.']").CountAsync());
        }

        await visitor.AssertUnharmedAsync();
    }

    private static async Task<int> MakeAsync(IDestinationDesk desk, string name, string kind, JsonObject config, IReadOnlyList<string>? apps = null, double? sample = null)
    {
        var answer = await desk.CreateAsync(Tenants.DefaultId, new DestinationWish { Name = name, Kind = kind, Config = config, Apps = apps, SampleRate = sample }, "test", Cancel);
        return Assert.IsType<DestinationAnswer.Done>(answer).Destination.Id;
    }

    private static Task PictureAsync(Visitor visitor, string name) => Pictures is null
        ? Task.CompletedTask
        : visitor.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Pictures, name + ".png"), FullPage = true, Animations = ScreenshotAnimations.Disabled });
}
