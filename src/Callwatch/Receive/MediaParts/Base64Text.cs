using System.Buffers;
using System.Buffers.Text;
using System.Globalization;

namespace Callwatch.Receive.MediaParts;

/// <summary>
/// Base64 as it stands in telemetry: standard or URL-safe, with or without padding, and within JSON with some of its characters
/// escaped (<c>\/</c>, <c>\u002B</c>), once more for each JSON that lies in another.
/// </summary>
internal static class Base64Text
{
    private const int MostBackslashes = 16;
    private const int SymbolsAtOnce = 256 * 1024;

    private static readonly SearchValues<byte> Symbols = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"u8);

    private static readonly SearchValues<byte> NotPlain = SearchValues.Create("\\-_=\r\n"u8);

    /// <summary>Where the run of base64 at the start of the text ends, its padding included.</summary>
    /// <param name="lines">Line breaks may stand within it.</param>
    /// <param name="symbols">How many characters of base64 it has, without padding.</param>
    public static int End(ReadOnlySpan<byte> text, bool lines, out int symbols)
    {
        (var at, symbols) = (0, 0);
        while (at < text.Length)
        {
            var plain = text[at..].IndexOfAnyExcept(Symbols);
            if (plain < 0) plain = text.Length - at;
            symbols += plain;
            at += plain;
            if (Letter(text[at..], out var used) is not { } letter) break;
            if (letter is '+' or '/') symbols++;
            else if (!lines || letter is not ('\n' or '\r')) break;
            at += used;
        }

        for (var i = 0; i < 2 && Letter(text[at..], out var used) is '='; i++) at += used;
        return at;
    }

    /// <summary>The character at the start, unescaped; null when it is nothing that base64 is written with besides its plain symbols.</summary>
    private static char? Letter(ReadOnlySpan<byte> text, out int used)
    {
        used = 1;
        if (text.IsEmpty) return null;
        if (text[0] is (byte)'=' or (byte)'\n' or (byte)'\r') return (char)text[0];
        if (text[0] != (byte)'\\') return null;
        var backslashes = text[..Math.Min(text.Length, MostBackslashes)].IndexOfAnyExcept((byte)'\\');
        if (backslashes < 0) return null;
        used = backslashes + 1;
        switch ((char)text[backslashes])
        {
            case '/': return '/';
            case 'n': return '\n';
            case 'r': return '\r';
            case 'u' when text.Length >= backslashes + 5 && ushort.TryParse(text.Slice(backslashes + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code):
                used += 4;
                return (char)code is '+' or '/' or '=' ? (char)code : null;
            default: return null;
        }
    }

    /// <summary>Decodes a run that <see cref="End"/> has measured, a piece at a time, so that the whole need never be in memory.</summary>
    public static void Decode(ReadOnlySpan<byte> run, Action<ReadOnlyMemory<byte>> to)
    {
        var clean = ArrayPool<byte>.Shared.Rent(SymbolsAtOnce);
        var bytes = ArrayPool<byte>.Shared.Rent(SymbolsAtOnce / 4 * 3);
        try
        {
            while (!run.IsEmpty)
            {
                var filled = Fill(ref run, clean.AsSpan(0, SymbolsAtOnce));
                var written = DecodeClean(clean.AsSpan(0, filled), bytes);
                if (written > 0) to(bytes.AsMemory(0, written));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(clean);
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>The first bytes of a run; fewer when it is shorter.</summary>
    public static ReadOnlySpan<byte> Start(ReadOnlySpan<byte> run, Span<byte> into)
    {
        Span<byte> clean = stackalloc byte[64];
        var filled = Fill(ref run, clean);
        Span<byte> bytes = stackalloc byte[48];
        var written = Math.Min(DecodeClean(clean[..filled], bytes), into.Length);
        bytes[..written].CopyTo(into);
        return into[..written];
    }

    // Standard symbols only; the room is a multiple of four.
    private static int Fill(ref ReadOnlySpan<byte> run, scoped Span<byte> clean)
    {
        var filled = 0;
        while (filled < clean.Length && !run.IsEmpty)
        {
            var plain = run[..Math.Min(run.Length, clean.Length - filled)];
            var special = plain.IndexOfAny(NotPlain);
            if (special >= 0) plain = plain[..special];
            plain.CopyTo(clean[filled..]);
            filled += plain.Length;
            run = run[plain.Length..];
            if (special < 0) continue;
            var used = 1;
            var letter = run[0] switch { (byte)'-' => '+', (byte)'_' => '/', _ => Letter(run, out used) };
            if (letter is '+' or '/') clean[filled++] = (byte)letter;
            run = run[used..];
        }

        return filled;
    }

    private static int DecodeClean(ReadOnlySpan<byte> clean, Span<byte> bytes)
    {
        var whole = clean.Length / 4 * 4;
        Base64.DecodeFromUtf8(clean[..whole], bytes, out _, out var written, isFinalBlock: false);
        var rest = clean[whole..];
        if (rest.Length < 2) return written;

        // The last two or three symbols, whether padded or not; bits beyond the last byte are nobody's.
        Span<byte> last = [rest[0], rest[1], rest.Length == 3 ? rest[2] : (byte)'A', (byte)'A'];
        Span<byte> three = stackalloc byte[3];
        Base64.DecodeFromUtf8(last, three, out _, out _);
        three[..(rest.Length - 1)].CopyTo(bytes[written..]);
        return written + rest.Length - 1;
    }
}
