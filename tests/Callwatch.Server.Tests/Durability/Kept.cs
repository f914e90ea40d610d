using System.Globalization;
using Callwatch.Client.Api;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Durability;

/// <summary>Whether a server that has been started again has what it acknowledged: each span exactly once, with what it said, and figures that agree.</summary>
internal static class Kept
{
    /// <summary>Everything that is not as it should be, in words; empty when all is well.</summary>
    /// <param name="bodies">Whether what the journal alone holds has to be there too.</param>
    /// <param name="looked">Of how many of the latest traces the spans are looked at too; null: of all.</param>
    public static async Task<IReadOnlyList<string>> MissedAsync(
        CallwatchApi api, IReadOnlyCollection<SentSpan> sent, DateTimeOffset from, CancellationToken cancel, int? looked = null, bool bodies = true, TimeSpan? within = null)
    {
        List<string> missed = [];
        if (await CaughtUpAsync(api, cancel, within) is { } behind) return [behind];
        var range = new ApiQuery { From = Text(from), To = Text(TimeProvider.System.GetUtcNow().AddMinutes(1)), Limit = 1000 };
        var calls = sent.Where(span => span.InputTokens is not null).ToList();
        missed.AddRange(Differences("calls", calls.Select(Name), await CallsAsync(api, range, cancel)));

        var total = Assert.Single(Value(await api.StatsAsync(range, cancel)).Groups).Total;
        var (count, tokens) = (calls.Count, calls.Sum(call => call.InputTokens!.Value));
        if ((total.Calls, total.InputTokens) != (count, tokens)) missed.Add($"figures: {total.Calls} calls with {total.InputTokens} tokens, not {count} with {tokens}");

        var traces = sent.GroupBy(span => span.TraceId, StringComparer.Ordinal).ToList();
        foreach (var trace in traces.Skip(looked is null ? 0 : Math.Max(0, traces.Count - looked.Value))) missed.AddRange(await MissedOfAsync(api, trace, bodies, cancel));
        return missed;
    }

    private static async Task<IReadOnlyList<string>> MissedOfAsync(CallwatchApi api, IGrouping<string, SentSpan> trace, bool bodies, CancellationToken cancel)
    {
        if (await api.TraceAsync(trace.Key, cancel: cancel) is not ApiAnswer<ApiTrace>.Found { Value: var answer }) return [$"trace {trace.Key} is not found"];
        var missed = Differences("spans", trace.Select(Name), answer.Spans.Select(span => $"{span.TraceId}/{span.SpanId}")).ToList();
        var (spans, calls) = (trace.Count(), trace.Count(span => span.InputTokens is not null));
        if ((answer.Trace.SpanCount, answer.Trace.CallCount) != (spans, calls)) missed.Add($"trace {trace.Key}: counts {answer.Trace.SpanCount} spans and {answer.Trace.CallCount} calls, not {spans} and {calls}");
        if (!bodies || trace.FirstOrDefault(span => span.InputTokens is not null) is not { } call) return missed;
        // The body comes from the journal, by the place that the row names.
        var said = await api.SpanAsync(call.TraceId, call.SpanId, cancel) is ApiAnswer<ApiSpanDetails>.Found { Value: var span } ? (string?)span.Attributes["gen_ai.input.messages"] : null;
        if (said != call.Messages) missed.Add($"span {Name(call)}: its messages are {(said is null ? "not there" : "others")}");
        return missed;
    }

    private static async Task<List<string>> CallsAsync(CallwatchApi api, ApiQuery range, CancellationToken cancel)
    {
        var found = new List<string>();
        var page = range;
        do
        {
            var answer = Value(await api.CallsAsync(page, cancel));
            found.AddRange(answer.Items.Select(call => $"{call.TraceId}/{call.SpanId}"));
            page = range with { Cursor = answer.Next };
        }
        while (page.Cursor is not null);
        return found;
    }

    /// <summary>Waits until the store has read all that was acknowledged; the answer is what is wrong with the journal.</summary>
    public static async Task<string?> CaughtUpAsync(CallwatchApi api, CancellationToken cancel, TimeSpan? within = null)
    {
        const string AllWell = "";
        var end = await Eventually.AnswersAsync(
            async () =>
            {
                var system = Value(await api.SystemAsync(cancel));
                if (system.Counters.Where(counter => counter.Key is "damaged_record" or "damaged_segment" or "record_unreadable").Select(counter => $"{counter.Value} times {counter.Key}").FirstOrDefault() is { } damage) return damage;
                var store = system.Readers.Single(reader => reader.Name == "store");
                if (store.State == "stopped") return "the store has stopped: " + store.Reason;
                return store.Position == system.Head ? AllWell : null;
            },
            () => "the store has read all there is",
            within);
        return end == AllWell ? null : end;
    }

    private static IEnumerable<string> Differences(string what, IEnumerable<string> expected, IEnumerable<string> found)
    {
        var (left, extra) = (expected.Order(StringComparer.Ordinal).ToList(), new List<string>());
        foreach (var name in found)
            if (!left.Remove(name)) extra.Add(name);
        if (left.Count > 0) yield return $"{what}: {left.Count} not there, as {left[0]}";
        if (extra.Count > 0) yield return $"{what}: {extra.Count} too many, as {extra[0]}";
    }

    private static T Value<T>(ApiAnswer<T> answer) => answer is ApiAnswer<T>.Refused refused
        ? throw new InvalidOperationException($"{refused.Problem.Status} {refused.Problem.Code}: {refused.Problem.Detail}")
        : Assert.IsType<ApiAnswer<T>.Found>(answer).Value;

    private static string Name(SentSpan span) => $"{span.TraceId}/{span.SpanId}";

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
