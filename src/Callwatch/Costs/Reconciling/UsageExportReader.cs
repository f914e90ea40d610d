using System.Text;

namespace Callwatch.Costs.Reconciling;

/// <summary>
/// Reads a provider's export: any order of columns, with or without a byte order mark, quoted or not, with commas, semicolons or tabs between,
/// numbers and days as a spreadsheet may have written them. What is wrong is told by line and column. Read twice, a line at a time: first how
/// it is written, then what. Throws nothing, whatever the bytes.
/// </summary>
public static class UsageExportReader
{
    /// <summary>Largest file.</summary>
    public const int MostBytes = 64 * 1024 * 1024;

    /// <summary>Most days and models together; more is no export of one account.</summary>
    public const int MostRows = 20_000;

    /// <summary>In the place of the model: what was given back, which no call has.</summary>
    public const string Credits = "(credits)";

    private const int LongestModel = 200;
    private const int LongestHead = 64 * 1024;

    public static UsageExportResult Read(byte[] file)
    {
        using var stream = new MemoryStream(file, writable: false);
        return Read(stream);
    }

    /// <param name="file">One that can be read again from its beginning.</param>
    public static UsageExportResult Read(Stream file)
    {
        if (file.Length > MostBytes) return new UsageExportResult.Wrong(1, null, $"the file has more than {MostBytes / 1024 / 1024} MiB; export a shorter time.");
        try
        {
            var head = Head.Of(file);
            if (head.Text.Length == 0) return new UsageExportResult.Wrong(1, null, "the file is empty.");
            var forms = new WrittenForms(head.Delimiter);
            if (Pass(file, head, forms, looks: true) is UsageExportResult.Wrong wrong) return wrong;
            return forms.Unclear() ?? Pass(file, head, forms, looks: false);
        }
        catch (DecoderFallbackException)
        {
            return new UsageExportResult.Wrong(1, null, "the file is no text in UTF-8; save it as CSV UTF-8.");
        }
    }

    private static UsageExportResult Pass(Stream file, Head head, WrittenForms forms, bool looks)
    {
        using var text = head.Open(file);
        var csv = new CsvLines(text, head.Delimiter);
        try
        {
            if (head.SaysDelimiter) csv.Read();
            do
            {
                if (!csv.Read()) return new UsageExportResult.Wrong(csv.Line, null, csv.Wrong ?? "the file is empty.");
            }
            while (csv.Fields.All(string.IsNullOrWhiteSpace));
            var result = Lines(csv, forms, looks);
            return csv.Wrong is { } wrong ? new UsageExportResult.Wrong(csv.Line, null, wrong) : result;
        }
        catch (ExportLineException e)
        {
            return new UsageExportResult.Wrong(csv.Line, e.Column, e.Message);
        }
    }

    private static UsageExportResult Lines(CsvLines csv, WrittenForms forms, bool looks)
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
        var line = new ExportLine(columns, titles, csv, forms, looks);
        var rows = new Dictionary<(DateOnly, string), UsageRow>();
        var lines = 0;
        while (csv.Read())
        {
            if (csv.Fields.All(string.IsNullOrWhiteSpace)) continue;
            lines++;
            if (format.Read(line) is not { } row || looks) continue;
            row = row with { Model = row.Usd < 0 ? Credits : Cut(row.Model) };
            var key = (row.Day, row.Model);
            rows[key] = rows.TryGetValue(key, out var before) ? before.With(row) : row;
            if (rows.Count > MostRows) return new UsageExportResult.Wrong(csv.Line, null, $"there are more than {MostRows} days and models up to here; export a shorter time.");
        }

        return rows.Count == 0 && !looks
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

    /// <summary>How the file is written as a whole.</summary>
    /// <param name="Text">Its first line that says anything.</param>
    /// <param name="SaysDelimiter">Whether that is a line of its own, as <c>sep=;</c>.</param>
    private sealed record Head(string Text, Encoding Encoding, char Delimiter, bool SaysDelimiter)
    {
        public static Head Of(Stream file)
        {
            Span<byte> mark = stackalloc byte[2];
            file.Position = 0;
            var read = file.ReadAtLeast(mark, mark.Length, throwOnEndOfStream: false);
            Encoding encoding = read == 2 && mark is [0xFF, 0xFE] or [0xFE, 0xFF]
                ? new UnicodeEncoding(bigEndian: mark[0] == 0xFE, byteOrderMark: true, throwOnInvalidBytes: true)
                : new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
            var head = new Head("", encoding, ',', SaysDelimiter: false);
            using var text = head.Open(file);
            var line = new StringBuilder();
            for (var next = text.Read(); next >= 0 && line.Length < LongestHead; next = text.Read())
            {
                if (next is not ('\r' or '\n')) line.Append((char)next);
                else if (!string.IsNullOrWhiteSpace(line.ToString())) break;
            }

            var first = line.ToString().Trim();
            if (first.Length == 5 && first.StartsWith("sep=", StringComparison.OrdinalIgnoreCase)) return head with { Text = first, Delimiter = first[4], SaysDelimiter = true };
            var (commas, semicolons, tabs) = (first.Count(letter => letter == ','), first.Count(letter => letter == ';'), first.Count(letter => letter == '\t'));
            return head with { Text = first, Delimiter = tabs > commas && tabs > semicolons ? '\t' : semicolons > commas ? ';' : ',' };
        }

        /// <summary>From the beginning, without a byte order mark.</summary>
        public StreamReader Open(Stream file)
        {
            file.Position = 0;
            var text = new StreamReader(file, Encoding, detectEncodingFromByteOrderMarks: false, bufferSize: 64 * 1024, leaveOpen: true);
            if (text.Peek() == '\uFEFF') _ = text.Read();
            return text;
        }
    }
}
