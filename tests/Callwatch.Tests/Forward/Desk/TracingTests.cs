using Callwatch.Forward.Desk;
using Xunit;

namespace Callwatch.Tests.Forward.Desk;

/// <summary>Which apps a destination serves, seen from both sides.</summary>
public sealed class TracingTests : IDisposable
{
    private readonly DeskFolder folder = new();
    private readonly DeskFolder.Process process;
    private readonly int shop;
    private readonly int kiosk;

    public TracingTests()
    {
        process = folder.Started();
        (shop, kiosk) = (process.Control.Apps.Create(1, "shop").Id, process.Control.Apps.Create(1, "kiosk").Id);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_destination_serves_every_app_or_those_it_names()
    {
        var all = await process.CreateAsync("all");
        var some = await process.CreateAsync("some", change: wish => wish with { Apps = ["shop", "new one"] });
        Assert.Equal(["*"], all.Apps);
        Assert.Equal(["new one", "shop"], some.Apps);
        var fresh = process.Control.Apps.Find(1, "new one")!.Id;
        Assert.Equal([all.Id, some.Id], process.Desk.TracingOf(1, shop).Destinations);
        Assert.Equal([all.Id, some.Id], process.Desk.TracingOf(1, fresh).Destinations);
        Assert.Equal([all.Id], process.Desk.TracingOf(1, kiosk).Destinations);
        Assert.Equal([true, true, false], ServedBy(some.Id, shop, fresh, kiosk));
        Assert.Equal([true, true, true], ServedBy(all.Id, shop, fresh, kiosk));
    }

    [Fact]
    public async Task An_app_that_is_switched_off_goes_nowhere_and_comes_back_as_it_was()
    {
        var all = await process.CreateAsync("all");
        var some = await process.CreateAsync("some", change: wish => wish with { Apps = ["shop", "kiosk"] });
        var off = Done(process.Desk.PutTracing(1, shop, new TracingWish(false, null), "anna"));
        Assert.False(off.Enabled);
        Assert.Equal([all.Id, some.Id], off.Destinations);
        Assert.Equal([false, true], ServedBy(all.Id, shop, kiosk));
        Assert.Equal([false, true], ServedBy(some.Id, shop, kiosk));
        Assert.True(Done(process.Desk.PutTracing(1, shop, new TracingWish(true, null), "anna")).Enabled);
        Assert.Equal([true, true], ServedBy(all.Id, shop, kiosk));
        Assert.Equal([true, true], ServedBy(some.Id, shop, kiosk));
    }

    [Fact]
    public async Task Naming_destinations_makes_exactly_those_serve_the_app()
    {
        var all = await process.CreateAsync("all");
        var some = await process.CreateAsync("some", change: wish => wish with { Apps = ["kiosk"] });
        var tracing = Done(process.Desk.PutTracing(1, shop, new TracingWish(null, [some.Id]), "anna"));
        Assert.Equal([some.Id], tracing.Destinations);
        Assert.Equal([false, true], ServedBy(all.Id, shop, kiosk));
        Assert.Equal([true, true], ServedBy(some.Id, shop, kiosk));
        var view = process.Desk.Find(1, all.Id)!;
        Assert.Equal(["*"], view.Apps);
        Assert.Equal(["shop"], view.ExceptApps);
        Assert.Equal(all.Revision + 1, view.Revision);

        // Said once more, "*" keeps its exceptions; they go when that is said.
        Assert.Equal(["shop"], (await process.UpdateAsync(all.Id, new DestinationWish { Apps = ["*"] })).ExceptApps);
        Assert.Empty((await process.UpdateAsync(all.Id, new DestinationWish { ExceptApps = [] })).ExceptApps);
        Assert.Equal([all.Id, some.Id], process.Desk.TracingOf(1, shop).Destinations);
        Assert.Empty(Done(process.Desk.PutTracing(1, shop, new TracingWish(null, []), "anna")).Destinations);
    }

    [Fact]
    public async Task What_does_not_change_for_a_destination_does_not_disturb_its_lane()
    {
        var all = await process.CreateAsync("all");
        var some = await process.CreateAsync("some", change: wish => wish with { Apps = ["kiosk"] });
        process.Desk.PutTracing(1, shop, new TracingWish(true, [all.Id]), "anna");
        Assert.Equal((all.Revision, some.Revision), (process.Desk.Find(1, all.Id)!.Revision, process.Desk.Find(1, some.Id)!.Revision));
    }

    [Fact]
    public async Task A_destination_nobody_knows_is_refused_and_nothing_changes()
    {
        var all = await process.CreateAsync("all");
        var refused = Assert.IsType<TracingAnswer.Refused>(process.Desk.PutTracing(1, shop, new TracingWish(false, [all.Id, 99]), "anna"));
        Assert.Equal("destinations", refused.Field);
        Assert.Equal([all.Id], process.Desk.TracingOf(1, shop).Destinations);
        Assert.True(process.Desk.TracingOf(1, shop).Enabled);
    }

    private IEnumerable<bool> ServedBy(int destination, params int[] apps)
    {
        var served = process.Directory.All.Single(known => known.Id == destination);
        return apps.Select(served.Serves);
    }

    private static AppTracing Done(TracingAnswer answer) => Assert.IsType<TracingAnswer.Done>(answer).Tracing;
}
