using System.Text;

namespace Callwatch.Query.Filters;

/// <summary>
/// Reads the filter language (docs/filters.md): <c>model:gpt-4o latency>2s -env:dev "refund policy"</c>.
/// Any text gives a filter or an error that points at the character; none throws.
/// </summary>
public static class FilterParser
{
    public const int MaxLength = 2_000;

    public const int MaxTerms = 50;

    public const int MaxValues = 100;

    public static FilterResult Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return new FilterResult.Parsed(Filter.Everything);
        return text.Length > MaxLength
            ? new FilterResult.Wrong(MaxLength, text.Length - MaxLength, $"A filter has at most {MaxLength} characters; this one has {text.Length}.")
            : new Reader(text).Read();
    }

    private sealed class Reader(string text)
    {
        private readonly List<FilterTerm> terms = [];
        private FilterResult.Wrong? wrong;
        private int at;

        public FilterResult Read()
        {
            SkipSpace();
            while (wrong is null && at < text.Length)
            {
                if (terms.Count == MaxTerms) Fail(at, text.Length - at, $"A filter has at most {MaxTerms} terms.");
                else Term();
                SkipSpace();
            }

            return wrong is null ? new FilterResult.Parsed(new Filter(terms)) : wrong;
        }

        private void Term()
        {
            var start = at;
            var negated = text[at] == '-';
            if (negated) at++;
            if (at >= text.Length || char.IsWhiteSpace(text[at]))
            {
                Fail(start, 1, "After '-' comes what must not hold, without a space: -env:dev.");
                return;
            }

            var name = FieldName();
            if (name is null) FreeText(start, negated);
            else Compare(start, negated, name);
        }

        /// <summary>The name before an operator; null, with nothing consumed, when the term is no comparison.</summary>
        private string? FieldName()
        {
            if (!char.IsAsciiLetter(text[at])) return null;
            var end = at;
            while (end < text.Length && IsNameCharacter(text[end])) end++;
            var name = text[at..end];
            if (end < text.Length && text[end] == '"' && name.Equals("metadata.", StringComparison.OrdinalIgnoreCase))
            {
                var close = end;
                if (Quoted(ref close) is not { } key) return null;
                if (key.Length == 0) return Fail(end, 2, "metadata needs a key: metadata.plan:pro.");
                (name, end) = (name + key, close);
            }

            var op = end;
            while (op < text.Length && char.IsWhiteSpace(text[op])) op++;
            if (op >= text.Length || !IsOperator(op)) return null;
            at = end;
            return name;
        }

        private void Compare(int start, bool negated, string name)
        {
            var nameStart = negated ? start + 1 : start;
            var nameLength = at - nameStart;
            SkipSpace();
            var opStart = at;
            var (op, not) = Operator();
            var opLength = at - opStart;
            if (wrong is not null) return;
            if (!FilterFields.TryFind(name, out var field, out var key))
            {
                UnknownName(name, nameStart, nameLength);
                return;
            }

            if (op != Comparison.Equal && !field.IsNumeric)
            {
                Fail(opStart, opLength, $"'{name}' has no order: use ':' or '!='.");
                return;
            }

            var values = Values(field, name, op);
            if (wrong is not null) return;
            if (op != Comparison.Equal && (values.Count > 1 || values[0] is not FilterValue.Number))
            {
                Fail(opStart, opLength, "An order compares with one value.");
                return;
            }

            terms.Add(new FilterTerm.Compare(field, key, op, values) { Negated = negated ^ not, Offset = start, Length = at - start });
        }

        private void UnknownName(string name, int start, int length)
        {
            if (name.Equals("metadata", StringComparison.OrdinalIgnoreCase) || name.Equals("metadata.", StringComparison.OrdinalIgnoreCase))
            {
                Fail(start, length, "metadata needs a key: metadata.plan:pro.");
                return;
            }

            var hint = FilterFields.Nearest(name) is { } near ? $" Did you mean '{near}'?" : " In quotes it is searched as text.";
            Fail(start, length, $"There is no field '{Shown(name)}'.{hint}");
        }

        private (Comparison Op, bool Not) Operator()
        {
            // ":>2s" is how some write ">2s".
            if (text[at] == ':')
            {
                at++;
                if (at >= text.Length || !"<>=".Contains(text[at])) return (Comparison.Equal, false);
            }

            var first = text[at++];
            var equal = at < text.Length && text[at] == '=';
            if (equal) at++;
            return first switch
            {
                '!' => (Comparison.Equal, true),
                '<' => (equal ? Comparison.LessOrEqual : Comparison.Less, false),
                '>' => (equal ? Comparison.GreaterOrEqual : Comparison.Greater, false),
                _ => (Comparison.Equal, false),
            };
        }

        private List<FilterValue> Values(FilterField field, string name, Comparison op)
        {
            var values = new List<FilterValue>();
            do
            {
                SkipSpace();
                var start = at;
                if (at >= text.Length || text[at] == ',')
                {
                    // The blame lies on the end of what stands there, not on the space behind it.
                    var end = text.AsSpan(0, start).TrimEnd().Length;
                    Fail(end, Math.Max(1, start - end), $"'{name}' needs a value: {field.Example}.");
                    return values;
                }

                if (values.Count == MaxValues)
                {
                    Fail(start, text.Length - start, $"A term has at most {MaxValues} values.");
                    return values;
                }

                var (value, quoted) = Value();
                if (wrong is not null) return values;
                switch (FilterValues.Read(field, name, op, value, quoted))
                {
                    case ReadValue.Good good:
                        values.Add(good.Value);
                        break;
                    case ReadValue.Bad bad:
                        Fail(start, at - start, bad.Message);
                        return values;
                }
            }
            while (NextValue());
            return values;
        }

        private bool NextValue()
        {
            if (at >= text.Length || text[at] != ',') return false;
            at++;
            return true;
        }

        private (string Value, bool Quoted) Value()
        {
            if (text[at] == '"') return (QuotedToken() ?? "", true);
            var start = at;
            while (at < text.Length && !char.IsWhiteSpace(text[at]) && text[at] != ',') at++;
            return (text[start..at], false);
        }

        private void FreeText(int start, bool negated)
        {
            var first = at;
            string? words;
            if (text[at] == '"')
            {
                words = QuotedToken();
            }
            else
            {
                while (at < text.Length && !char.IsWhiteSpace(text[at])) at++;
                words = text[first..at];
                Refuse(words, first);
            }

            if (wrong is not null || words is null) return;
            if (string.IsNullOrWhiteSpace(words)) Fail(first, at - first, "There is nothing between the quotes.");
            else terms.Add(new FilterTerm.FreeText(words) { Negated = negated, Offset = start, Length = at - start });
        }

        /// <summary>Refuses unquoted words that were meant as something this language writes otherwise.</summary>
        private void Refuse(string word, int start)
        {
            if (word is "AND" or "OR" or "NOT")
            {
                Fail(start, word.Length, word switch
                {
                    "AND" => "Terms hold together as they stand: leave AND out. In quotes it is searched as text.",
                    "OR" => "Several values of a field are joined by commas: model:a,b. In quotes OR is searched as text.",
                    _ => "Not is a '-' before the term: -env:dev. In quotes NOT is searched as text.",
                });
            }
            else if (word[0] is '(' or ')')
            {
                Fail(start, 1, "There are no brackets: all terms hold together, and values of a field are joined by commas. In quotes it is searched as text.");
            }
            else if (IsOperator(start) || word[0] == ',')
            {
                Fail(start, 1, $"Before '{word[0]}' comes a field: latency>2s.");
            }
        }

        private string? QuotedToken()
        {
            var start = at;
            var end = at;
            if (Quoted(ref end) is not { } value)
            {
                return Fail(start, text.Length - start, "The closing quote is missing.");
            }

            at = end;
            if (at < text.Length && !char.IsWhiteSpace(text[at]) && text[at] != ',') Fail(at, 1, "After the closing quote comes a space.");
            return value;
        }

        /// <summary>Text in quotes, where <c>\"</c> and <c>\\</c> stand for themselves; null when it does not end.</summary>
        private string? Quoted(ref int position)
        {
            var value = new StringBuilder();
            for (var i = position + 1; i < text.Length; i++)
            {
                if (text[i] == '"')
                {
                    position = i + 1;
                    return value.ToString();
                }

                if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] is '"' or '\\' && text[i] == '\\') i++;
                value.Append(text[i]);
            }

            return null;
        }

        private bool IsOperator(int position) =>
            text[position] is ':' or '=' or '<' or '>' || (text[position] == '!' && position + 1 < text.Length && text[position + 1] == '=');

        private void SkipSpace()
        {
            while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
        }

        private string? Fail(int offset, int length, string message)
        {
            wrong ??= new FilterResult.Wrong(offset, length, message);
            return null;
        }
    }

    internal static bool IsNameCharacter(char c) => char.IsLetterOrDigit(c) || c is '_' or '.' or '-' or '/' or '$' or '@';

    private static string Shown(string name) => name.Length <= 40 ? name : name[..40] + "…";
}
