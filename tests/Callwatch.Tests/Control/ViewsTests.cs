using Callwatch.Control;
using Xunit;

namespace Callwatch.Tests.Control;

public sealed class ViewsTests : IDisposable
{
    private readonly ControlFolder folder = new();
    private readonly ControlFolder.Process process;
    private readonly Views views;

    public ViewsTests()
    {
        process = folder.Started();
        views = new Views(process.Db, folder.Time);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_view_is_kept_as_the_address_would_have_it()
    {
        var view = Make("Slow ones", "?q=latency%3E2s&from=-3h&cursor=abc&call=x.y&app=shop&sort=-duration&tab=raw&app=shop&columns=time,model");
        Assert.Equal("app=shop&from=-3h&q=latency%3E2s&columns=time%2Cmodel&sort=-duration", view.Query);
        Assert.Equal(view, Assert.Single(views.List(Tenants.DefaultId, onlyApp: null, "calls")));
        Assert.Equal(view, new Views(folder.Open().Db, folder.Time).Find(Tenants.DefaultId, null, view.Id));
    }

    [Theory]
    [InlineData("", "calls", "", "name")]
    [InlineData("a\u0007b", "calls", "", "name")]
    [InlineData("ok", "sessions", "", "page")]
    [InlineData("ok", "calls", "nonsense=1", "query")]
    [InlineData("ok", "calls", "q=modle:gpt", "query")]
    [InlineData("ok", "calls", "from=yesterday", "query")]
    [InlineData("ok", "calls", "tz=Mars/Olympus", "query")]
    [InlineData("ok", "calls", "columns=<script>", "query")]
    public void What_is_no_view_is_refused_with_the_field(string name, string page, string query, string field) =>
        Assert.Equal(field, Assert.IsType<ViewAnswer.Refused>(views.Create(Tenants.DefaultId, new ViewWish(name, page, query), "test")).Field);

    [Fact]
    public void Names_are_one_of_a_kind_on_a_page()
    {
        Make("Mine", "");
        Assert.IsType<ViewAnswer.Taken>(views.Create(Tenants.DefaultId, new ViewWish("Mine", "calls", "from=-1h"), "test"));
        Assert.IsType<ViewAnswer.Done>(views.Create(Tenants.DefaultId, new ViewWish("Mine", "traces", ""), "test"));
    }

    [Fact]
    public void A_change_leaves_alone_what_it_does_not_name()
    {
        var view = Make("Mine", "from=-3h");
        var changed = Assert.IsType<ViewAnswer.Done>(views.Change(Tenants.DefaultId, view.Id, new ViewWish("Ours", null, null), "somebody")).View;
        Assert.Equal(("Ours", "from=-3h", "somebody"), (changed.Name, changed.Query, changed.Who));
        Assert.True(views.Delete(Tenants.DefaultId, view.Id, "test"));
        Assert.False(views.Delete(Tenants.DefaultId, view.Id, "test"));
        Assert.IsType<ViewAnswer.Unknown>(views.Change(Tenants.DefaultId, view.Id, new ViewWish("Gone", null, null), "test"));
    }

    [Fact]
    public void Another_tenant_and_who_sees_one_app_see_only_what_is_theirs()
    {
        var (all, shop, two) = (Make("All", "from=-3h"), Make("Shop", "app=shop"), Make("Two", "app=shop&app=desk"));
        var other = process.Tenants.Create("other")!.Id;
        Assert.Empty(views.List(other, null));
        Assert.Null(views.Find(other, null, all.Id));
        Assert.IsType<ViewAnswer.Unknown>(views.Change(other, all.Id, new ViewWish("Stolen", null, null), "thief"));
        Assert.False(views.Delete(other, all.Id, "thief"));
        Assert.Equal([shop], views.List(Tenants.DefaultId, "shop"));
        Assert.Null(views.Find(Tenants.DefaultId, "shop", two.Id));
    }

    [Fact]
    public void There_is_a_bound_and_every_change_leaves_a_row_of_audit()
    {
        for (var i = 0; i < Views.MostPerTenant; i++) Make("view " + i.ToString(System.Globalization.CultureInfo.InvariantCulture), "");
        Assert.IsType<ViewAnswer.Full>(views.Create(Tenants.DefaultId, new ViewWish("one more", "calls", ""), "test"));
        views.Delete(Tenants.DefaultId, views.List(Tenants.DefaultId, null)[0].Id, "somebody");
        var row = new AuditLog(process.Db).List(Tenants.DefaultId, withInstance: false, limit: 1)[0];
        Assert.Equal(("delete view", "somebody"), (row.What, row.Who));
        Assert.Contains("view 0", row.Detail, StringComparison.Ordinal);
    }

    private SavedView Make(string name, string query) => Assert.IsType<ViewAnswer.Done>(views.Create(Tenants.DefaultId, new ViewWish(name, "calls", query), "test")).View;
}
