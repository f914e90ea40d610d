using Callwatch.Server.Hosting;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Cli;

/// <summary>What docs/install.md promises of the program as it is installed.</summary>
public sealed class InstallationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_unit_starts_a_server_that_is_ready()
    {
        var exec = Line(At("packaging", "callwatch.service"), "ExecStart=").Split(' ');
        using var folder = new TempFolder();
        Assert.Equal("serve", exec[1]);
        Assert.Equal("--data", exec[2]);
        Assert.StartsWith(Line(At("packaging", "callwatch.service"), "WorkingDirectory="), exec[3], StringComparison.Ordinal);
        await using var server = await CallwatchProcess.ServeAsync(folder.At("data"), exec[4..]);
        Assert.Equal((0, "ready\n", ""), await CallwatchProcess.RunAsync(["status", "--ready", "--server", server.Url.ToString()]));
        Assert.Equal((0, "{\"status\":\"ok\",\"reason\":null}\n", ""), await CallwatchProcess.RunAsync(["status", "--ready", "--json", "--server", server.Url.ToString()]));
    }

    [Fact]
    public async Task As_the_container_runs_it_the_health_check_needs_no_key_and_all_else_does()
    {
        using var folder = new TempFolder();
        var settings = File.ReadAllLines(At("packaging", "Dockerfile")).Select(line => line.Replace("ENV ", "", StringComparison.Ordinal).Trim(' ', '\\'))
            .Where(line => line.StartsWith("Callwatch__", StringComparison.Ordinal)).ToDictionary(line => line.Split('=')[0], line => line.Split('=')[1]);
        Assert.Equal(["Callwatch__Data", "Callwatch__Http__Urls"], settings.Keys.Order(StringComparer.Ordinal));
        var urls = settings["Callwatch__Http__Urls"].Replace(":4318", ":0", StringComparison.Ordinal);
        await using var server = await CallwatchProcess.ServeAsync(folder.Path, [], ("Callwatch__Http__Urls", urls));
        var (code, output, _) = await CallwatchProcess.RunAsync(["status", "--ready", "--server", server.Url.ToString()]);
        Assert.Equal((0, "ready\n"), (code, output));
        using var http = new HttpClient { BaseAddress = server.Url };
        using var refused = await http.GetAsync(new Uri("/api/v1/calls", UriKind.Relative), Cancel);
        Assert.Equal(401, (int)refused.StatusCode);
        Assert.Contains("every request now needs a key", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_setting_that_packaging_and_its_guide_name_exists()
    {
        var known = KnownSettings.OptionsTypes.SelectMany(type => KnownSettings.SettingsOf(type).Select(setting => (KnownSettings.SectionOf(type) + ":" + setting.Name).Replace(":", "__", StringComparison.Ordinal))).ToHashSet();
        foreach (var file in (string[])[At("docs", "install.md"), At("packaging", "Dockerfile"), At("packaging", "callwatch.service")])
            foreach (System.Text.RegularExpressions.Match name in System.Text.RegularExpressions.Regex.Matches(File.ReadAllText(file), "Callwatch__[A-Za-z_]+", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)))
                Assert.Contains(name.Value, known);
    }

    private static string Line(string file, string start) => File.ReadLines(file).Single(line => line.StartsWith(start, StringComparison.Ordinal))[start.Length..];

    private static string At(params string[] path) => Path.GetFullPath(Path.Combine([Fixtures.Root, "..", "..", .. path]));
}
