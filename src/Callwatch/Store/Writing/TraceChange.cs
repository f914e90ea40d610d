using Callwatch.Spans;

namespace Callwatch.Store.Writing;

/// <summary>What a batch has changed about a trace as a whole, added up span by span.</summary>
internal sealed class TraceChange
{
    public int Spans { get; private set; }
    public int Calls { get; private set; }
    public int Errors { get; private set; }
    public long Tokens { get; private set; }
    public long CostPico { get; private set; }
    public Timestamp Start { get; private set; } = new(long.MaxValue);
    public Timestamp End { get; private set; }
    public Timestamp ReceivedAt { get; private set; }
    public long Number { get; private set; }

    public void Add(StoredSpan? before, SpanState now)
    {
        if (before is not null) Count(before, -1);
        var after = now.Stored!;
        Count(after, 1);
        if (after.Judged.Start < Start) Start = after.Judged.Start;
        if (after.Judged.End > End) End = after.Judged.End;
        if (now.ReceivedAt > ReceivedAt) ReceivedAt = now.ReceivedAt;
        Number = Math.Max(Number, after.Version.Number);
    }

    private void Count(StoredSpan span, int times)
    {
        Spans += times;
        if (span.Judged is { Outcome: Outcome.Error, MergedInto: null }) Errors += times;
        if (!span.IsCall) return;
        Calls += times;
        Tokens += times * (span.Judged.Call!.Usage.Total ?? 0);
        CostPico += times * (Money.ToPico(span.Judged.Call.Cost.TotalUsd) ?? 0);
    }
}
