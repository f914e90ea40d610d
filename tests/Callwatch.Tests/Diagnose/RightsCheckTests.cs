using Callwatch.Control.Secrets;
using Callwatch.Diagnose;
using Callwatch.Diagnose.Checks;
using Callwatch.Tests.Backup;
using Xunit;

namespace Callwatch.Tests.Diagnose;

/// <summary>What the doctor says of a folder in which somebody has been at work.</summary>
public sealed class RightsCheckTests
{
    [Theory]
    [InlineData("search", "search is no folder.")]
    [InlineData("media", "media is no folder.")]
    public async Task A_file_in_the_place_of_a_folder_is_named(string name, string said)
    {
        using var folder = await BackedUpFolder.MakeAsync(calls: 2);
        await File.WriteAllTextAsync(Path.Combine(folder.Data, name), "", TestContext.Current.CancellationToken);
        await HasAsync(folder, FindingLevel.Problem, said);
    }

    [Fact]
    public async Task A_folder_in_the_place_of_a_file_and_a_link_to_nothing_are_named()
    {
        using var folder = await BackedUpFolder.MakeAsync(calls: 2);
        Directory.CreateDirectory(Path.Combine(folder.Data, "clock"));
        File.CreateSymbolicLink(Path.Combine(folder.Data, "settled"), folder.At("not mounted"));
        await HasAsync(folder, FindingLevel.Problem, "clock is no file.");
        await HasAsync(folder, FindingLevel.Problem, "settled is no folder.");
    }

    [Fact]
    public async Task What_others_may_read_is_named()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there are no such modes");
        using var folder = await BackedUpFolder.MakeAsync(calls: 2);
        Set(folder.Data, (UnixFileMode)0b111_101_101);
        Set(Path.GetDirectoryName(folder.Data)!, (UnixFileMode)0b111_101_101);

        // Where others do not get to the folder for temporary files, it is closed all the same.
        await SaysAsync(folder, !IsClosedAbove(folder.At("")), FindingLevel.Warning, "Every user of this machine may look into the data folder; it holds prompts and answers.");
    }

    [Fact]
    public async Task What_this_user_may_not_use_is_named()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there are no such modes");
        using var folder = await BackedUpFolder.MakeAsync(calls: 2);
        Set(Path.Combine(folder.Data, "store", "catalog.db"), UnixFileMode.UserRead);

        // Root may use everything.
        await SaysAsync(folder, !Environment.IsPrivilegedProcess, FindingLevel.Problem, "This user may not read and write store/catalog.db.");
    }

    [Fact]
    public async Task What_is_not_callwatchs_is_not_looked_at()
    {
        using var folder = await BackedUpFolder.MakeAsync(calls: 2);
        foreach (var made in (string[])["lost+found", "journal/lost+found", "of somebody else"]) Directory.CreateDirectory(Path.Combine(folder.Data, made));
        await File.WriteAllTextAsync(Path.Combine(folder.Data, "control.db-wal"), "", TestContext.Current.CancellationToken);
        var looked = RightsCheck.All(folder.Data, TestContext.Current.CancellationToken).Select(path => Path.GetRelativePath(folder.Data, path)).ToList();
        Assert.DoesNotContain(looked, path => path.EndsWith("lost+found", StringComparison.Ordinal) || path == "of somebody else");
        Assert.Empty(((string[])["control.db", "control.db-wal", "format", "admin.key", "journal", "store", "store/catalog.db"]).Except(looked));
    }

    private static bool IsClosedAbove(string folder)
    {
        for (var at = Path.GetDirectoryName(Path.GetFullPath(folder).TrimEnd('/')); at is not null; at = Path.GetDirectoryName(at))
            if (!OperatingSystem.IsWindows() && !File.GetUnixFileMode(at).HasFlag(UnixFileMode.OtherExecute)) return true;
        return false;
    }

    private static void Set(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, mode);
    }

    private static Task HasAsync(BackedUpFolder folder, FindingLevel level, string said) => SaysAsync(folder, true, level, said);

    private static async Task SaysAsync(BackedUpFolder folder, bool isExpected, FindingLevel level, string said)
    {
        var findings = await Doctor.ExamineAsync(folder.Data, new SecretsOptions(), TimeProvider.System, TestContext.Current.CancellationToken);
        if (!isExpected)
        {
            Assert.DoesNotContain(findings, finding => finding.What == said);
            return;
        }

        var finding = Assert.Single(findings, finding => finding.What == said);
        Assert.Equal((level, true), (finding.Level, finding.Cure is not null));
    }
}
