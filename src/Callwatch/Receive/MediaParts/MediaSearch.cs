using System.Buffers;
using System.Text;
using Callwatch.Media;

namespace Callwatch.Receive.MediaParts;

/// <summary>A piece of base64 within a text.</summary>
/// <param name="Start">Where what is replaced begins: with the base64, or with the <c>data:</c> before it.</param>
/// <param name="Type">As declared; null when nobody says.</param>
internal readonly record struct MediaHit(int Start, int DataStart, int End, string? Type);

/// <summary>
/// Finds media in a text, whatever its dialect: data URLs anywhere, also in JSON within JSON and in Markdown; and whole strings of base64
/// that begin as a known format does or that stand in a part which says that they are media. Text that only looks like base64 is left alone.
/// Ordinary text costs one search for <c>;base64,</c> and a look at each so many thousandth byte.
/// </summary>
internal ref struct MediaSearch(ReadOnlySpan<byte> text, int fewestSymbols, string? typeBeside)
{
    private const int LongestHeader = 200;

    // All that a run of base64 may be written with, before it is looked at closely.
    private static readonly SearchValues<byte> RunBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=\\\r\n"u8);
    private static readonly SearchValues<byte> HeaderBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&^_.+-/;=*\\"u8);
    private static readonly SearchValues<byte> BehindUrl = SearchValues.Create("\"'`\\ \t\r\n)]}>,;<.|&"u8);

    private readonly ReadOnlySpan<byte> text = text;
    private IReadOnlyDictionary<int, string>? beside;
    private int at;
    private int url = -1;
    private (int Start, int End) run = (-1, -1);

    public MediaHit Current { get; private set; }

    /// <summary>Data URLs met so far that are large enough and not base64.</summary>
    public int Malformed { get; private set; }

    public bool MoveNext()
    {
        while (text.Length - at >= fewestSymbols)
        {
            if (url < at) url = at + (text[at..].IndexOf(";base64,"u8) is var found and >= 0 ? found : text.Length);
            if (run.Start < at) run = NextRun();
            if (url < run.Start)
            {
                if (TakeUrl()) return true;
            }
            else if (run.Start < text.Length)
            {
                if (TakeRun()) return true;
            }
            else
            {
                return false;
            }
        }

        return false;
    }

    private bool TakeUrl()
    {
        var before = text[Math.Max(at, url - LongestHeader)..url];
        var data = url + ";base64,"u8.Length;
        var scheme = before.LastIndexOf("data:"u8);
        at = data;
        if (scheme < 0) return false;
        var header = before[(scheme + 5)..];
        if (header.ContainsAnyExcept(HeaderBytes)) return false;
        at = data + Base64Text.End(text[data..], lines: false, out var symbols);
        if (symbols < fewestSymbols) return false;
        if (symbols % 4 == 1 || (at < text.Length && text[at] < 0x80 && !BehindUrl.Contains(text[at])))
        {
            Malformed++;
            return false;
        }

        Current = new MediaHit(data - ";base64,"u8.Length - header.Length - 5, data, at, TypeOf(header));
        return true;
    }

    private static string? TypeOf(ReadOnlySpan<byte> header) =>
        MediaTypes.Clean(Encoding.ASCII.GetString(header).Replace("\\u002B", "+", StringComparison.OrdinalIgnoreCase).Replace("\\", "", StringComparison.Ordinal));

    private bool TakeRun()
    {
        var (start, end) = run;
        at = end;
        var closed = start == 0 ? end == text.Length : text[start - 1] == '"' && end < text.Length && text[end] == '"';
        if (!closed) return false;
        while (end > start && text[end - 1] == '\\') end--;
        var whole = text[start..end];
        if (Base64Text.End(whole, lines: true, out var symbols) != whole.Length || symbols < fewestSymbols || symbols % 4 == 1) return false;
        var type = start == 0 ? typeBeside : TypeBeside(start);
        type ??= MediaTypes.OfMagic(Base64Text.Start(whole, stackalloc byte[MediaTypes.SniffBytes]));
        if (type is null) return false;
        Current = new MediaHit(start, start, end, type == MediaTypes.Unknown ? null : type);
        return true;
    }

    private string? TypeBeside(int start) => (beside ??= MediaBeside.In(text, fewestSymbols)).GetValueOrDefault(start);

    // A run of that length cannot hide between two looks that far apart.
    private readonly (int Start, int End) NextRun()
    {
        for (var look = at + fewestSymbols - 1; look < text.Length;)
        {
            if (!RunBytes.Contains(text[look]))
            {
                look += fewestSymbols;
                continue;
            }

            var start = at + text[at..look].LastIndexOfAnyExcept(RunBytes) + 1;
            var length = text[look..].IndexOfAnyExcept(RunBytes);
            var end = length < 0 ? text.Length : look + length;
            if (end - start >= fewestSymbols) return (start, end);
            look = end + fewestSymbols;
        }

        return (text.Length, text.Length);
    }
}
