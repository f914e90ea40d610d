using System.Security.Cryptography;
using Callwatch.Control.Secrets;
using Callwatch.Diagnose;
using Callwatch.Diagnose.Checks;
using Callwatch.Tests.Forward.Desk;
using Xunit;

namespace Callwatch.Tests.Diagnose;

/// <summary>What doctor says of the master key and what it is to open.</summary>
public sealed class SecretsCheckTests : IDisposable
{
    private readonly DeskFolder desk = new();

    private string OwnKey => desk.Control.Folder.At("master.key");

    public void Dispose() => desk.Dispose();

    [Fact]
    public void Without_secrets_there_is_nothing_to_say()
    {
        desk.Started();
        File.Delete(OwnKey);
        Assert.Empty(Look());
    }

    [Fact]
    public async Task Secrets_that_open_are_well_after_every_rotation_too()
    {
        var process = await MadeAsync();
        Assert.Empty(Look());
        process.Secrets.RotateDataKeys(null, "tester");
        process.Secrets.RotateMasterKey("tester");
        Assert.Empty(Look());
    }

    [Fact]
    public async Task A_wrong_key_is_named_with_the_destinations_it_does_not_open()
    {
        await MadeAsync();
        var finding = Assert.Single(Look(new SecretsOptions { MasterKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) }));
        Assert.Equal(FindingLevel.Problem, finding.Level);
        Assert.StartsWith("The secrets of one cannot be opened: the master key is wrong: they were sealed under the key ", finding.What, StringComparison.Ordinal);
        Assert.Contains("and MasterKey holds", finding.What, StringComparison.Ordinal);
        Assert.Contains("callwatch destinations change", finding.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_key_is_told_with_what_to_do()
    {
        await MadeAsync();
        File.Delete(OwnKey);
        var finding = Assert.Single(Look());
        Assert.Equal(FindingLevel.Problem, finding.Level);
        Assert.Contains("master.key is missing", finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_others_can_read_is_a_warning()
    {
        await MadeAsync();
        if (OperatingSystem.IsWindows()) Assert.Skip("there are no modes");
        else File.SetUnixFileMode(OwnKey, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Equal(FindingLevel.Warning, Assert.Single(Look()).Level);
    }

    [Fact]
    public async Task Damaged_secrets_and_lost_keys_are_told_apart()
    {
        var process = await MadeAsync();
        process.Execute("UPDATE destinations SET secrets = zeroblob(60)");
        Assert.EndsWith("they are damaged.", Assert.Single(Look()).What, StringComparison.Ordinal);
        process.Execute("PRAGMA foreign_keys = OFF; DELETE FROM data_keys");
        Assert.EndsWith("the key that they were sealed with is gone.", Assert.Single(Look()).What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_no_server_would_start_with_are_told()
    {
        await MadeAsync();
        var finding = Assert.Single(Look(new SecretsOptions { MasterKey = "hunter2" }));
        Assert.Contains("Callwatch:Secrets:MasterKey", finding.What, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", finding.What, StringComparison.Ordinal);
    }

    private async Task<DeskFolder.Process> MadeAsync()
    {
        var process = desk.Started();
        await process.CreateAsync();
        return process;
    }

    private List<Finding> Look(SecretsOptions? secrets = null) =>
    [
        .. new SecretsCheck().Run(new Examined(desk.Control.Folder.Path, null, [], null, Deep: true, desk.Time) { Secrets = secrets ?? new SecretsOptions() }, TestContext.Current.CancellationToken),
    ];
}
