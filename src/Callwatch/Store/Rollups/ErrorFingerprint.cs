using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Callwatch.Spans;

namespace Callwatch.Store.Rollups;

/// <summary>
/// What makes two failures the same on the Errors page: their type, and their message with numbers, ids and quoted text replaced,
/// because those differ from call to call.
/// </summary>
/// <param name="Value">Never 0.</param>
/// <param name="Message">The message with its varying parts replaced, at most 200 characters.</param>
internal readonly record struct ErrorFingerprint(long Value, string Message)
{
    private const int Longest = 200;

    public static ErrorFingerprint Of(SpanError error)
    {
        var message = Normalize(error.Message);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(error.Type + "\n" + message), hash);
        var value = BinaryPrimitives.ReadInt64BigEndian(hash) & long.MaxValue;
        return new ErrorFingerprint(value == 0 ? 1 : value, message);
    }

    /// <summary>As shown in the API: 16 hex digits.</summary>
    public static string Text(long fingerprint) => fingerprint.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);

    public static string Normalize(string? message)
    {
        if (message is null) return "";
        var text = new StringBuilder(Math.Min(message.Length, Longest));
        var at = 0;
        // A message may begin with the status, or name it.
        var saysStatus = true;
        while (at < message.Length && text.Length < Longest)
        {
            var c = message[at];
            if (QuotedEnd(message, at) is > 0 and var close)
            {
                text.Append(c).Append('…').Append(message[close]);
                at = close + 1;
            }
            else if (IsWord(c))
            {
                var end = at;
                while (end < message.Length && IsWord(message[end])) end++;
                var word = message.AsSpan(at, end - at);
                text.Append(Replace(word, saysStatus));
                saysStatus = IsStatusWord(word);
                at = end;
            }
            else
            {
                // Any run of blanks and line ends is one blank.
                var blank = char.IsWhiteSpace(c) || char.IsControl(c);
                if (!blank) text.Append(c);
                else if (text.Length > 0 && text[^1] != ' ') text.Append(' ');
                at++;
            }
        }

        if (text.Length > Longest) text.Length = char.IsHighSurrogate(text[Longest - 1]) ? Longest - 1 : Longest;
        return text.ToString().TrimEnd();
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c is '_' or '-';

    // A word with a digit in it is a number, an id or a size; a model's name too, which has its own column beside the group.
    private static ReadOnlySpan<char> Replace(ReadOnlySpan<char> word, bool afterStatusWord)
    {
        var digits = 0;
        foreach (var c in word) digits += char.IsDigit(c) ? 1 : 0;
        if (digits == 0) return word;
        // The status is what tells failures apart.
        return afterStatusWord && word.Length == 3 && digits == 3 && word[0] is '4' or '5' ? word : "#";
    }

    private static bool IsStatusWord(ReadOnlySpan<char> word)
    {
        foreach (var known in (ReadOnlySpan<string>)["status", "code", "http", "error"])
            if (word.Equals(known, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    // A quoted text closes with its own mark before the line ends; an apostrophe inside a word opens nothing.
    private static int QuotedEnd(string message, int at)
    {
        var mark = message[at];
        if (mark is not ('"' or '\'' or '`') || (at > 0 && IsWord(message[at - 1]))) return -1;
        var close = message.IndexOf(mark, at + 1);
        return close > 0 && close - at <= 2_000 && !message.AsSpan(at, close - at).Contains('\n') ? close : -1;
    }
}
