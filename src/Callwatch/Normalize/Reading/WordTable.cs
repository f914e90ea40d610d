using System.Text;

namespace Callwatch.Normalize.Reading;

/// <summary>A few known words and what each stands for, found by UTF-8 bytes whatever their case.</summary>
internal sealed class WordTable<T>(params (string Word, T Meaning)[] entries)
{
    private readonly (byte[] Word, T Meaning)[] words = [.. entries.Select(entry => (Encoding.UTF8.GetBytes(entry.Word), entry.Meaning))];

    public (string Word, T Meaning)[] Entries => entries;

    public bool TryGet(ReadOnlySpan<byte> word, out T meaning)
    {
        foreach (var (known, means) in words)
        {
            if (known.Length != word.Length || !Ascii.EqualsIgnoreCase(word, known)) continue;
            meaning = means;
            return true;
        }

        meaning = default!;
        return false;
    }
}
