namespace Callwatch.Client.Capture;

internal delegate void TakeEvent(ReadOnlySpan<byte> data);

/// <summary>
/// Server-sent events out of bytes cut anywhere (WHATWG HTML, section 9.2): lines end with CR, LF or both, an event with an empty line, and its data
/// is that of its <c>data</c> lines. Events above the bound are passed over.
/// </summary>
internal sealed class SseReader(int most)
{
    private readonly SeenBytes line = new(most);
    private readonly SeenBytes data = new(most);
    private bool hasData;
    private bool afterReturn;

    public void Add(ReadOnlySpan<byte> bytes, TakeEvent take)
    {
        while (!bytes.IsEmpty)
        {
            if (afterReturn)
            {
                afterReturn = false;
                if (bytes[0] == '\n') bytes = bytes[1..];
                continue;
            }

            var end = bytes.IndexOfAny((byte)'\r', (byte)'\n');
            if (end < 0)
            {
                line.Add(bytes);
                return;
            }

            afterReturn = bytes[end] == '\r';
            if (line.Length == 0 && line.IsWhole)
            {
                Line(bytes[..end], take);
            }
            else
            {
                line.Add(bytes[..end]);
                if (line.IsWhole) Line(line.Bytes, take);
                line.Clear();
            }

            bytes = bytes[(end + 1)..];
        }
    }

    private void Line(ReadOnlySpan<byte> text, TakeEvent take)
    {
        if (text.IsEmpty)
        {
            if (hasData && data.IsWhole) take(data.Bytes);
            hasData = false;
            data.Clear();
            return;
        }

        if (text.StartsWith("\uFEFF"u8)) text = text[3..];
        if (!text.StartsWith("data"u8) || (text.Length > 4 && text[4] != ':')) return;
        var value = text.Length > 5 ? text[5..] : default;
        if (value.StartsWith(" "u8)) value = value[1..];
        if (hasData) data.Add("\n"u8);
        data.Add(value);
        hasData = true;
    }
}
