namespace Callwatch.Search.Words;

/// <summary>Takes the words of a text one after another.</summary>
internal interface ITakeWords
{
    void Word(ReadOnlySpan<char> word);
}

/// <summary>
/// Divides text into what is indexed and what is looked for: words at spaces and punctuation; runs of scripts that write without spaces into
/// overlapping pairs, and the last character of a run once more alone, so that every character of a run begins something. Ids with
/// <c>-</c>, <c>_</c> or <c>.</c> are their parts in a row. The same for documents and questions.
/// </summary>
internal static class WordStream
{
    /// <summary>Characters of a word beyond which it is cut, in documents and questions alike.</summary>
    public const int LongestWord = 64;

    /// <param name="openEnd">True for a question: a run at its very end may go on in the document.</param>
    /// <returns>True when it ends with a run of a single character, which in an open end stands for whatever begins with it.</returns>
    public static bool Read<T>(string text, ref T taker, bool openEnd = false)
        where T : struct, ITakeWords
    {
        text = Letters.Usual(text);
        Span<char> word = stackalloc char[LongestWord + 2];
        Span<char> pair = stackalloc char[4];
        var (length, before, inRun) = (0, 0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            var kind = Letters.KindOf(rune);
            if (kind == LetterKind.Ignored) continue;
            if (kind == LetterKind.Mark) kind = length > 0 ? LetterKind.Word : LetterKind.None;
            if (kind != LetterKind.Word && length > 0)
            {
                taker.Word(word[..length]);
                length = 0;
            }

            if (kind != LetterKind.Pair && inRun > 0)
            {
                taker.Word(pair[..before]);
                inRun = 0;
            }

            switch (kind)
            {
                case LetterKind.Word:
                    if (length < LongestWord) length += Letters.Fold(rune).EncodeToUtf16(word[length..]);
                    break;
                case LetterKind.Pair:
                    var size = rune.EncodeToUtf16(pair[(inRun == 0 ? 0 : before)..]);
                    if (inRun > 0)
                    {
                        taker.Word(pair[..(before + size)]);
                        pair.Slice(before, size).CopyTo(pair);
                    }

                    before = size;
                    inRun++;
                    break;
            }
        }

        if (length > 0) taker.Word(word[..length]);
        if (inRun == 0) return false;
        if (!openEnd || inRun == 1) taker.Word(pair[..before]);
        return inRun == 1;
    }
}
