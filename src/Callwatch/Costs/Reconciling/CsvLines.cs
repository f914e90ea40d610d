using System.Text;

namespace Callwatch.Costs.Reconciling;

/// <summary>
/// The records of a CSV text (RFC 4180), with the line of the file on which each begins: fields in quotation marks may hold the delimiter,
/// line ends and doubled marks; a mark within a field that does not begin with one is only a character. Holds one record at a time.
/// </summary>
internal sealed class CsvLines(TextReader text, char delimiter)
{
    private const int LongestField = 64 * 1024;
    private const int MostFields = 1_000;
    private const int End = -1;

    private readonly List<string> fields = [];
    private readonly StringBuilder field = new();
    private readonly char[] buffer = new char[16 * 1024];
    private int at;
    private int filled;
    private int reached = 1;

    /// <summary>Of the record read last.</summary>
    public int Line { get; private set; } = 1;

    public IReadOnlyList<string> Fields => fields;

    /// <summary>What makes the text no CSV; null as long as it is one.</summary>
    public string? Wrong { get; private set; }

    /// <summary>False at the end, or where the text is no CSV.</summary>
    public bool Read()
    {
        if (Wrong is not null || Peek() == End) return false;
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
            var next = Peek();
            if (next == End) return true;
            at++;
            if (next == delimiter)
            {
                if (Peek() != End) continue;
                fields.Add("");
                return true;
            }

            // Of a carriage return and a line feed together the second goes with the first.
            if (next == '\r' && Peek() == '\n') at++;
            reached++;
            return true;
        }
    }

    private int Peek()
    {
        if (at < filled) return buffer[at];
        (at, filled) = (0, text.Read(buffer, 0, buffer.Length));
        return filled == 0 ? End : buffer[0];
    }

    private bool ReadField()
    {
        field.Clear();
        if (Peek() == '"') return ReadQuoted();
        for (var next = Peek(); next != End && next != delimiter && next is not ('\r' or '\n'); next = Peek())
        {
            if (!Append((char)next)) return false;
            at++;
        }

        return true;
    }

    private bool ReadQuoted()
    {
        at++;
        for (var next = Peek(); next != End; next = Peek())
        {
            at++;
            if (next == '\n') reached++;
            if (next == '"' && Peek() != '"') return IsAtEndOfField();
            if (next == '"') at++;
            if (!Append((char)next)) return false;
        }

        Wrong = "a quotation mark is not closed.";
        return false;
    }

    private bool IsAtEndOfField()
    {
        while (Peek() == ' ') at++;
        if (Peek() is End or '\r' or '\n' || Peek() == delimiter) return true;
        (Line, Wrong) = (reached, "a quotation mark is out of place.");
        return false;
    }

    private bool Append(char next)
    {
        Wrong = next == '\0' ? "the file is no CSV; export it as CSV, not as a workbook."
            : field.Length >= LongestField ? "a field is too long; a quotation mark may be missing." : null;
        field.Append(next);
        return Wrong is null;
    }
}
