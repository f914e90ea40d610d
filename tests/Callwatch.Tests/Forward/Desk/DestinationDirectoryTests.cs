using Callwatch.Control.Secrets;
using Callwatch.Forward.Desk;
using Callwatch.Testing;
using Dapper;
using Xunit;
using static Callwatch.Tests.Forward.Desk.DeskFolder;

namespace Callwatch.Tests.Forward.Desk;

/// <summary>Destinations as the lanes see them, over changes of this process, of others, and of keys.</summary>
public sealed class DestinationDirectoryTests : IDisposable
{
    private readonly DeskFolder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_change_of_this_process_is_told_at_once()
    {
        var process = folder.Started();
        var changed = process.Directory.ChangedAsync(Cancel);
        await process.CreateAsync();
        await changed.WithPatience("the change is told");
        Assert.Single(process.Directory.All);
    }

    [Fact]
    public async Task A_change_of_another_process_is_told_within_a_second()
    {
        var (one, other) = (folder.Started(), folder.Open());
        Assert.Empty(one.Directory.All);
        var changed = one.Directory.ChangedAsync(Cancel);
        await other.CreateAsync();
        Assert.False(changed.IsCompleted);
        folder.Time.Advance(TimeSpan.FromSeconds(1));
        await changed.WithPatience("the change is told");
        Assert.Equal(Secret, (string?)one.Directory.All.Single().Config!["api_key"]);
    }

    [Fact]
    public async Task What_is_changed_elsewhere_in_control_data_disturbs_no_lane()
    {
        var process = folder.Started();
        await process.CreateAsync();
        var before = process.Directory.All;
        process.Control.Apps.Create(1, "new");
        Assert.Same(before, process.Directory.All);
        await process.CreateAsync("two");
        Assert.Same(before[0], process.Directory.All[0]);
    }

    [Fact]
    public async Task Keys_are_rotated_while_lanes_run_and_no_lane_notices()
    {
        var (server, command) = (folder.Started(), folder.Open());
        var made = await server.CreateAsync();
        var before = server.Directory.All;
        foreach (var rotate in (Func<RotationAnswer>[])[() => server.Secrets.RotateDataKeys(1, "t"), () => server.Secrets.RotateMasterKey("t"), () => command.Secrets.RotateDataKeys(null, "t"), () => command.Secrets.RotateMasterKey("t")])
        {
            Assert.IsType<RotationAnswer.Done>(rotate());
            Assert.Same(before, server.Directory.All);
            Assert.Equal(made.Revision, server.Desk.Find(1, made.Id)!.Revision);

            // And what is saved afterwards opens for both.
            Assert.Null(server.Desk.Find(1, made.Id)!.Locked);
            Assert.Null(command.Desk.Find(1, made.Id)!.Locked);
        }

        Assert.Equal(Secret, (string?)folder.Open().ConfigOf(made.Id)["api_key"]);
    }

    [Fact]
    public async Task Nothing_that_a_rotation_replaced_is_left_in_the_file()
    {
        var process = folder.Started();
        await process.CreateAsync();
        var before = Sealed();
        Assert.All(before, bytes => Assert.Contains(bytes, folder.Bytes(), StringComparison.Ordinal));
        process.Secrets.RotateMasterKey("tester");
        process.Secrets.RotateDataKeys(1, "tester");
        Assert.All(before, bytes => Assert.DoesNotContain(bytes, folder.Bytes(), StringComparison.Ordinal));
        Assert.All(Sealed(), bytes => Assert.Contains(bytes, folder.Bytes(), StringComparison.Ordinal));

        IReadOnlyList<string> Sealed()
        {
            using var connection = process.Db.Open();
            return [.. connection.Query<byte[]>("SELECT secrets FROM destinations UNION ALL SELECT wrapped FROM data_keys").Select(System.Text.Encoding.Latin1.GetString)];
        }
    }

    [Fact]
    public async Task A_wrong_master_key_locks_what_has_secrets_and_nothing_else()
    {
        var before = folder.Started();
        var (secret, plain) = (await before.CreateAsync(), DeskFolder.Process.Done(await before.Desk.CreateAsync(1, new DestinationWish { Name = "plain", Kind = "plain", Config = Json("""{"endpoint":"https://plain.example"}""") }, "t", Cancel)));
        folder.Secrets = new SecretsOptions { MasterKey = Convert.ToBase64String(new byte[32]) };
        var process = folder.Open();
        var locked = process.Directory.All.Single(destination => destination.Id == secret.Id);
        Assert.Null(locked.Config);
        Assert.StartsWith("The master key is wrong", locked.Locked, StringComparison.Ordinal);
        Assert.NotNull(process.Directory.All.Single(destination => destination.Id == plain.Id).Config);
        Assert.Equal(locked.Locked, process.Desk.Find(1, secret.Id)!.Locked);

        // All but the secrets can be seen and changed.
        Assert.Equal("renamed", (await process.UpdateAsync(secret.Id, new DestinationWish { Name = "renamed" })).Name);
        var refused = Assert.IsType<DestinationAnswer.Refused>(await process.Desk.UpdateAsync(1, secret.Id, new DestinationWish { Config = Json("""{"region":"us"}""") }, "t", Cancel));
        Assert.Equal("config.api_key", refused.Field);
        Assert.Contains("enter every secret again: api_key", refused.Message, StringComparison.Ordinal);
        var check = Assert.IsType<CheckAnswer.Checked>(await process.Desk.CheckAsync(1, secret.Id, null, Cancel));
        Assert.Equal((false, locked.Locked), (check.Result.Ok, check.Result.Detail));
        Assert.Equal(1, process.Secrets.State(1).Locked);
    }

    [Fact]
    public async Task Secrets_entered_again_under_another_master_key_open_the_destination()
    {
        var made = await folder.Started().CreateAsync();
        folder.Secrets = new SecretsOptions { MasterKey = Convert.ToBase64String(new byte[32]) };
        var process = folder.Open();
        Assert.NotNull(process.Directory.All.Single().Locked);
        Assert.Null((await process.UpdateAsync(made.Id, new DestinationWish { Config = Json("""{"api_key":"entered-again"}""") })).Locked);
        Assert.Equal("entered-again", (string?)process.ConfigOf(made.Id)["api_key"]);
        Assert.Equal(1, process.Secrets.State(null).DataKeys);
    }

    [Fact]
    public async Task A_master_key_that_is_put_back_opens_them_within_a_minute()
    {
        var before = folder.Started();
        var made = await before.CreateAsync();
        var file = folder.Control.Folder.At("master.key");
        File.Move(file, file + ".kept");
        var process = folder.Open();
        Assert.Contains("no backup holds it", process.Directory.All.Single().Locked, StringComparison.Ordinal);
        Assert.False(File.Exists(file));
        var changed = process.Directory.ChangedAsync(Cancel);
        File.Move(file + ".kept", file);
        await Eventually.HoldsAsync(
            () =>
            {
                folder.Time.Advance(TimeSpan.FromSeconds(1));
                return changed.IsCompleted;
            },
            "the destination opens");
        Assert.Equal(Secret, (string?)process.ConfigOf(made.Id)["api_key"]);
    }

    [Fact]
    public async Task Sealed_secrets_open_for_their_own_destination_only()
    {
        var process = folder.Started();
        var (one, two) = (await process.CreateAsync("one"), await process.CreateAsync("two", Config("another-secret-0123")));
        process.Execute($"UPDATE destinations SET secrets = (SELECT secrets FROM destinations WHERE id = {one.Id}), data_key = (SELECT data_key FROM destinations WHERE id = {one.Id}) WHERE id = {two.Id}");
        var moved = folder.Open().Directory.All.Single(destination => destination.Id == two.Id);
        Assert.Null(moved.Config);
        Assert.Equal("The sealed secrets are damaged. Enter them again.", moved.Locked);
    }

    [Fact]
    public async Task Filters_and_masks_that_cannot_be_read_any_more_stop_the_lane_rather_than_let_everything_through()
    {
        var process = folder.Started();
        await process.CreateAsync(change: wish => wish with { Filter = "outcome:error", Mask = ["email"] });
        process.Execute("UPDATE destinations SET filter = 'was:once', revision = 7");
        var destination = process.Directory.All.Single();
        Assert.Null(destination.Config);
        Assert.NotNull(destination.Locked);
    }

    [Fact]
    public async Task What_was_deleted_is_gone_and_what_was_never_heard_of_is_not()
    {
        var process = folder.Started();
        var (one, two) = (await process.CreateAsync("one"), await process.CreateAsync("two"));
        process.Desk.Delete(1, two.Id, "tester");
        Assert.Equal([false, true, false], new[] { one.Id, two.Id, two.Id + 1 }.Select(process.Directory.IsGone));
    }

    [Fact]
    public async Task A_destination_that_begins_now_begins_when_it_was_made_however_late_its_lane_runs()
    {
        var process = folder.Started();
        var made = await process.CreateAsync();
        folder.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(new Callwatch.Forward.StartAt.Time(made.CreatedAt), folder.Open().Directory.All.Single().Start);
        Assert.Equal(new Callwatch.Forward.StartAt.Now(), process.Desk.Find(1, made.Id)!.Start);
    }
}
