namespace Callwatch.Normalize.Reading;

/// <summary>What a JSON value is.</summary>
internal enum JsonForm : byte
{
    None, Object, Array, Text, Number, True, False, Null,
}

/// <summary>
/// One value (or key) of an indexed JSON text. <c>Next</c> is the index of the token after the value and all that is in it.
/// Text has its quotes left out of <c>Start</c> and <c>Length</c>.
/// </summary>
internal struct JsonToken
{
    public int Start;
    public int Length;
    public int Next;
    public JsonForm Form;
    public bool Escaped;
}

/// <summary>
/// Finds the values of a JSON text (RFC 8259) in one pass, where they lie: no strings, no objects, no exceptions.
/// Attributes carry JSON of any size of which a thin row needs three values; and half of what looks like JSON is prose.
/// </summary>
internal static class JsonIndex
{
    public const int MaxDepth = 64;

    /// <summary>Appends the tokens of <paramref name="text"/>; the index of the first one, or -1 when it is not exactly one JSON value.</summary>
    public static int Add(ReadOnlySpan<byte> text, ref JsonToken[] tokens, ref int count)
    {
        var root = count;
        var reader = new Reader(text, tokens, count);
        if (!reader.Run())
        {
            tokens = reader.Tokens;
            return -1;
        }

        tokens = reader.Tokens;
        count = reader.Count;
        return root;
    }

    private ref struct Reader(ReadOnlySpan<byte> text, JsonToken[] tokens, int count)
    {
        private readonly ReadOnlySpan<byte> text = text;
        private int position;

        public JsonToken[] Tokens = tokens;
        public int Count = count;

        public bool Run()
        {
            Span<int> open = stackalloc int[MaxDepth];
            var depth = 0;
            SkipSpace();
            while (true)
            {
                if (position >= text.Length) return false;
                switch (text[position])
                {
                    case (byte)'{':
                    case (byte)'[':
                        if (depth == MaxDepth) return false;
                        var form = text[position] == '{' ? JsonForm.Object : JsonForm.Array;
                        open[depth++] = Push(form, position++);
                        SkipSpace();
                        if (position >= text.Length) return false;
                        if (text[position] == (form == JsonForm.Object ? '}' : ']')) break;
                        if (form == JsonForm.Object && !Key()) return false;
                        continue;
                    case (byte)'"':
                        if (!Text()) return false;
                        break;
                    case (byte)'t':
                        if (!Literal("true"u8, JsonForm.True)) return false;
                        break;
                    case (byte)'f':
                        if (!Literal("false"u8, JsonForm.False)) return false;
                        break;
                    case (byte)'n':
                        if (!Literal("null"u8, JsonForm.Null)) return false;
                        break;
                    default:
                        if (!Number()) return false;
                        break;
                }

                // After a value: a comma and another one, or as many ends as there are.
                while (true)
                {
                    SkipSpace();
                    if (depth == 0) return position == text.Length;
                    if (position >= text.Length) return false;
                    ref var container = ref Tokens[open[depth - 1]];
                    var end = container.Form == JsonForm.Object ? (byte)'}' : (byte)']';
                    var next = text[position++];
                    if (next == end)
                    {
                        container.Length = position - container.Start;
                        container.Next = Count;
                        depth--;
                        continue;
                    }

                    if (next != ',') return false;
                    SkipSpace();
                    if (container.Form == JsonForm.Object && !Key()) return false;
                    break;
                }
            }
        }

        private bool Key()
        {
            if (position >= text.Length || text[position] != '"' || !Text()) return false;
            SkipSpace();
            if (position >= text.Length || text[position++] != ':') return false;
            SkipSpace();
            return true;
        }

        private bool Text()
        {
            var start = ++position;
            var escaped = false;
            while (true)
            {
                var found = text[position..].IndexOfAny((byte)'"', (byte)'\\');
                if (found < 0) return false;
                position += found;
                if (text[position] == '"') break;
                escaped = true;
                position += 2;
                if (position > text.Length) return false;
            }

            Push(JsonForm.Text, start, position++ - start, escaped);
            return true;
        }

        private bool Literal(ReadOnlySpan<byte> word, JsonForm form)
        {
            if (!text[position..].StartsWith(word)) return false;
            Push(form, position, word.Length);
            position += word.Length;
            return true;
        }

        private bool Number()
        {
            var start = position;
            if (text[position] == '-') position++;
            var leadingZero = position + 1 < text.Length && text[position] == '0' && text[position + 1] is >= (byte)'0' and <= (byte)'9';
            if (leadingZero || !Digits()) return false;
            if (position < text.Length && text[position] == '.')
            {
                position++;
                if (!Digits()) return false;
            }

            if (position < text.Length && (text[position] | 0x20) == 'e')
            {
                position++;
                if (position < text.Length && text[position] is (byte)'+' or (byte)'-') position++;
                if (!Digits()) return false;
            }

            Push(JsonForm.Number, start, position - start);
            return true;
        }

        private bool Digits()
        {
            var start = position;
            while (position < text.Length && text[position] is >= (byte)'0' and <= (byte)'9') position++;
            return position > start;
        }

        private void SkipSpace()
        {
            while (position < text.Length && text[position] <= ' ' && text[position] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t') position++;
        }

        private int Push(JsonForm form, int start, int length = 0, bool escaped = false)
        {
            if (Count == Tokens.Length) Array.Resize(ref Tokens, Tokens.Length * 2);
            Tokens[Count] = new JsonToken { Form = form, Start = start, Length = length, Next = Count + 1, Escaped = escaped };
            return Count++;
        }
    }
}
