using System.Security.Cryptography;
using System.Text;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Partitions;

/// <summary>The dictionary of one partition, written: gives each distinct text one id, within the transaction of the rows that use it.</summary>
internal sealed class PartitionWords(SqliteConnection connection) : IDisposable
{
    /// <summary>Longest text of a word, in characters: a name is a name, and what somebody puts there by mistake must not fill the dictionary.</summary>
    private const int Longest = 1_000;
    private const int MostKnown = 100_000;

    private readonly Dictionary<string, long> known = new(StringComparer.Ordinal);
    private readonly Statement find = new(connection, "SELECT id FROM words WHERE word = ?1");
    private readonly Statement add = new(connection, "INSERT INTO words (word) VALUES (?1) RETURNING id");

    public long Id(string text)
    {
        if (known.TryGetValue(text, out var id)) return id;
        var word = Cut(text);
        find.BindText(1, word);
        id = find.Number() ?? Add(word);
        // Sessions and users come and go: starting over costs a look-up each for those still about.
        if (known.Count >= MostKnown) known.Clear();
        known[text] = id;
        return id;
    }

    public long? IdOrNull(string? text) => text is null ? null : Id(text);

    /// <summary>The text as a word: whole, or cut and told apart from others with the same beginning.</summary>
    public static string Cut(string text)
    {
        // SQLite ends a bound text at a NUL when it compares; none may get in.
        if (text.Contains('\0', StringComparison.Ordinal)) text = text.Replace('\0', '\uFFFD');
        if (text.Length <= Longest) return text;
        // Never longer than the bound, so that a word read back is its own word.
        var end = char.IsHighSurrogate(text[Longest - 10]) ? Longest - 10 : Longest - 9;
        return text[..end] + "…" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 4));
    }

    public void Dispose()
    {
        find.Dispose();
        add.Dispose();
    }

    private long Add(string word)
    {
        add.BindText(1, word);
        add.Step();
        var id = add.Long(0);
        add.Reset();
        return id;
    }
}
