namespace Callwatch.Control;

/// <summary>The words of <see cref="KeyScopes"/> in the API and on the command line.</summary>
public static class KeyScopeWords
{
    private static readonly (string Word, KeyScopes Scope)[] Words =
    [
        ("ingest", KeyScopes.Ingest), ("read", KeyScopes.Read), ("ingest-any", KeyScopes.IngestAny), ("admin", KeyScopes.Admin), ("operator", KeyScopes.Operator),
    ];

    public static IEnumerable<string> All => Words.Select(entry => entry.Word);

    public static IReadOnlyList<string> ToWords(this KeyScopes scopes) => [.. Words.Where(entry => scopes.HasFlag(entry.Scope)).Select(entry => entry.Word)];

    /// <summary>False, with the unknown word, when one of them is no scope; also when there is none at all.</summary>
    public static bool TryParse(IEnumerable<string> words, out KeyScopes scopes, out string? unknown)
    {
        scopes = KeyScopes.None;
        unknown = null;
        foreach (var word in words)
        {
            var scope = Array.Find(Words, entry => entry.Word == word).Scope;
            if (scope == KeyScopes.None)
            {
                unknown = word;
                return false;
            }

            scopes |= scope;
        }

        return scopes != KeyScopes.None;
    }
}
