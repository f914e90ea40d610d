using System.Text;
using Callwatch.Query.Filters;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Query.Filters;

public sealed class FilterDocumentTests
{
    private const string Mark = "<!-- fields: checked by a test against the table in Query/Filters/FilterFields.cs -->\n";

    /// <summary>With <c>UPDATE_GOLDEN=1</c> it writes the table instead.</summary>
    [Fact]
    public void Docs_filters_lists_every_field()
    {
        var file = Path.Combine(Fixtures.Root, "..", "..", "docs", "filters.md");
        var document = File.ReadAllText(file);
        var head = document[..(document.IndexOf(Mark, StringComparison.Ordinal) + Mark.Length)];
        var expected = head + Table();
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") File.WriteAllText(file, expected);
        else Assert.Equal(expected, document);
    }

    private static string Table()
    {
        var table = new StringBuilder("| Field | Also written | Type | Of calls | Group | Example |\n| --- | --- | --- | --- | --- | --- |\n");
        foreach (var field in FilterFields.All)
        {
            string[] others = [.. ((string?[])[field.ApiName, .. field.Aliases]).OfType<string>().Where(name => name != field.Name).Select(name => $"`{name}`")];
            var type = field.Type == FieldType.Word ? string.Join(", ", field.Words.Keys) : field.Type.ToString().ToLowerInvariant();
            table.Append(System.Globalization.CultureInfo.InvariantCulture,
                $"| `{field.Name}{(field.Keyed ? ".<key>" : "")}` | {string.Join(", ", others)} | {type} | {(field.OfCalls ? "yes" : "")} | {(field.Groups ? "yes" : "")} | `{field.Example}` |\n");
        }

        return table.ToString();
    }
}
