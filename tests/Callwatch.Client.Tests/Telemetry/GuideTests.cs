using Callwatch.Client.Telemetry;
using Callwatch.Client.Telemetry.Settings;
using Callwatch.Client.Telemetry.Sources;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Client.Tests.Telemetry;

/// <summary>The guide says what the code does.</summary>
public sealed class GuideTests
{
    private static readonly string Guide = File.ReadAllText(Path.Combine(Fixtures.Root, "..", "..", "docs", "integrate-dotnet.md"));

    [Fact]
    public void Every_setting_is_in_the_guide_with_all_its_names_and_its_default()
    {
        var defaults = new OpenTelemetryOptions();
        foreach (var setting in OpenTelemetrySettings.All)
        {
            var names = setting.OwnKeys.Where(key => key != setting.Key).Concat(setting.Standard.Select(standard => standard.Key)).Select(key => $"`{key}`");
            var row = $"| `{setting.Name}` |{(names.Any() ? " " + string.Join(", ", names) : "")} | `{SettingText.Of(setting.Value(defaults))}` | ";
            Assert.True(Guide.Contains(row, StringComparison.Ordinal), "The guide lacks: " + row);
        }
    }

    [Fact]
    public void No_setting_is_in_the_guide_that_is_not_there()
    {
        var table = Guide[Guide.IndexOf("## Settings of OpenTelemetry", StringComparison.Ordinal)..].Split('\n').SkipWhile(line => !line.StartsWith("| `", StringComparison.Ordinal)).TakeWhile(line => line.StartsWith('|'));
        Assert.Equal(OpenTelemetrySettings.All.Select(setting => setting.Name), table.Select(row => row.Split('`')[1]));
        Assert.All(StandardSettings.Names, name => Assert.Contains(name, Guide, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_source_and_meter_that_is_listened_to_is_in_the_guide() =>
        Assert.All(KnownSources.Activities.Concat(KnownSources.Meters), name => Assert.Contains($"`{name}`", Guide, StringComparison.Ordinal));

    [Theory]
    [InlineData("OTEL_SERVICE_NAME")]
    [InlineData("APPLICATION_NAME")]
    [InlineData("http.server.response.count")]
    [InlineData("Callwatch-Client-Telemetry")]
    public void What_the_guide_names_is_what_the_code_names(string name) => Assert.Contains(name, Guide, StringComparison.Ordinal);
}
