using Callwatch.Backup.Restoring;
using Callwatch.Control.Secrets;
using Callwatch.Diagnose;
using Callwatch.Tests.Backup;
using Xunit;

namespace Callwatch.Tests.Diagnose;

public sealed class DoctorTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_folder_that_is_well_is_called_well_and_left_as_it_is()
    {
        using var folder = await BackedUpFolder.MakeAsync();
        var before = Contents(folder.Data);
        Assert.All(await ExamineAsync(folder.Data), finding => Assert.Equal(FindingLevel.Fine, finding.Level));
        Assert.Equal(before, Contents(folder.Data));
    }

    [Theory]
    [InlineData("journal", "journal", "*.seg", 5_000)]
    [InlineData("databases", "store", "20*.db", 8_200)]
    [InlineData("databases", "", "control.db", 8_200)]
    public async Task Damage_is_found_and_said_what_to_do(string check, string below, string pattern, int at)
    {
        using var folder = await BackedUpFolder.MakeAsync();
        var file = Directory.EnumerateFiles(Path.Combine(folder.Data, below), pattern).Order(StringComparer.Ordinal).First();
        var bytes = await File.ReadAllBytesAsync(file, Cancel);
        for (var i = 0; i < 40; i++) bytes[at + i] ^= 0x5A;
        await File.WriteAllBytesAsync(file, bytes, Cancel);
        var finding = Assert.Single(await ExamineAsync(folder.Data), finding => finding.Level == FindingLevel.Problem);
        Assert.Equal(check, finding.Check);
        Assert.NotNull(finding.Cure);
    }

    [Fact]
    public async Task A_damaged_key_of_the_dashboards_forms_is_found_and_harms_nothing()
    {
        using var folder = await BackedUpFolder.MakeAsync();
        Directory.CreateDirectory(Path.Combine(folder.Data, "forms"));
        await File.WriteAllTextAsync(Path.Combine(folder.Data, "forms", "key-1.xml"), "<key><descriptor>", Cancel);
        await File.WriteAllTextAsync(Path.Combine(folder.Data, "forms", "key-2.xml"), "<key />", Cancel);
        var finding = Assert.Single(await ExamineAsync(folder.Data), finding => finding.Level != FindingLevel.Fine);
        Assert.Equal(("forms", FindingLevel.Warning), (finding.Check, finding.Level));
        Assert.Contains("forms/key-1.xml", finding.What, StringComparison.Ordinal);
        Assert.NotNull(finding.Cure);
    }

    [Fact]
    public async Task A_store_of_another_journal_and_a_missing_partition_are_found()
    {
        using var folder = await BackedUpFolder.MakeAsync();
        await folder.BackUpAsync();
        Assert.IsType<RestoreResult.Done>(new Restore(TimeProvider.System).Run(folder.Backup, folder.Restored, _ => { }, Cancel));
        Assert.All(await ExamineAsync(folder.Restored), finding => Assert.NotEqual(FindingLevel.Problem, finding.Level));
        Directory.Delete(Path.Combine(folder.Restored, "store"), recursive: true);
        Directory.Move(Path.Combine(folder.Data, "store"), Path.Combine(folder.Restored, "store"));
        File.Delete(Directory.EnumerateFiles(Path.Combine(folder.Restored, "store"), "20*.db").First());
        var problems = (await ExamineAsync(folder.Restored)).Where(finding => finding.Level == FindingLevel.Problem).ToList();
        Assert.Contains(problems, finding => finding.Check == "places" && finding.Cure!.Contains("readers continue store", StringComparison.Ordinal));
        Assert.Contains(problems, finding => finding.Check == "catalog" && finding.What.Contains("missing", StringComparison.Ordinal)
            && finding.Cure!.Contains("callwatch reindex --from 20", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("2026-09-17.0001.db.missing", "store/2026-09-17.0001.db has vanished")]
    [InlineData("2026-09-17.0001.db.damaged-2", "store/2026-09-17.0001.db.damaged-2 was found damaged")]
    public async Task A_day_with_missing_rows_is_named_with_the_command_that_brings_them_back(string file, string said)
    {
        using var folder = await BackedUpFolder.MakeAsync(calls: 2);
        await File.WriteAllTextAsync(Path.Combine(folder.Data, "store", file), "", Cancel);
        var finding = Assert.Single(await ExamineAsync(folder.Data), finding => finding.Level != FindingLevel.Fine);
        Assert.StartsWith(said, finding.What, StringComparison.Ordinal);
        Assert.Contains("callwatch reindex --from 2026-09-17 --to 2026-09-18 --apply", finding.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_half_restored_folder_and_a_clock_that_went_back_are_found()
    {
        using var folder = await BackedUpFolder.MakeAsync(calls: 2);
        await File.WriteAllTextAsync(Path.Combine(folder.Data, "restoring"), "", Cancel);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(folder.Data, "journal"))) File.SetLastWriteTimeUtc(file, TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(1));
        var problems = (await ExamineAsync(folder.Data)).Where(finding => finding.Level == FindingLevel.Problem).Select(finding => finding.Check);
        Assert.Equal(["folder", "clock"], problems);
    }

    [Fact]
    public async Task A_folder_that_a_server_uses_is_not_looked_at_behind_its_back()
    {
        using var folder = await BackedUpFolder.MakeAsync(calls: 2);
        using var taken = DataFolder.Open(folder.Data);
        await Assert.ThrowsAsync<StartRefusedException>(() => ExamineAsync(folder.Data));
    }

    // A disk of a few megabytes free is the machine's business, not the folder's.
    private static async Task<List<Finding>> ExamineAsync(string data) => [.. (await Doctor.ExamineAsync(data, new SecretsOptions(), TimeProvider.System, Cancel)).Where(finding => finding.Check != "disk")];

    private static List<string> Contents(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) is not ("callwatch.lock" or "lock")).Order(StringComparer.Ordinal)
            .Select(file => $"{file} {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))}"),
    ];
}
