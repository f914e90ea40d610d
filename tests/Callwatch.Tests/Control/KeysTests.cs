using System.Text;
using Callwatch.Control;
using Callwatch.Spans;
using Xunit;

namespace Callwatch.Tests.Control;

public sealed class KeysTests
{
    [Fact]
    public void A_key_is_found_by_its_secret()
    {
        using var control = new ControlFolder();
        var here = control.Started();
        var made = here.Keys.Create(Tenants.DefaultId, appId: null, KeyScopes.Read, "for the wall screen");
        var found = here.Keys.Find(made.Secret);
        Assert.Equal(made.Key, found);
        Assert.Equal(KeyScopes.Read, found!.Scopes);
        Assert.Matches("^cw_[A-Za-z0-9]{32}$", made.Secret);
    }

    [Fact]
    public void The_file_never_holds_a_secret()
    {
        using var control = new ControlFolder();
        var here = control.Started();
        var secret = here.Keys.Create(Tenants.DefaultId, null, KeyScopes.Read, null).Secret;
        foreach (var file in Directory.GetFiles(control.Folder.Path, "control.db*"))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            Assert.DoesNotContain(secret[..16], reader.ReadToEnd(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_revoked_key_is_not_found_but_still_listed()
    {
        using var control = new ControlFolder();
        var here = control.Started();
        var made = here.Keys.Create(Tenants.DefaultId, null, KeyScopes.Read, null);
        Assert.True(here.Keys.Revoke(Tenants.DefaultId, made.Key.Id));
        Assert.Null(here.Keys.Find(made.Secret));
        Assert.Equal(Timestamp.From(control.Time.GetUtcNow()), here.Keys.List(Tenants.DefaultId).Single(key => key.Id == made.Key.Id).RevokedAt);
    }

    [Fact]
    public void Nobody_revokes_a_key_of_another_tenant()
    {
        using var control = new ControlFolder();
        var here = control.Started();
        var other = here.Tenants.Create("other")!;
        var made = here.Keys.Create(other.Id, null, KeyScopes.Read, null);
        Assert.False(here.Keys.Revoke(Tenants.DefaultId, made.Key.Id));
        Assert.NotNull(here.Keys.Find(made.Secret));
    }

    [Fact]
    public void A_running_server_sees_at_once_what_a_command_makes_and_revokes()
    {
        using var control = new ControlFolder();
        var server = control.Started();
        var command = control.Open();
        var made = command.Keys.Create(Tenants.DefaultId, null, KeyScopes.Read, null);
        Assert.NotNull(server.Keys.Find(made.Secret));
        command.Keys.Revoke(Tenants.DefaultId, made.Key.Id);
        Assert.Null(server.Keys.Find(made.Secret));
    }

    [Theory]
    [InlineData("")]
    [InlineData("cw_")]
    [InlineData("cw_short")]
    [InlineData("sk_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef")]
    [InlineData("cw_ABCDEFGHIJKLMNOPQRSTUVWXYZ abcde")]
    [InlineData("cw_ABCDEFGHIJKLMNOPQRSTUVWXYZ\u00e9abcdef")]
    public void What_cannot_be_a_key_is_no_key(string secret)
    {
        using var control = new ControlFolder();
        Assert.Null(control.Started().Keys.Find(secret));
    }

    [Fact]
    public void Scopes_have_the_words_of_the_api()
    {
        Assert.True(KeyScopeWords.TryParse(["ingest", "read"], out var scopes, out _));
        Assert.Equal(KeyScopes.Ingest | KeyScopes.Read, scopes);
        Assert.Equal(["ingest", "read"], scopes.ToWords());
        Assert.False(KeyScopeWords.TryParse(["ingest", "write"], out _, out var unknown));
        Assert.Equal("write", unknown);
        Assert.False(KeyScopeWords.TryParse([], out _, out _));
    }
}
