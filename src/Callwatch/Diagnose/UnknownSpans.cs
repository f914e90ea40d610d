using System.Text.RegularExpressions;
using Callwatch.Query;
using Callwatch.Spans;

namespace Callwatch.Diagnose;

/// <summary>Spans that look like model calls by the names of their attributes, and follow no convention that is known: they count as none.</summary>
public sealed partial class UnknownSpans(TraceQueries traces)
{
    private const int MostTraces = 100, MostApps = 5, MostSpans = 4, MostNames = 4;

    public async Task<IReadOnlyList<Finding>> FindAsync(Selection selection, CancellationToken cancel)
    {
        if (await traces.ListAsync(selection, SortOrder.Newest, MostTraces, null, cancel) is not Answer<Page<TraceSummary>>.Found { Value.Items: var all }) return [];
        var found = new List<Finding>();
        foreach (var trace in all.Where(trace => trace.CallCount == 0).DistinctBy(trace => trace.App, StringComparer.Ordinal).Take(MostApps))
        {
            if (await NamesAsync(selection.Scope, trace.TraceId, cancel) is not { Count: > 0 } names) continue;
            found.Add(new Finding(
                "conventions", FindingLevel.Warning, $"Spans of {trace.App} look like model calls and follow no known convention: they have {string.Join(", ", names)}.",
                "They are kept, and count as no call. An instrumentation that writes gen_ai.* attributes makes them calls; or set gen_ai.operation.name and gen_ai.request.model on them.")
            {
                Foreign = [trace.App, .. names],
                Page = "/traces/" + trace.TraceId.ToString(),
            });
        }

        return found;
    }

    private async Task<IReadOnlyList<string>> NamesAsync(ReadScope scope, TraceId id, CancellationToken cancel)
    {
        if (await traces.FindOutlineAsync(scope, id, 200, cancel) is not { } view) return [];
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var span in view.Spans.Where(span => span.Kind is SpanKind.Other or SpanKind.Http && span.Call is null).Take(MostSpans))
        {
            if (await traces.FindSpanAsync(scope, id, span.SpanId, cancel) is not { } details) continue;
            foreach (var (name, _) in details.Content.Attributes)
                if (name.Length <= 60 && LooksLikeACall().IsMatch(name)) names.Add(name);
        }

        return [.. names.Take(MostNames)];
    }

    // What a server or a client of HTTP says of itself is no sign; a model, a prompt or tokens are.
    [GeneratedRegex("^[a-z0-9_.-]*(^|[._-])(llm|gen_?ai|genai|openai|anthropic|prompt|prompts|completion|completions|prompt_tokens|completion_tokens|input_tokens|output_tokens|token_usage|model_name|model_id)([._-]|$)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex LooksLikeACall();
}
