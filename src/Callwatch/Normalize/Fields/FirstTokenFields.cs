using Callwatch.Normalize.Reading;
using Callwatch.Spans;
using static Callwatch.Normalize.Reading.FieldRule;

namespace Callwatch.Normalize.Fields;

/// <summary>Time to first token (genai-attributes, section 6), in nanoseconds since the start of the span.</summary>
internal static class FirstTokenFields
{
    private const long Slack = 1_000_000;

    private static readonly FieldRules Seconds = [Attr("gen_ai.response.time_to_first_chunk"), Attr("gen_ai.client.operation.time_to_first_chunk")];
    private static readonly FieldRules Milliseconds = [Attr("ai.response.msToFirstChunk"), Attr("ai.stream.msToFirstChunk")];
    private static readonly FieldRules Moment = [Attr("langfuse.observation.completion_start_time")];

    // OpenLIT starts its clock when the response headers have arrived: lower trust.
    private static readonly FieldRules WeakSeconds = [Attr("gen_ai.server.time_to_first_token"), Attr("gen_ai.response.time_to_first_token")];
    private static readonly FieldRules Nanoseconds = [Attr("gen_ai.user.time_to_first_token")];
    private static readonly FieldRules Any = [.. Seconds, .. Milliseconds, .. Moment, .. WeakSeconds, .. Nanoseconds];

    private static readonly WordTable<bool> FirstEvents = new(
        ("ai.stream.firstChunk", true), ("First Token Stream Event", true), ("gen_ai.content.completion.chunk", true), ("llm.content.completion.chunk", true),
        ("new_token", true), ("mlflow.chunk.item.0", true));

    /// <summary>Null when none is given, or none that can be: negative, or later than the end.</summary>
    public static (long? Nanoseconds, bool IsWeak) Of(SpanFacts facts, Timestamp start, long? duration)
    {
        if (facts.Mentions(Any))
        {
            if (Plausible(Scaled(facts.Number(Seconds), 1e9), duration) is { } seconds) return (seconds, false);
            if (Plausible(Scaled(facts.Number(Milliseconds), 1e6), duration) is { } milliseconds) return (milliseconds, false);
            if (Plausible(MomentOf(facts) - start.UnixNanoseconds, duration) is { } moment) return (moment, false);
            if (Plausible(Scaled(facts.Number(WeakSeconds), 1e9), duration) is { } weak) return (weak, true);
            if (Plausible(Scaled(facts.Number(Nanoseconds), 1), duration) is { } nanoseconds) return (nanoseconds, false);
        }

        return (Plausible(FirstEvent(facts) - start.UnixNanoseconds, duration), false);
    }

    private static long? MomentOf(SpanFacts facts)
    {
        foreach (var value in facts.All(Moment))
            if (value.Text(facts.Space.Words)?.Trim('"') is { } text && Timestamp.TryParse(text, out var moment)) return moment.UnixNanoseconds;
        return null;
    }

    private static long? FirstEvent(SpanFacts facts)
    {
        for (var i = 0; i < facts.EventCount; i++)
        {
            var happening = facts.EventAt(i);
            if (!happening.IsLog && FirstEvents.TryGet(happening.Name, out _) && happening.Time is > 0 and < long.MaxValue) return (long)happening.Time;
        }

        return null;
    }

    private static long? Scaled(double? value, double factor) => value is { } number && Math.Abs(number * factor) < 9e18 ? (long)Math.Round(number * factor) : null;

    private static long? Plausible(long? ttft, long? duration) => ttft >= 0 && (duration is null || ttft <= duration + Slack) ? ttft : null;
}
