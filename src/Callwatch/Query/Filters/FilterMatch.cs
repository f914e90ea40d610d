using Callwatch.Spans;
using Callwatch.Store.Rollups;

namespace Callwatch.Query.Filters;

/// <summary>Whether a span meets a filter, without a database. It says the same as <see cref="Sql.FilterSql"/> does over rows.</summary>
public static class FilterMatch
{
    /// <param name="isCall">False for spans whose call facts do not count: merged ones, and agents with recorded calls beneath them.</param>
    public static bool Matches(this Filter filter, Span span, string app, bool isCall) =>
        filter.Terms.All(term => Matches(term, span, app, isCall));

    private static bool Matches(FilterTerm term, Span span, string app, bool isCall) => term.Negated != term switch
    {
        FilterTerm.FreeText free => TextOf(span, isCall ? span.Call : null).Any(text => HasText(text, free.Text)),
        FilterTerm.Compare compare => Compare(compare, Facts(compare, span, app, isCall ? span.Call : null)),
        _ => false,
    };

    /// <summary>The one meaning of free text, for rows too.</summary>
    internal static bool HasText(string? text, string needle) => text is not null && text.Contains(needle, StringComparison.OrdinalIgnoreCase);

    internal static bool MatchesGlob(ReadOnlySpan<char> text, ReadOnlySpan<char> glob)
    {
        var star = glob.IndexOf('*');
        if (star < 0) return text.SequenceEqual(glob);
        if (!text.StartsWith(glob[..star], StringComparison.Ordinal)) return false;
        text = text[star..];
        glob = glob[(star + 1)..];
        while (true)
        {
            star = glob.IndexOf('*');
            if (star < 0) return text.EndsWith(glob, StringComparison.Ordinal);
            // The first place will do: whatever follows a star may be as long as it likes.
            var found = text.IndexOf(glob[..star], StringComparison.Ordinal);
            if (found < 0) return false;
            text = text[(found + star)..];
            glob = glob[(star + 1)..];
        }
    }

    private static bool Compare(FilterTerm.Compare compare, IEnumerable<object?> facts) =>
        facts.Any(fact => fact is not null && compare.Values.Any(value => Holds(compare.Op, fact, value)));

    private static bool Holds(Comparison op, object fact, FilterValue value) => (fact, value) switch
    {
        (_, FilterValue.Known) => true,
        (string text, FilterValue.Text wanted) => text == wanted.Value,
        (string text, FilterValue.Pattern pattern) => MatchesGlob(text, pattern.Glob),
        (double real, FilterValue.Number number) => Ordered(op, real.CompareTo((double)number.Value)),
        (decimal exact, FilterValue.Number number) => Ordered(op, exact.CompareTo(number.Value)),
        (decimal exact, FilterValue.Range range) => range.From <= exact && exact < range.To,
        _ => false,
    };

    private static bool Ordered(Comparison op, int order) => op switch
    {
        Comparison.Less => order < 0,
        Comparison.LessOrEqual => order <= 0,
        Comparison.Greater => order > 0,
        Comparison.GreaterOrEqual => order >= 0,
        _ => order == 0,
    };

    private static string?[] TextOf(Span span, LlmCall? call) =>
    [
        span.Name, span.DisplayName, call?.Operation, call?.Model, call?.RequestModel, span.UserId, span.SessionId, span.Error?.Type,
        span.InputPreview, span.OutputPreview, span.Error?.Message, .. span.Tags,
    ];

    private static IEnumerable<object?> Facts(FilterTerm.Compare compare, Span span, string app, LlmCall? call)
    {
        var field = compare.Field;
        if (field == FilterFields.Tag) return span.Tags;
        if (field == FilterFields.FinishReason) return call?.FinishReasons ?? [];
        if (field == FilterFields.Tool) return call?.ToolCalls.Select(tool => tool.Name) ?? [];
        return [field.OfCalls ? call is null ? null : CallFact(field, span, call) : SpanFact(field, compare.Key, span, app)];
    }

    private static object? SpanFact(FilterField field, string? key, Span span, string app) => field switch
    {
        _ when field == FilterFields.App => app,
        _ when field == FilterFields.Kind => span.Kind.Word(),
        _ when field == FilterFields.Outcome => span.Outcome.Word(),
        _ when field == FilterFields.ErrorType => span.Error?.Type,
        _ when field == FilterFields.ErrorGroup => span.Error?.Group,
        _ when field == FilterFields.ErrorMessage => span.Error?.Message,
        _ when field == FilterFields.HttpStatus => Exact(span.HttpStatus),
        _ when field == FilterFields.Latency => Exact(span.DurationNanoseconds),
        _ when field == FilterFields.User => span.UserId,
        _ when field == FilterFields.Session => span.SessionId,
        _ when field == FilterFields.Environment => span.Environment,
        _ when field == FilterFields.Release => span.Release,
        _ when field == FilterFields.Metadata => span.Metadata.GetValueOrDefault(key ?? ""),
        _ when field == FilterFields.Name => span.Name,
        _ when field == FilterFields.DisplayName => span.DisplayName,
        _ when field == FilterFields.Trace => span.TraceId.ToString(),
        _ when field == FilterFields.Span => span.SpanId.ToString(),
        _ when field == FilterFields.Parent => span.ParentSpanId.IsNone ? null : span.ParentSpanId.ToString(),
        _ when field == FilterFields.Start => Exact(span.Start.UnixNanoseconds),
        _ when field == FilterFields.End => Exact(span.End.UnixNanoseconds),
        _ when field == FilterFields.Content => span.Content.Word(),
        _ => null,
    };

    private static object? CallFact(FilterField field, Span span, LlmCall call) => field switch
    {
        _ when field == FilterFields.Model => call.Model,
        _ when field == FilterFields.RequestModel => call.RequestModel,
        _ when field == FilterFields.ResponseModel => call.ResponseModel,
        _ when field == FilterFields.Provider => call.Provider,
        _ when field == FilterFields.Operation => call.Operation,
        _ when field == FilterFields.Ttft => Exact(call.TtftNanoseconds),
        _ when field == FilterFields.Speed => call.OutputTokensPerSecond(span.DurationNanoseconds),
        _ when field == FilterFields.Cost => call.Cost.TotalUsd,
        _ when field == FilterFields.CostInput => call.Cost.InputUsd,
        _ when field == FilterFields.CostCacheRead => call.Cost.CacheReadUsd,
        _ when field == FilterFields.CostCacheWrite => call.Cost.CacheWriteUsd,
        _ when field == FilterFields.CostOutput => call.Cost.OutputUsd,
        _ when field == FilterFields.CostReasoning => call.Cost.ReasoningUsd,
        _ when field == FilterFields.CostOther => call.Cost.OtherUsd,
        _ when field == FilterFields.CostSource => call.Cost.Source,
        _ when field == FilterFields.TotalTokens => Exact(call.Usage.Total),
        _ when field == FilterFields.InputTokens => Exact(call.Usage.Input),
        _ when field == FilterFields.OutputTokens => Exact(call.Usage.Output),
        _ when field == FilterFields.CacheReadTokens => Exact(call.Usage.CacheRead),
        _ when field == FilterFields.CacheWriteTokens => Exact(call.Usage.CacheWrite),
        _ when field == FilterFields.ReasoningTokens => Exact(call.Usage.Reasoning),
        _ when field == FilterFields.AudioInputTokens => Exact(call.Usage.AudioInput),
        _ when field == FilterFields.AudioOutputTokens => Exact(call.Usage.AudioOutput),
        _ when field == FilterFields.Prompt => call.PromptName,
        _ when field == FilterFields.PromptVersion => call.PromptVersion,
        _ when field == FilterFields.Streaming => call.Streaming switch { true => "true", false => "false", null => null },
        _ when field == FilterFields.CallSource => call.Source.Word(),
        _ when field == FilterFields.Temperature => call.Temperature,
        _ when field == FilterFields.TopP => call.TopP,
        _ when field == FilterFields.MaxTokens => Exact(call.MaxTokens),
        _ when field == FilterFields.ResponseId => call.ResponseId,
        _ when field == FilterFields.Unpriced => CallFigures.IsUnpriced(span) ? "true" : "false",
        _ when field == FilterFields.Fingerprint => span.Error is { } error ? ErrorFingerprint.Text(ErrorFingerprint.Of(error).Value) : null,
        _ => null,
    };

    private static decimal? Exact(long? number) => number;
}
