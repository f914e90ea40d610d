using System.Text;

namespace Callwatch.Costs.Reconciling;

/// <summary>
/// The records of a CSV text (RFC 4180), with the line of the file on which each begins: fields in quotation marks may hold the delimiter,
/// line ends and doubled marks; a mark within a field that does not begin with one is only a character.
/// </summary>
internal sealed class CsvLines(string text, char delimiter)
{
    private const int LongestField = 64 * 1024;
    private const int MostFields = 1_000;

    private readonly List<string> fields = [];
    private readonly StringBuilder field = new();
    private int at;
    private int reached = 1;

    /// <summary>Of the record read last.</summary>
    public int Line { get; private set; } = 1;

    public IReadOnlyList<string> Fields => fields;

    /// <summary>What makes the text no CSV; null as long as it is one.</summary>
    public string? Wrong { get; private set; }

    /// <summary>False at the end, or where the text is no CSV.</summary>
    public bool Read()
    {
        if (at >= text.Length || Wrong is not null) return false;
        fields.Clear();
        Line = reached;
        while (true)
        {
            if (!ReadField()) return false;
            if (fields.Count >= MostFields)
            {
                Wrong = "a line has too many fields.";
                return false;
            }

            fields.Add(field.ToString());
            if (at >= text.Length) return true;
            if (text[at++] == delimiter)
            {
                if (at < text.Length) continue;
                fields.Add("");
                return true;
            }

            // Of a carriage return and a line feed together the second goes with the first.
            if (text[at - 1] == '\r' && at < text.Length && text[at] == '\n') at++;
            reached++;
            return true;
        }
    }

    private bool ReadField()
    {
        field.Clear();
        if (at < text.Length && text[at] == '"')
        {
            if (!ReadQuoted()) return false;
        }
        else
        {
            var end = text.AsSpan(at).IndexOfAny(delimiter, '\r', '\n');
            end = end < 0 ? text.Length : at + end;
            field.Append(text, at, end - at);
            at = end;
        }

        if (field.Length <= LongestField) return true;
        Wrong = "a field is too long; a quotation mark may be missing.";
        return false;
    }

    private bool ReadQuoted()
    {
        for (at++; at < text.Length; at++)
        {
            if (text[at] == '\n') reached++;
            if (text[at] != '"')
            {
                field.Append(text[at]);
            }
            else if (at + 1 < text.Length && text[at + 1] == '"')
            {
                field.Append('"');
                at++;
            }
            else
            {
                at++;
                while (at < text.Length && text[at] == ' ') at++;
                if (at >= text.Length || text[at] == delimiter || text[at] is '\r' or '\n') return true;
                (Line, Wrong) = (reached, "a quotation mark is out of place.");
                return false;
            }
        }

        Wrong = "a quotation mark is not closed.";
        return false;
    }
}
