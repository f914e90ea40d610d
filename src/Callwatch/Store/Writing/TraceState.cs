using Callwatch.Normalize;
using Callwatch.Spans;
using Callwatch.Store.Rows;

namespace Callwatch.Store.Writing;

internal readonly record struct TraceKey(int TenantId, TraceId TraceId);

/// <summary>One span of a trace as the writer knows it: its latest copy, and what of it stands in a partition.</summary>
internal sealed class SpanState
{
    /// <summary>As it came, in stored form.</summary>
    public required Span Raw
    {
        get;
        set
        {
            field = value;
            forJudge = null;
            IsChanged = true;
        }
    }

    /// <summary>True while its row, if any, is of another copy.</summary>
    public bool IsChanged { get; private set; }

    public required SpanVersion Version { get; set; }

    public required int Length { get; set; }

    public required Timestamp ReceivedAt { get; set; }

    /// <summary>How many log records it was normalised with; those of a stored row are taken to be all that were known then.</summary>
    public int LogsSeen { get; set; }

    /// <summary>Null until it has a row.</summary>
    public StoredSpan? Stored
    {
        get;
        set
        {
            field = value;
            IsChanged = false;
        }
    }

    /// <summary>What the judge is told of it; made once.</summary>
    public JudgedSpan ForJudge => forJudge ??= JudgedSpan.Of(Raw);

    private JudgedSpan? forJudge;
}

/// <summary>A span's row, and what it has added to figures.</summary>
/// <param name="Day">Of its partition.</param>
/// <param name="Judged">As it stands in the row.</param>
/// <param name="Overflow">See <c>calls.overflow</c>.</param>
internal sealed record StoredSpan(string File, DateOnly Day, long RowId, Span Judged, SpanVersion Version, bool IsCall, long Overflow);

/// <summary>A trace as the writer knows it: all its spans, or of one that is too long those that a batch touches.</summary>
internal sealed class TraceState(TraceKey key)
{
    /// <summary>
    /// Most spans of a trace that are judged together. Some senders put everything into one trace: without a bound each batch would
    /// cost as much as all that came before. Past it spans are judged with those of their batch alone, and counted.
    /// </summary>
    public const int MostJudged = 100_000;

    public TraceKey Key { get; } = key;

    public Dictionary<SpanId, SpanState> Spans { get; } = [];

    /// <summary>Log records of its spans, also of spans that have not come yet.</summary>
    public Dictionary<SpanId, SortedSet<LogPlace>>? Logs { get; private set; }

    /// <summary>Rows of spans that a stop between two files has left behind: the copy in <see cref="Spans"/> is later.</summary>
    public List<StoredSpan>? LeftBehind { get; set; }

    /// <summary>Files with a row of the trace as a whole; after a batch, one.</summary>
    public List<string> SummaryFiles { get; } = new(1);

    public TraceRow? Summary { get; set; }

    public bool IsTooLong { get; private set; }

    /// <summary>True while no span has anything that could be judged or inherited.</summary>
    public bool IsPlain { get; private set; } = true;

    private string? environment;

    public void Put(SpanState span)
    {
        Spans[span.Raw.SpanId] = span;
        Saw(span.Raw);
    }

    public void Put(SpanId span, LogPlace log)
    {
        Logs ??= [];
        if (!Logs.TryGetValue(span, out var logs)) Logs[span] = logs = [];
        logs.Add(log);
    }

    /// <summary>After a batch, or as loaded: lets the spans of a trace go that is too long.</summary>
    public void Shorten()
    {
        if (!IsTooLong && Spans.Count <= MostJudged && !(Spans.Count == 0 && Summary?.SpanCount > MostJudged)) return;
        IsTooLong = true;
        Spans.Clear();
        Logs = null;
    }

    public void Saw(Span raw)
    {
        environment ??= raw.Environment;
        IsPlain = IsPlain && raw is { Call: null, UserId: null, SessionId: null, Tags.Count: 0, ModelRequest: null } && raw.Environment == environment;
    }
}
