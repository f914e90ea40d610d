using System.CommandLine;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch trace ID</c>: a trace as a tree.</summary>
internal static class TraceCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "Trace id: 32 hexadecimal digits. For any other id: callwatch lookup ID" };
        var command = new Command("trace", "Show a trace.") { id };
        ServerOptions.Act(command, (parsed, link, cancel) =>
            link.ShowAsync($"api/v1/traces/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}", ApiJson.Default.ApiTrace, Show, cancel));
        return command;
    }

    public static int Show(ApiTrace answer)
    {
        var trace = answer.Trace;
        Screen.Line(Plain.Cut(trace.Name, 100));
        Screen.Line($"{trace.TraceId}  {Plain.Text(trace.App)}  {Plain.DateAndTime(trace.Start)} UTC  {trace.Outcome}");
        Screen.Line($"{Plain.Milliseconds(trace.DurationMs)}  {Plain.Count(trace.CallCount, "call")}  {Plain.Count(trace.SpanCount, "span")}  {Plain.Count(trace.ErrorCount, "error")}  "
            + $"{Plain.Number(trace.Usage.InputTokens)} → {Plain.Number(trace.Usage.OutputTokens)} tokens  {Plain.Money(trace.CostUsd)}");
        if (trace.UserId is not null || trace.SessionId is not null) Screen.Line($"user {Plain.Cut(trace.UserId ?? "–", 60)}  session {Plain.Cut(trace.SessionId ?? "–", 60)}");
        Screen.Line("");
        var known = answer.Spans.Select(span => span.SpanId).ToHashSet(StringComparer.Ordinal);
        var below = answer.Spans.ToLookup(span => span.ParentSpanId is { } parent && known.Contains(parent) ? parent : "", StringComparer.Ordinal);
        var table = new Table("Span", "Kind", "Outcome", ">Latency", ">Tokens", ">Cost", "Model", "Span id") { Dispensable = ["Kind", "Model"] };
        var shown = new HashSet<string>(StringComparer.Ordinal);
        foreach (var root in below[""]) Add(table, root, below, shown, depth: 0);
        table.Print();
        if (TextLine(answer.Spans) is { } text) Screen.Line(text);
        if (answer.Truncated) Screen.Line("The trace has more spans; the dashboard and --json with the API show the rest.");
        return CommandLine.Fine;
    }

    /// <summary>What became of prompts and answers, where they cannot all be seen whole.</summary>
    private static string? TextLine(IReadOnlyList<ApiSpan> spans)
    {
        var states = spans.Where(span => span.CallSource is not null).GroupBy(span => span.Content, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        if (states.Keys.All(state => state == "present")) return null;
        var words = states.OrderByDescending(state => state.Value).Select(state => $"{state.Value} {Plain.Text(state.Key.Replace('_', ' '))}");
        return "Text of the calls: " + string.Join(", ", words);
    }

    // A damaged trace may name its spans as parents in a circle: each is shown once, and nothing deeper than a terminal can show.
    private static void Add(Table table, ApiSpan span, ILookup<string, ApiSpan> below, HashSet<string> shown, int depth)
    {
        if (!shown.Add(span.SpanId) || depth > 200) return;
        var usage = span.Usage is { InputTokens: null, OutputTokens: null } or null ? "" : $"{Plain.Number(span.Usage.InputTokens)} → {Plain.Number(span.Usage.OutputTokens)}";
        var tone = span.Outcome == "error" ? Tone.Failed : Tone.Plain;
        var outcome = span.Outcome == "error" ? Plain.Cut(span.Error?.Type ?? "error", 24) : span.MergedInto is null ? span.Outcome : "merged";
        table.Row(tone, new string(' ', Math.Min(depth, 30) * 2) + Plain.Cut(span.DisplayName, 60), span.Kind, outcome, Plain.Milliseconds(span.DurationMs), usage,
            span.Cost is null ? "" : Plain.Money(span.Cost.TotalUsd), Plain.Cut(span.Model, 32), span.SpanId);
        foreach (var child in below[span.SpanId]) Add(table, child, below, shown, depth + 1);
    }
}
