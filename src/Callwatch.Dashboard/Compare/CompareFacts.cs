using System.Globalization;
using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Show;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Compare;

/// <summary>The facts of two calls side by side, and by how much the second differs.</summary>
internal static class CompareFacts
{
    private static readonly CultureInfo Plain = CultureInfo.InvariantCulture;

    /// <param name="appOf">The name of an app by its number.</param>
    public static IReadOnlyList<CompareRow> Of(Span left, Span right, Words words, TimeZoneInfo? zone, Func<int, string> appOf)
    {
        var (one, other) = (left.Call, right.Call);
        return
        [
            Text(words["Ended"], Clock.Full(left.End, zone), Clock.Full(right.End, zone)),
            Text(words["App"], appOf(left.AppId), appOf(right.AppId)),
            Text(words["Environment"], left.Environment, right.Environment),
            Text(words["Release"], left.Release, right.Release),
            Text(words["Operation"], one?.Operation ?? left.DisplayName, other?.Operation ?? right.DisplayName),
            Text(words["Model"], one?.Model, other?.Model),
            Text(words["Provider"], one?.Provider, other?.Provider),
            Text(words["Prompt"], Prompt(one), Prompt(other)),
            Text(words["Status"], Status(left, words), Status(right, words)),
            Text(words["Finish"], Joined(one?.FinishReasonsRaw), Joined(other?.FinishReasonsRaw)),
            .. Parameters(one, other, words),
            Time(words["Latency"], left.DurationNanoseconds, right.DurationNanoseconds),
            Time(words["TTFT"], one?.TtftNanoseconds, other?.TtftNanoseconds),
            Number(words["Tokens/s"], Speed(left), Speed(right)),
            Number(words["Input tokens"], one?.Usage.Input, other?.Usage.Input),
            Number(words["of them cached"], one?.Usage.CacheRead, other?.Usage.CacheRead),
            Number(words["Output tokens"], one?.Usage.Output, other?.Usage.Output),
            Number(words["of them reasoning"], one?.Usage.Reasoning, other?.Usage.Reasoning),
            Money(words["Cost"], one?.Cost.TotalUsd, other?.Cost.TotalUsd),
            Money(words["of it input"], one?.Cost.InputUsd, other?.Cost.InputUsd),
            Money(words["of it cached input"], one?.Cost.CacheReadUsd, other?.Cost.CacheReadUsd),
            Money(words["of it output"], one?.Cost.OutputUsd, other?.Cost.OutputUsd),
        ];
    }

    // Of a setting that neither names there is nothing to see.
    private static IEnumerable<CompareRow> Parameters(LlmCall? one, LlmCall? other, Words words)
    {
        CompareRow[] all =
        [
            Text(words["Temperature"], Written(one?.Temperature), Written(other?.Temperature)),
            Text(words["Top p"], Written(one?.TopP), Written(other?.TopP)),
            Text(words["Most tokens"], Written(one?.MaxTokens), Written(other?.MaxTokens)),
            Text(words["Seed"], Written(one?.Seed), Written(other?.Seed)),
            Text(words["Reasoning effort"], one?.ReasoningEffort, other?.ReasoningEffort),
            Text(words["Answer format"], one?.ResponseFormat, other?.ResponseFormat),
            Text(words["Streamed"], one?.Streaming is { } streams ? words[streams ? "yes" : "no"] : null, other?.Streaming is { } alike ? words[alike ? "yes" : "no"] : null),
        ];
        return all.Where(row => row.Left != "–" || row.Right != "–");
    }

    private static CompareRow Text(string name, string? left, string? right) => new(name, Shown(left), Shown(right), null);

    private static CompareRow Time(string name, long? left, long? right) =>
        new(name, Figure.Nanoseconds(left).ToString(), Figure.Nanoseconds(right).ToString(), Change(left, right, by => Figure.Nanoseconds((long)Math.Abs(by)).ToString()));

    private static CompareRow Number(string name, long? left, long? right) =>
        new(name, left is { } one ? Figure.Count(one) : "–", right is { } other ? Figure.Count(other) : "–", Change(left, right, by => Figure.Count((long)Math.Abs(by))));

    private static CompareRow Money(string name, decimal? left, decimal? right) =>
        new(name, Figure.CallMoney(left).ToString(), Figure.CallMoney(right).ToString(), Change((double?)left, (double?)right, by => Figure.CallMoney((decimal)Math.Abs(by)).ToString()));

    private static string? Change(double? left, double? right, Func<double, string> shown)
    {
        if (left is not { } one || right is not { } other || one == other) return null;
        var sign = other > one ? "+" : "−";
        return sign + shown(other - one) + (one == 0 ? "" : $" ({sign}{Math.Abs((other - one) / one * 100).ToString(Math.Abs(other - one) / one < 0.1 ? "0.0" : "#,0", Plain)} %)");
    }

    private static long? Speed(Span span) => span.Call?.OutputTokensPerSecond(span.DurationNanoseconds) is { } speed ? (long)Math.Round(speed) : null;

    private static string Status(Span span, Words words) =>
        span.Outcome == Outcome.Error ? string.Join(' ', new[] { span.HttpStatus?.ToString(Plain), span.Error?.Type ?? words["error"] }.Where(part => part is not null))
        : words[span.Outcome == Outcome.Cancelled ? "cancelled" : "ok"];

    private static string? Prompt(LlmCall? call) => call?.PromptName is null ? null : (call.PromptName + " " + call.PromptVersion).Trim();

    private static string? Joined(IReadOnlyList<string>? parts) => parts is { Count: > 0 } ? string.Join(", ", parts) : null;

    private static string? Written(double? number) => number?.ToString("0.####", Plain);

    private static string Shown(string? text) => string.IsNullOrEmpty(text) ? "–" : Visible.Line(text, 160);
}
