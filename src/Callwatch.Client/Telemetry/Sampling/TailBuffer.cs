using System.Diagnostics;

namespace Callwatch.Client.Telemetry.Sampling;

/// <summary>How traces are kept that the head did not take, and how much may wait for that.</summary>
internal sealed record TailRules(double CallRate, double ErrorRate, int MaxSpans, long MaxBytes, TimeSpan MaxAge);

/// <summary>
/// Holds back the spans of traces that the head did not take, until their local root ends. A model call or a failed span in between keeps the trace:
/// what waited is passed on at once, what comes later too, and services called from then on are told that it is kept. Bounded in spans, bytes and time:
/// beyond, those that have waited longest go, and are counted.
/// </summary>
internal sealed class TailBuffer(TailRules rules, TimeProvider time, TelemetryTally tally, Action<Activity> keep)
{
    private readonly Lock gate = new();
    private readonly LocalTraces traces = new();
    private readonly LinkedList<LocalTrace> line = new();
    private int spans;
    private long bytes;

    public void Started(Activity span)
    {
        if (span.Recorded) return;
        var trace = traces.Begin(span);
        // By its source alone: a call's own requests shall already carry the new decision.
        if (span.Source.Name == CallwatchSource.Name && Share.Holds(rules.CallRate, span.TraceId)) Keep(trace, span);
    }

    public void Ended(Activity span)
    {
        if (span.Recorded)
        {
            keep(span);
            return;
        }

        var trace = traces.Of(span) ?? new LocalTrace(span);
        if (IsKept(span))
        {
            Keep(trace, span);
            keep(span);
            return;
        }

        lock (gate)
        {
            switch (trace.Verdict)
            {
                case Verdict.Keep:
                    break;
                case Verdict.Open when !ReferenceEquals(trace.Root, span):
                    Add(trace, span);
                    return;
                default:
                    trace.Verdict = Verdict.Leave;
                    tally.Add(Fate.NotSampled, Take(trace).Count + 1);
                    return;
            }
        }

        span.ActivityTraceFlags |= ActivityTraceFlags.Recorded;
        keep(span);
    }

    /// <summary>Lets go of what has waited too long.</summary>
    public void Expire()
    {
        lock (gate)
        {
            while (line.First is { } oldest && time.GetElapsedTime(oldest.Value.Since) > rules.MaxAge) tally.Add(Fate.BufferAge, Take(oldest.Value).Count);
        }
    }

    /// <summary>The end: what still waits had neither call nor error.</summary>
    public void Close()
    {
        lock (gate)
        {
            while (line.First is { } oldest) tally.Add(Fate.NotSampled, Take(oldest.Value).Count);
        }
    }

    private void Keep(LocalTrace trace, Activity by)
    {
        IReadOnlyList<Activity> waited;
        lock (gate)
        {
            trace.Verdict = Verdict.Keep;
            waited = Take(trace);
        }

        // Those above it, still open, are what later spans and other services take their decision from.
        for (var span = by; span is not null; span = ReferenceEquals(span, trace.Root) ? null : span.Parent) span.ActivityTraceFlags |= ActivityTraceFlags.Recorded;
        foreach (var span in waited)
        {
            span.ActivityTraceFlags |= ActivityTraceFlags.Recorded;
            keep(span);
        }
    }

    private void Add(LocalTrace trace, Activity span)
    {
        if (trace.Place is null)
        {
            trace.Since = time.GetTimestamp();
            trace.Place = line.AddLast(trace);
        }

        trace.Waiting.Add(span);
        var size = SizeOf(span);
        trace.Bytes += size;
        bytes += size;
        spans++;
        while ((spans > rules.MaxSpans || bytes > rules.MaxBytes) && line.First is { } oldest) tally.Add(Fate.BufferFull, Take(oldest.Value).Count);
        while (line.First is { } old && time.GetElapsedTime(old.Value.Since) > rules.MaxAge) tally.Add(Fate.BufferAge, Take(old.Value).Count);
    }

    private List<Activity> Take(LocalTrace trace)
    {
        if (trace.Place is null) return [];
        line.Remove(trace.Place);
        trace.Place = null;
        List<Activity> taken = [.. trace.Waiting];
        trace.Waiting.Clear();
        spans -= taken.Count;
        bytes -= trace.Bytes;
        trace.Bytes = 0;
        return taken;
    }

    private bool IsKept(Activity span) =>
        (HasFailed(span) && Share.Holds(rules.ErrorRate, span.TraceId)) || (IsModelCall(span) && Share.Holds(rules.CallRate, span.TraceId));

    private static bool HasFailed(Activity span) => span.Status == ActivityStatusCode.Error || span.GetTagItem("otel.status_code") is "ERROR";

    /// <summary>Ours, or of any library that writes the GenAI conventions or OpenInference.</summary>
    internal static bool IsModelCall(Activity span)
    {
        if (span.Source.Name == CallwatchSource.Name) return true;
        foreach (ref readonly var tag in span.EnumerateTagObjects())
            if (tag.Key.StartsWith("gen_ai.", StringComparison.Ordinal) || tag.Key is "llm.model_name" or "llm.request.type") return true;
        return false;
    }

    // Objects around the texts; texts are what grows.
    private static long SizeOf(Activity span)
    {
        long size = 800 + (2 * span.DisplayName.Length);
        foreach (ref readonly var tag in span.EnumerateTagObjects()) size += SizeOf(tag.Value);
        foreach (ref readonly var happening in span.EnumerateEvents())
        {
            size += 160;
            foreach (ref readonly var tag in happening.EnumerateTagObjects()) size += SizeOf(tag.Value);
        }

        return size;
    }

    private static long SizeOf(object? value) => value switch
    {
        string text => 72 + (2L * text.Length),
        Array array => 96 + (24L * array.Length),
        _ => 72,
    };
}
