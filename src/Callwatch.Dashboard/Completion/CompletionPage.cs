using Callwatch.Dashboard.Frame;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Completion;

internal static class CompletionPage
{
    private const int LongestWord = 200;

    public static async Task<IResult> GetAsync(Visit visit, Suggestions suggestions, CancellationToken cancel, string text = "")
    {
        // What is typed now is compared with all that there is, not with what the rest of the filter leaves.
        var found = text.Length > LongestWord ? [] : await suggestions.ForAsync(text, visit.Selection with { Filter = null }, cancel);
        return visit.Render<SuggestionList>((nameof(SuggestionList.Found), found), (nameof(SuggestionList.Typed), text));
    }
}
