using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Callwatch.Server.Hosting;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests;

public sealed class OperationsGuideTests
{
    private const string Begin = "<!-- settings: written by OperationsGuideTests under UPDATE_GOLDEN=1 -->\n";
    private const string End = "<!-- /settings -->";

    private static readonly string Document = Path.GetFullPath(Path.Combine(Fixtures.Root, "..", "..", "docs", "operations.md"));

    [Fact]
    public void The_operations_guide_lists_every_setting_as_the_code_describes_it()
    {
        var text = File.ReadAllText(Document);
        var start = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = text.IndexOf(End, StringComparison.Ordinal);
        Assert.True(start >= Begin.Length && end >= start, "docs/operations.md has lost the marks around its settings.");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") File.WriteAllText(Document, text[..start] + Table() + text[end..]);
        else Assert.Equal(Table(), text[start..end]);
    }

    [Fact]
    public void Every_options_class_is_among_the_known_settings()
    {
        var all = new[] { typeof(CallwatchOptions).Assembly, typeof(CallwatchServer).Assembly }.SelectMany(assembly => assembly.GetTypes())
            .Where(type => type.GetField("Section", BindingFlags.Public | BindingFlags.Static) is { IsLiteral: true });
        Assert.Equal(all.Select(type => type.Name).Order(), KnownSettings.OptionsTypes.Select(type => type.Name).Order());
    }

    [Fact]
    public void Every_setting_says_its_default() =>
        Assert.All(KnownSettings.OptionsTypes.SelectMany(type => KnownSettings.SettingsOf(type)), property => Assert.Contains("default", Description(property), StringComparison.OrdinalIgnoreCase));

    [Fact]
    public void The_operations_guide_explains_every_counter_and_no_other()
    {
        var text = File.ReadAllText(Document);
        var rows = text[text.IndexOf("## Counters", StringComparison.Ordinal)..].Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal));
        var explained = rows.SelectMany(row => Regex.Matches(row[..row.IndexOf('|', 2)], "`(?<word>[a-z_0-9]+)`", RegexOptions.NonBacktracking)).Select(match => match.Groups["word"].Value);
        Assert.Equal(Enum.GetValues<Reason>().Select(reason => reason.Word()).Order(), explained.Order());
    }

    private static string Table()
    {
        var table = new StringBuilder("| Setting | What it does |\n|---|---|\n");
        foreach (var type in KnownSettings.OptionsTypes)
            foreach (var property in KnownSettings.SettingsOf(type))
                table.Append(CultureInfo.InvariantCulture, $"| `{KnownSettings.SectionOf(type)}:{property.Name}` | {Description(property)} |\n");
        return table.ToString();
    }

    private static string Description(PropertyInfo property)
    {
        var assembly = property.DeclaringType!.Assembly;
        var comments = XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml"));
        var name = $"P:{property.DeclaringType.FullName}.{property.Name}";
        var summary = comments.Descendants("member").FirstOrDefault(member => (string?)member.Attribute("name") == name)?.Element("summary");
        return summary is null ? "" : Regex.Replace(Text(summary), @"\s+", " ", RegexOptions.NonBacktracking).Trim();
    }

    private static string Text(XElement element) => string.Concat(element.Nodes().Select(node => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement { Name.LocalName: "see" } see => $"`{((string?)see.Attribute("cref") ?? (string?)see.Attribute("langword"))?.Split('.', ':').Last()}`",
        XElement other => Text(other),
        _ => "",
    }));
}
