using System.Text;
using Callwatch.Control.Secrets;
using Dapper;
using Xunit;

namespace Callwatch.Tests.Control;

/// <summary>Where the master key comes from, what is said when it does not, and how it is changed.</summary>
public sealed class MasterKeyTests : IDisposable
{
    private static readonly string Given = Convert.ToBase64String(Enumerable.Range(1, 32).Select(i => (byte)i).ToArray());
    private static readonly string Other = Convert.ToBase64String(Enumerable.Range(101, 32).Select(i => (byte)i).ToArray());

    private readonly ControlFolder control = new();

    public void Dispose() => control.Dispose();

    [Fact]
    public void Without_a_setting_a_key_is_made_at_the_first_start_that_only_its_owner_reads()
    {
        var first = Id(Keys());
        var file = control.Folder.At("master.key");
        Assert.Equal(32, Convert.FromBase64String(File.ReadAllText(file).Trim()).Length);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }

        Assert.Equal(first, Id(Keys()));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public void Setting_file_and_command_give_the_same_key()
    {
        var file = control.Folder.At("given");
        File.WriteAllText(file, "  " + Given + "\n");
        var ids = new[] { new SecretsOptions { MasterKey = Given }, new SecretsOptions { MasterKeyFile = file }, new SecretsOptions { MasterKeyCommand = $"echo {Given}" } }.Select(options => Id(Keys(options)));
        Assert.Single(ids.Distinct());
        Assert.False(File.Exists(control.Folder.At("master.key")));
    }

    [Theory]
    [InlineData("MasterKey", "c2hvcnQ=", "Callwatch:Secrets:MasterKey is not base64 of 32 bytes. Make one with: openssl rand -base64 32.")]
    [InlineData("MasterKey", "not base64 at all", "Callwatch:Secrets:MasterKey is not base64 of 32 bytes. Make one with: openssl rand -base64 32.")]
    [InlineData("PreviousMasterKey", "c2hvcnQ=", "Callwatch:Secrets:PreviousMasterKey is not base64 of 32 bytes. Give the key that was in use before, or take the setting away.")]
    [InlineData("MasterKeyFile", "/nowhere/at/all", "Callwatch:Secrets:MasterKeyFile gives no master key. /nowhere/at/all is missing. Put it back from where it is kept: no backup holds it.")]
    public void A_wrong_setting_refuses_the_start_in_one_line_without_the_key(string setting, string value, string line)
    {
        var options = new SecretsOptions();
        typeof(SecretsOptions).GetProperty(setting)!.SetValue(options, value);
        Assert.Equal(line, Assert.Throws<StartRefusedException>(() => Keys(options)).Refusal.Line);
    }

    [Fact]
    public void Two_settings_contradict_each_other() => Assert.Equal(
        "Callwatch:Secrets:MasterKeyFile is given beside MasterKey. Give one of MasterKey, MasterKeyFile and MasterKeyCommand.",
        Assert.Throws<StartRefusedException>(() => Keys(new SecretsOptions { MasterKey = Given, MasterKeyFile = "x" })).Refusal.Line);

    [Theory]
    [InlineData("exit 3", "ended with exit code 3")]
    [InlineData("echo secret-words", "did not print base64 of 32 bytes")]
    [InlineData("/nowhere/at/all", "ended with exit code 127")]
    public void A_command_that_fails_is_said_without_what_it_printed_and_stops_no_start(string command, string said)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("The commands are those of a Unix shell.");
        var problem = Assert.IsType<MasterKeyAnswer.Missing>(Keys(new SecretsOptions { MasterKeyCommand = command }).Current).Problem;
        Assert.Contains("Callwatch:Secrets:MasterKeyCommand", problem, StringComparison.Ordinal);
        Assert.Contains(said, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-words", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_box_opens_with_its_key_for_its_purpose_and_unchanged_only()
    {
        var (key, other) = (Convert.FromBase64String(Given), Convert.FromBase64String(Other));
        var box = SecretBox.Seal(key, "text"u8, "one"u8);
        Assert.NotEqual(box, SecretBox.Seal(key, "text"u8, "one"u8));
        Assert.Equal("text", Encoding.UTF8.GetString(SecretBox.Open(key, box, "one"u8)!));
        Assert.Null(SecretBox.Open(other, box, "one"u8));
        Assert.Null(SecretBox.Open(key, box, "two"u8));
        for (var i = 0; i < box.Length; i++)
        {
            box[i] ^= 1;
            Assert.Null(SecretBox.Open(key, box, "one"u8));
            box[i] ^= 1;
            Assert.Null(SecretBox.Open(key, box.AsSpan(0, i), "one"u8));
        }
    }

    [Fact]
    public void The_own_file_is_not_made_again_while_something_is_sealed_with_the_lost_one()
    {
        Seal(Keys());
        File.Delete(control.Folder.At("master.key"));
        Assert.IsType<MasterKeyAnswer.Missing>(Keys().Current);
        Assert.False(File.Exists(control.Folder.At("master.key")));
    }

    [Fact]
    public void A_change_that_was_stopped_before_its_commit_has_not_been()
    {
        var keys = Keys();
        Seal(keys);

        // As a kill leaves it between the writing of the new key and the commit.
        File.WriteAllBytes(control.Folder.At("master.key.next"), MasterKey.Read(Other)!.ToFile());
        Assert.Equal(Id(keys), Id(Keys()));
        Assert.False(File.Exists(control.Folder.At("master.key.next")));
        Assert.True(Opens(Keys()));
    }

    [Fact]
    public void A_change_that_was_stopped_after_its_commit_is_ended_by_the_next_start()
    {
        var keys = Keys();
        Seal(keys);
        var old = File.ReadAllBytes(control.Folder.At("master.key"));
        var (count, objection) = Change(keys);
        Assert.Equal((1, null), (count, objection));

        // As a kill leaves it between the commit and the new name.
        File.Move(control.Folder.At("master.key"), control.Folder.At("master.key.next"));
        File.WriteAllBytes(control.Folder.At("master.key"), old);
        Assert.True(Opens(Keys()));
        Assert.False(File.Exists(control.Folder.At("master.key.next")));
        Assert.NotEqual(old, File.ReadAllBytes(control.Folder.At("master.key")));
    }

    [Fact]
    public void A_process_that_runs_finds_the_new_key_before_and_after_its_file_has_its_name()
    {
        var (server, command) = (Keys(), Keys());
        Seal(server);
        var old = File.ReadAllBytes(control.Folder.At("master.key"));
        Change(command);
        File.Move(control.Folder.At("master.key"), control.Folder.At("master.key.next"));
        File.WriteAllBytes(control.Folder.At("master.key"), old);
        Assert.True(Opens(server));
        File.Move(control.Folder.At("master.key.next"), control.Folder.At("master.key"), overwrite: true);
        Assert.True(Opens(server));
    }

    [Fact]
    public void What_a_running_process_seals_after_a_change_by_another_is_sealed_with_the_new_key()
    {
        var (server, command) = (Keys(), Keys());
        Change(command);
        Seal(server);
        Assert.True(Opens(Keys()));

        // Also in the moment before the new file has its name.
        var old = File.ReadAllBytes(control.Folder.At("master.key"));
        Change(command);
        File.Move(control.Folder.At("master.key"), control.Folder.At("master.key.next"));
        File.WriteAllBytes(control.Folder.At("master.key"), old);
        Seal(server);
        Assert.True(Opens(Keys()));
        Assert.NotEqual(old, File.ReadAllBytes(control.Folder.At("master.key")));
    }

    [Fact]
    public void A_new_key_in_a_file_locks_nothing_before_it_is_put_in_force()
    {
        var file = control.Folder.At("given");
        File.WriteAllText(file, Given);
        var keys = Keys(new SecretsOptions { MasterKeyFile = file });
        Seal(keys);
        File.WriteAllText(file, Other);
        Assert.Null(keys.Find("of some other key"));
        Assert.True(Opens(keys));
        Seal(keys);
        Assert.Equal((1, null), Change(keys));
        Assert.True(Opens(Keys(new SecretsOptions { MasterKeyFile = file })));
    }

    [Fact]
    public void A_change_of_a_given_key_by_another_process_is_followed()
    {
        var file = control.Folder.At("given");
        File.WriteAllText(file, Given);
        var (server, command) = (Keys(new SecretsOptions { MasterKeyFile = file }), Keys(new SecretsOptions { MasterKeyFile = file }));
        File.WriteAllText(file, Other);
        Assert.Equal((0, null), Change(command));
        Seal(server);
        Assert.True(Opens(Keys(new SecretsOptions { MasterKey = Other })));
    }

    [Fact]
    public void A_key_of_a_file_is_changed_by_putting_another_there_and_saying_so()
    {
        var file = control.Folder.At("given");
        File.WriteAllText(file, Given);
        var keys = Keys(new SecretsOptions { MasterKeyFile = file });
        Seal(keys);
        Assert.Contains("still gives the same key", Change(keys).Objection, StringComparison.Ordinal);
        File.WriteAllText(file, Other);
        Assert.Equal((1, null), Change(keys));
        Assert.True(Opens(Keys(new SecretsOptions { MasterKey = Other })));
        Assert.False(Opens(Keys(new SecretsOptions { MasterKey = Given })));
    }

    [Fact]
    public void A_key_of_a_setting_is_changed_by_starting_with_the_new_one_and_the_previous_one_beside()
    {
        var keys = Keys(new SecretsOptions { MasterKey = Given });
        Seal(keys);
        Assert.Contains("PreviousMasterKey", Change(keys).Objection, StringComparison.Ordinal);
        Assert.True(Opens(Keys(new SecretsOptions { MasterKey = Other, PreviousMasterKey = Given })));
        Assert.True(Opens(Keys(new SecretsOptions { MasterKey = Other })));
    }

    [Fact]
    public void A_command_is_not_run_again_for_every_question_about_a_key_it_does_not_give()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("The command is that of a Unix shell.");
        Seal(Keys(new SecretsOptions { MasterKey = Given }));
        var runs = control.Folder.At("runs");
        var keys = Keys(new SecretsOptions { MasterKeyCommand = $"echo run >> {runs}; echo {Other}" });
        for (var i = 0; i < 10; i++) Assert.False(Opens(keys));
        Assert.Equal(2, File.ReadAllLines(runs).Length);
        control.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(Opens(keys));
        Assert.Equal(3, File.ReadAllLines(runs).Length);
    }

    private MasterKeys Keys(SecretsOptions? options = null) => new(new MasterKeySource(options ?? new SecretsOptions(), control.Folder.Path), control.Started().Db, control.Time);

    private static string Id(MasterKeys keys) => Assert.IsType<MasterKeyAnswer.Found>(keys.Current).Key.Id;

    private static (int Rewrapped, string? Objection) Change(MasterKeys keys)
    {
        using var connection = keys.Db.Open();
        return keys.Change(connection, (_, _) => { });
    }

    /// <summary>Something of destination 1 of tenant 1.</summary>
    private void Seal(MasterKeys keys)
    {
        using var connection = keys.Db.Open();
        using var transaction = connection.BeginTransaction();
        var box = Assert.IsType<SealAnswer.Done>(new SecretVault(keys, control.Time).Seal(connection, transaction, 1, 1, "text"u8));
        connection.Execute(
            """
            INSERT INTO destinations (tenant, revision, name, kind, config, secret_fields, secrets, data_key, all_apps, sample_rate, keep_errors, mask, signals, enabled, start, created, updated)
            VALUES (1, 1, 'one', 'acme', '{}', '[]', @Box, @DataKey, 1, 1, 1, '[]', '[]', 1, 'now', 0, 0)
            """,
            box, transaction);
        transaction.Commit();
    }

    private bool Opens(MasterKeys keys)
    {
        using var connection = keys.Db.Open();
        var (box, dataKey) = connection.QueryFirst<(byte[], long)>("SELECT secrets, data_key FROM destinations ORDER BY id DESC LIMIT 1");
        return new SecretVault(keys, control.Time).Open(connection, null, 1, 1, dataKey, box) is OpenAnswer.Clear;
    }
}
