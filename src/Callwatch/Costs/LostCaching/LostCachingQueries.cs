using Callwatch.Normalize.Pricing;
using Callwatch.Query;
using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Spans;

namespace Callwatch.Costs.LostCaching;

/// <summary>
/// Finds sessions in which the provider's prompt cache stopped helping, names the first message that differs, and says what it costs.
/// Counts come from rows; a few prompts are read from the journal to compare them.
/// </summary>
public sealed class LostCachingQueries(QueryGate gate, Scopes scopes, TraceQueries traces, PriceBooks prices, TimeProvider time)
{
    private const int MostStreams = 20;

    // Prompts are long: so many streams have theirs compared, so many pairs each, and no longer than that.
    private const int MostCompared = 4;
    private const int MostExamples = 3;
    private static readonly TimeSpan LongestComparing = TimeSpan.FromSeconds(3);

    /// <summary>What was usual before the range is looked at for as long as the range is, within these bounds.</summary>
    private static readonly TimeSpan LeastBefore = TimeSpan.FromHours(6);
    private static readonly TimeSpan MostBefore = TimeSpan.FromDays(7);

    public async Task<Answer<LostCachingAnswer>> FindAsync(Selection selection, CancellationToken cancel)
    {
        var (asked, invalid) = scopes.Read<LostCachingAnswer>(selection);
        if (asked is null) return invalid!;
        var filters = scopes.Sql(selection.Scope, FieldColumns.OfCalls);
        var answer = await gate.AnswerAsync(selection.Scope, run => new Answer<Found>.Found(Read(run, asked, filters)), cancel);
        return answer switch
        {
            Answer<Found>.Found { Value: var found } => new Answer<LostCachingAnswer>.Found(await NameAsync(selection, found, cancel)),
            Answer<Found>.Invalid wrong => new Answer<LostCachingAnswer>.Invalid(wrong.Field, wrong.Message, wrong.Offset),
            Answer<Found>.TooMuch tooMuch => new Answer<LostCachingAnswer>.TooMuch(tooMuch.Message) { RetryAfter = tooMuch.RetryAfter, MetDamage = tooMuch.MetDamage, CannotRead = tooMuch.CannotRead },
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private sealed record Found(IReadOnlyList<StreamTurns> Streams, Timestamp From, IReadOnlyDictionary<(string File, long Id), (TraceId Trace, SpanId Span)> Ids);

    private static Found Read(QueryRun run, Asked asked, FilterSql filters)
    {
        var (from, to) = (asked.Selection.From, asked.Selection.To);
        var length = TimeSpan.FromTicks((to.UnixNanoseconds - from.UnixNanoseconds) / 100);
        var before = length < LeastBefore ? LeastBefore : length > MostBefore ? MostBefore : length;
        var read = new TurnReader(run, asked, filters).Read(from.Plus(-before), to);
        var streams = TurnPairs.Find(read.Turns, from);
        var examples = streams.SelectMany(Examples).SelectMany(pair => new[] { pair.Before.Row, pair.After.Row });
        return new Found(streams, read.From > from ? read.From : from, TurnReader.Ids(run, examples));
    }

    private async Task<LostCachingAnswer> NameAsync(Selection selection, Found found, CancellationToken cancel)
    {
        var days = Math.Max(1.0 / 24 / 60, (selection.To.UnixNanoseconds - found.From.UnixNanoseconds) / 86_400e9);
        var streams = found.Streams.Where(stream => stream.Lost.Count > 0).Select(stream => (Turns: stream, Usd: CostOf(stream)))
            .OrderByDescending(stream => stream.Usd ?? 0).ThenByDescending(stream => stream.Turns.Lost.Sum(pair => pair.LostTokens)).Take(MostStreams).ToList();
        var started = time.GetTimestamp();
        var named = new List<LostStream>();
        foreach (var (turns, usd) in streams)
        {
            var compare = named.Count < MostCompared && time.GetElapsedTime(started) < LongestComparing;
            var examples = compare ? await CompareAsync(selection.Scope, turns, found.Ids, started, cancel) : [];
            var cause = examples.GroupBy(example => Kind(example.Cause)).OrderByDescending(group => group.Count()).FirstOrDefault();
            named.Add(new LostStream
            {
                App = scopes.Apps.NameOf(turns.Stream.AppId),
                Operation = turns.Stream.Operation,
                Provider = turns.Stream.Provider,
                Model = turns.Stream.Model,
                Turns = turns.Pairs,
                TurnsLost = turns.Lost.Count,
                LostTokens = turns.Lost.Sum(pair => pair.LostTokens),
                LostUsd = usd,
                UsdPerDay = usd is { } cost ? Math.Round(cost / (decimal)days, 6, MidpointRounding.AwayFromZero) : null,
                UsualShare = turns.Usual,
                FirstLost = turns.Lost[0].After.End,
                LastGood = turns.LastGood,
                Examples = examples,
                Cause = cause?.First().Cause,
                CauseCount = cause?.Count() ?? 0,
            });
        }

        return new LostCachingAnswer
        {
            Streams = named,
            MoreStreams = found.Streams.Count(stream => stream.Lost.Count > 0) - named.Count,
            Turns = found.Streams.Sum(stream => stream.Pairs),
            TurnsLost = found.Streams.Sum(stream => (long)stream.Lost.Count),
            LookedFrom = found.From,
        };
    }

    // What has the same place and kind is the same cause, whatever stood there.
    private static (string Word, int Place, string Detail) Kind(CacheBreak cause) => cause switch
    {
        CacheBreak.Message message => (message.Word, message.Place, message.Part),
        CacheBreak.Dropped dropped => (dropped.Word, dropped.Place, ""),
        CacheBreak.Tools tools => (tools.Word, 0, tools.Name ?? ""),
        _ => (cause.Word, 0, ""),
    };

    // The newest, the oldest, and one between: the cause may have changed.
    private static IEnumerable<LostPair> Examples(StreamTurns turns) =>
        turns.Lost.Count <= MostExamples ? turns.Lost.Reverse() : [turns.Lost[^1], turns.Lost[turns.Lost.Count / 2], turns.Lost[0]];

    private async Task<IReadOnlyList<LostTurn>> CompareAsync(
        ReadScope scope, StreamTurns turns, IReadOnlyDictionary<(string File, long Id), (TraceId Trace, SpanId Span)> ids, long started, CancellationToken cancel)
    {
        var examples = new List<LostTurn>();
        foreach (var pair in Examples(turns))
        {
            if (time.GetElapsedTime(started) >= LongestComparing || !ids.TryGetValue(pair.Before.Row, out var before) || !ids.TryGetValue(pair.After.Row, out var after)) continue;
            examples.Add(new LostTurn
            {
                Session = pair.After.Session,
                BeforeTrace = before.Trace,
                BeforeSpan = before.Span,
                Trace = after.Trace,
                Span = after.Span,
                At = pair.After.End,
                Gap = pair.Gap,
                PromptBefore = pair.Before.Input,
                Prompt = pair.After.Input,
                CachedBefore = pair.Before.CacheRead,
                Cached = pair.After.CacheRead,
                LostTokens = pair.LostTokens,
                Cause = await CauseAsync(scope, before, after, pair.Gap, cancel),
            });
        }

        return examples;
    }

    private async Task<CacheBreak> CauseAsync(ReadScope scope, (TraceId Trace, SpanId Span) before, (TraceId Trace, SpanId Span) after, TimeSpan gap, CancellationToken cancel)
    {
        try
        {
            var one = await traces.FindSpanAsync(scope, before.Trace, before.Span, cancel);
            var other = await traces.FindSpanAsync(scope, after.Trace, after.Span, cancel);
            return one is null || other is null
                ? new CacheBreak.Unknown(one?.Content.State ?? ContentState.Expired, other?.Content.State ?? ContentState.Expired)
                : FirstDifference.Between(one.Content, other.Content, gap);
        }
        catch (TimeoutException)
        {
            return new CacheBreak.Unknown(ContentState.Present, ContentState.Present);
        }
    }

    /// <summary>What the lost tokens cost above the price of reading them from the cache; null without a price for that.</summary>
    private decimal? CostOf(StreamTurns turns)
    {
        decimal sum = 0;
        foreach (var pair in turns.Lost)
        {
            if (turns.Stream.Model is not { } model || prices.Quote(turns.Stream.Provider, model, pair.After.Start) is not { HasCachePrice: true, Input: { } input, CacheRead: { } read } quote) return null;
            // Where the provider charges for writing, what was not read was written once more.
            var paid = pair.After.CacheWrite * 2 >= pair.LostTokens ? quote.CacheWrite ?? input : input;
            sum += Math.Max(0, paid - read) * pair.LostTokens / 1_000_000;
        }

        return sum;
    }
}
