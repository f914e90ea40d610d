using Callwatch.Control;
using Xunit;

namespace Callwatch.Tests.Control;

public sealed class FirstStartTests
{
    [Fact]
    public void The_first_start_makes_tenant_app_and_keys()
    {
        using var control = new ControlFolder();
        var here = control.Open();
        var facts = here.FirstStart.Ensure(control.Folder.Path, givenAdminKey: null);
        Assert.True(facts.IsFirst);
        Assert.Equal(new Tenant(1, "default"), Assert.Single(here.Tenants.List()));
        var ingest = here.Keys.Find(facts.IngestSecret!)!;
        Assert.Equal(KeyScopes.Ingest, ingest.Scopes);
        Assert.Equal("default", here.Apps.NameOf(ingest.AppId!.Value));
        var admin = here.Keys.Find(File.ReadAllText(facts.AdminKeyFile!).Trim())!;
        Assert.Equal(KeyScopes.Admin | KeyScopes.Operator, admin.Scopes);
        Assert.Null(admin.AppId);
    }

    [Fact]
    public void Only_the_owner_may_read_the_admin_key()
    {
        if (OperatingSystem.IsWindows()) return;
        using var control = new ControlFolder();
        File.WriteAllText(control.Folder.At("admin.key"), "left by a crash");
        var facts = control.Open().FirstStart.Ensure(control.Folder.Path, givenAdminKey: null);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(facts.AdminKeyFile!));
    }

    [Fact]
    public void A_later_start_makes_nothing_and_tells_no_secret()
    {
        using var control = new ControlFolder();
        control.Started();
        var again = control.Open();
        var facts = again.FirstStart.Ensure(control.Folder.Path, givenAdminKey: null);
        Assert.False(facts.IsFirst);
        Assert.Null(facts.IngestSecret);
        Assert.Equal(2, again.Keys.List(Tenants.DefaultId).Count);
    }

    [Fact]
    public void A_given_admin_key_is_taken_at_the_first_start_and_no_file_is_written()
    {
        using var control = new ControlFolder();
        const string Given = "cw_given-by_the-operator-0123456789";
        var here = control.Open();
        var facts = here.FirstStart.Ensure(control.Folder.Path, Given);
        Assert.Null(facts.AdminKeyFile);
        Assert.False(File.Exists(control.Folder.At("admin.key")));
        Assert.Equal(KeyScopes.Admin | KeyScopes.Operator, here.Keys.Find(Given)!.Scopes);
        Assert.False(here.FirstStart.Ensure(control.Folder.Path, Given).GivenAdminKeyIsUnknown);
        Assert.True(here.FirstStart.Ensure(control.Folder.Path, Given + "x").GivenAdminKeyIsUnknown);
    }
}
