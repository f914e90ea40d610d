using System.Text.RegularExpressions;

namespace Callwatch.Costs.Reconciling;

/// <summary>
/// Providers write one model in several ways: <c>gpt-4o</c> and <c>gpt-4o-2024-08-06</c>, <c>claude-haiku-4-5-20251001</c> and
/// "Claude Haiku 4.5". A family is what they have in common.
/// </summary>
internal static partial class ModelFamily
{
    public static string Of(string model)
    {
        var name = Date().Replace(model.Trim().ToLowerInvariant(), "");
        var parts = Separators().Split(name).Where(part => part.Length > 0 && part is not ("latest" or "preview")).ToList();
        // Old names have the number before the word: claude-3-5-sonnet, Claude Sonnet 3.5.
        return string.Join('-', parts.Where(part => !char.IsAsciiDigit(part[0])).Order(StringComparer.Ordinal).Concat(parts.Where(part => char.IsAsciiDigit(part[0]))));
    }

    [GeneratedRegex(@"[-@ ](20\d{2}-?\d{2}-?\d{2})$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Date();

    [GeneratedRegex("[^a-z0-9]+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Separators();
}
