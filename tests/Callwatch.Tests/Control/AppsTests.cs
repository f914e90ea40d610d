using Callwatch.Control;
using Callwatch.Telemetry;
using Xunit;

namespace Callwatch.Tests.Control;

public sealed class AppsTests
{
    [Fact]
    public void A_new_name_makes_an_app_once()
    {
        using var control = new ControlFolder();
        var apps = control.Started().Apps;
        var shop = apps.AppIdOf(Tenants.DefaultId, "shop");
        Assert.Equal(shop, apps.AppIdOf(Tenants.DefaultId, "shop"));
        Assert.Equal(shop, apps.AppIdOf(Tenants.DefaultId, "  shop "));
        Assert.Equal("shop", apps.NameOf(shop));
        Assert.Equal(["default", "shop"], apps.List(Tenants.DefaultId).Select(app => app.Name));
    }

    [Fact]
    public void Past_the_bound_new_names_go_to_the_app_other_and_are_counted()
    {
        using var control = new ControlFolder();
        control.Options.MaxAppsPerTenant = 3;
        var apps = control.Started().Apps;
        apps.AppIdOf(Tenants.DefaultId, "one");
        var two = apps.AppIdOf(Tenants.DefaultId, "two");
        var three = apps.AppIdOf(Tenants.DefaultId, "three");
        Assert.Equal("other", apps.NameOf(three));
        Assert.Equal(three, apps.AppIdOf(Tenants.DefaultId, "four"));
        Assert.Equal(two, apps.AppIdOf(Tenants.DefaultId, "two"));
        Assert.Equal(2, control.Counters.Total(Reason.AppBoundReached));
    }

    [Fact]
    public void The_same_name_in_two_tenants_is_two_apps()
    {
        using var control = new ControlFolder();
        var here = control.Started();
        var other = here.Tenants.Create("other")!;
        Assert.NotEqual(here.Apps.AppIdOf(Tenants.DefaultId, "shop"), here.Apps.AppIdOf(other.Id, "shop"));
        Assert.DoesNotContain(here.Apps.List(other.Id), app => app.TenantId != other.Id);
    }

    [Fact]
    public void Blank_is_the_app_default_and_a_very_long_name_is_cut_between_characters()
    {
        using var control = new ControlFolder();
        var apps = control.Started().Apps;
        Assert.Equal("default", apps.NameOf(apps.AppIdOf(Tenants.DefaultId, " ")));
        var cut = apps.NameOf(apps.AppIdOf(Tenants.DefaultId, new string('a', Apps.MaxNameLength - 1) + "😀"));
        Assert.Equal(new string('a', Apps.MaxNameLength - 1), cut);
    }

    [Fact]
    public void An_app_made_by_another_process_keeps_its_number()
    {
        using var control = new ControlFolder();
        var server = control.Started();
        var made = control.Open().Apps.Create(Tenants.DefaultId, "shop");
        Assert.Equal(made.Id, server.Apps.AppIdOf(Tenants.DefaultId, "shop"));
        Assert.Equal("shop", server.Apps.NameOf(made.Id));
    }

    [Fact]
    public async Task Many_requests_with_the_same_new_name_agree_on_its_number()
    {
        using var control = new ControlFolder();
        var apps = control.Started().Apps;
        var numbers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => apps.AppIdOf(Tenants.DefaultId, "shop" + (i % 2)))));
        Assert.Equal(2, numbers.Distinct().Count());
    }

    [Fact]
    public void A_number_that_control_data_does_not_know_still_has_something_to_show()
    {
        using var control = new ControlFolder();
        Assert.Equal("#4711", control.Started().Apps.NameOf(4711));
    }
}
