using System.Text;

namespace Callwatch.Costs.Reconciling;

/// <summary>
/// Reads a provider's export: any order of columns, a byte order mark or none, quoted or not, with commas, semicolons or tabs between. What
/// is wrong is told by line and column. Pure; throws nothing, whatever the bytes.
/// </summary>
public static class UsageExportReader
{
    /// <summary>Largest file.</summary>
    public const int MostBytes = 16 * 1024 * 1024;

    /// <summary>Most days and models together; more is no export of one account.</summary>
    public const int MostRows = 20_000;

    private const int LongestModel = 200;

    public static UsageExportResult Read(ReadOnlySpan<byte> file)
    {
        if (file.Length > MostBytes) return new UsageExportResult.Wrong(1, null, $"the file has more than {MostBytes / 1024 / 1024} MiB; export a shorter time.");
        string text;
        try
        {
            text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(file.StartsWith(Encoding.UTF8.Preamble) ? file[3..] : file);
        }
        catch (DecoderFallbackException)
        {
            return new UsageExportResult.Wrong(1, null, "the file is no text in UTF-8; save it as CSV UTF-8.");
        }

        if (string.IsNullOrWhiteSpace(text)) return new UsageExportResult.Wrong(1, null, "the file is empty.");
        return text.Contains('\0', StringComparison.Ordinal) ? new UsageExportResult.Wrong(1, null, "the file is no CSV; export it as CSV, not as a workbook.") : Read(text);
    }

    private static UsageExportResult Read(string text)
    {
        var csv = new CsvLines(text, DelimiterOf(text));
        try
        {
            if (!csv.Read()) return new UsageExportResult.Wrong(csv.Line, null, csv.Wrong ?? "the file is empty.");
            var result = Lines(csv);
            return csv.Wrong is { } wrong ? new UsageExportResult.Wrong(csv.Line, null, wrong) : result;
        }
        catch (ExportLineException e)
        {
            return new UsageExportResult.Wrong(csv.Line, e.Column, e.Message);
        }
    }

    private static UsageExportResult Lines(CsvLines csv)
    {
        var (columns, titles) = (new Dictionary<string, int>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));
        for (var i = 0; i < csv.Fields.Count; i++)
        {
            var name = Folded(csv.Fields[i]);
            if (name.Length > 0 && columns.TryAdd(name, i)) titles[name] = csv.Fields[i].Trim();
        }

        var known = columns.Keys.ToHashSet(StringComparer.Ordinal);
        if (ExportFormats.All.FirstOrDefault(format => format.Fits(known)) is not { } format)
            return new UsageExportResult.Wrong(1, null, $"these columns are of no export that is known. Known are, by the columns they need: {ExportFormats.Expected}.");
        var line = new ExportLine(columns, titles, csv);
        var rows = new Dictionary<(DateOnly, string), UsageRow>();
        var lines = 0;
        while (csv.Read())
        {
            if (csv.Fields.All(string.IsNullOrWhiteSpace)) continue;
            lines++;
            if (format.Read(line) is not { } row) continue;
            row = row with { Model = Cut(row.Model) };
            var key = (row.Day, row.Model);
            rows[key] = rows.TryGetValue(key, out var before) ? before.With(row) : row;
            if (rows.Count > MostRows) return new UsageExportResult.Wrong(csv.Line, null, $"there are more than {MostRows} days and models up to here; export a shorter time.");
        }

        return rows.Count == 0
            ? new UsageExportResult.Wrong(csv.Line, null, "no line says that anything was used; export a time in which there was.")
            : new UsageExportResult.Read(new UsageExport(format.Provider, format.Kind, [.. rows.Values.OrderBy(row => row.Day).ThenBy(row => row.Model, StringComparer.Ordinal)], lines));
    }

    /// <summary>"Usage Date (UTC)" is usage_date_utc.</summary>
    private static string Folded(string title)
    {
        var name = new StringBuilder(title.Length);
        foreach (var character in title.Trim())
        {
            if (char.IsAsciiLetterOrDigit(character)) name.Append(char.ToLowerInvariant(character));
            else if (name.Length > 0 && name[^1] != '_') name.Append('_');
        }

        return name.ToString().TrimEnd('_');
    }

    private static string Cut(string model) => model.Length <= LongestModel ? model : model[..(char.IsHighSurrogate(model[LongestModel - 1]) ? LongestModel - 1 : LongestModel)];

    private static char DelimiterOf(string text)
    {
        var end = text.AsSpan().IndexOfAny('\r', '\n');
        var head = end < 0 ? text.AsSpan() : text.AsSpan(0, end);
        var (commas, semicolons, tabs) = (head.Count(','), head.Count(';'), head.Count('\t'));
        return tabs > commas && tabs > semicolons ? '\t' : semicolons > commas ? ';' : ',';
    }
}
