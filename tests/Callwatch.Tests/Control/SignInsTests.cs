using Callwatch.Control;
using Xunit;

namespace Callwatch.Tests.Control;

public sealed class SignInsTests : IDisposable
{
    private readonly ControlFolder folder = new();
    private readonly ControlFolder.Process process;
    private readonly Sessions sessions;
    private readonly SignIns signIns;

    public SignInsTests()
    {
        process = folder.Started();
        sessions = new Sessions(process.Db, folder.Time);
        signIns = new SignIns(sessions, process.Keys);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Those_of_a_link_are_listed_for_operators_and_can_be_ended()
    {
        var secret = sessions.Begin(null, TimeSpan.FromDays(7), "Firefox");
        Assert.Empty(signIns.List(Tenants.DefaultId, isOperator: false));
        var one = Assert.Single(signIns.List(Tenants.DefaultId, isOperator: true));
        Assert.Equal((Sessions.IdOf(secret), "Firefox"), (one.Id, one.Agent));
        Assert.DoesNotContain(one.Id, secret, StringComparison.OrdinalIgnoreCase);
        Assert.False(signIns.End(Tenants.DefaultId, isOperator: false, one.Id, "admin"));
        Assert.True(signIns.End(Tenants.DefaultId, isOperator: true, one.Id, "operator"));
        Assert.Null(sessions.Find(secret));
        Assert.Equal("end sign-in", new AuditLog(process.Db).List(Tenants.DefaultId, false, 1)[0].What);
    }

    [Fact]
    public void Those_of_a_key_belong_to_its_tenant_and_end_with_it()
    {
        var other = process.Tenants.Create("other")!.Id;
        var key = process.Keys.Create(other, null, KeyScopes.Admin, "theirs", "test").Key;
        sessions.Begin(key.Id, TimeSpan.FromDays(7), new string('x', 5_000));
        Assert.Empty(signIns.List(Tenants.DefaultId, isOperator: true));
        Assert.Equal(200, Assert.Single(signIns.List(other, isOperator: false)).Agent!.Length);
        Assert.True(process.Keys.Revoke(other, key.Id, "test"));
        Assert.Empty(signIns.List(other, isOperator: false));
        Assert.Equal(["revoke key", "make key"], new AuditLog(process.Db).List(other, false, 10).Select(row => row.What));
    }

    [Fact]
    public void One_that_has_run_out_is_not_listed()
    {
        sessions.Begin(null, TimeSpan.FromHours(1));
        folder.Time.Advance(TimeSpan.FromHours(2));
        Assert.Empty(signIns.List(Tenants.DefaultId, isOperator: true));
    }
}
