using System.Buffers;
using System.Text;
using Callwatch.Normalize.Reading;
using Callwatch.Search.Words;

namespace Callwatch.Search.Documents;

/// <summary>Gathers the words of one document, within its bound.</summary>
internal sealed class DocumentText
{
    // Longer than any id that somebody pastes, without a space, and of mixed letters and digits: data, no words.
    private const int Blob = 128;

    private static readonly SearchValues<char> BlobLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-");

    private readonly StringBuilder words = new();
    private int room;

    public bool IsFull => room <= 0;

    /// <param name="bytes">UTF-8 bytes of text that are taken.</param>
    public void Begin(int bytes)
    {
        words.Clear();
        room = bytes;
    }

    public void Mark(string mark) => words.Append(mark).Append(' ');

    /// <summary>One text that no phrase goes beyond.</summary>
    public void Add(string? text)
    {
        if (string.IsNullOrEmpty(text) || IsFull) return;
        if (text.Length > room) text = Texts.Cut(text, room);
        room -= Encoding.UTF8.GetByteCount(text);
        var before = words.Length;
        var taker = new Appender(words);
        if (text.Length < Blob) WordStream.Read(text, ref taker);
        else WithoutBlobs(text, ref taker);
        if (words.Length > before) Mark(Marks.End);
    }

    public void Add(ReadOnlySpan<byte> utf8, bool escaped)
    {
        // An escape takes at most twelve bytes for what is one character.
        var longest = (long)room * (escaped ? 12 : 1);
        Add(JsonText.Read(utf8.Length > longest ? utf8[..(int)longest] : utf8, escaped));
    }

    public override string ToString() => words.ToString();

    private static void WithoutBlobs(string text, ref Appender taker)
    {
        var from = 0;
        for (var at = 0; at < text.Length;)
        {
            var length = text.AsSpan(at).IndexOfAnyExcept(BlobLetters);
            if (length < 0) length = text.Length - at;
            if (length >= Blob && IsMixed(text.AsSpan(at, length)))
            {
                WordStream.Read(text[from..at], ref taker);
                from = at + length;
            }

            at += length;
            var next = text.AsSpan(at).IndexOfAny(BlobLetters);
            at = next < 0 ? text.Length : at + next;
        }

        WordStream.Read(from == 0 ? text : text[from..], ref taker);
    }

    // A long path or a row of dashes has no capitals with its digits.
    private static bool IsMixed(ReadOnlySpan<char> run) =>
        run.ContainsAnyInRange('0', '9') && run.ContainsAnyInRange('A', 'Z') && run.ContainsAnyInRange('a', 'z');

    private readonly struct Appender(StringBuilder words) : ITakeWords
    {
        public void Word(ReadOnlySpan<char> word) => words.Append(word).Append(' ');
    }
}
