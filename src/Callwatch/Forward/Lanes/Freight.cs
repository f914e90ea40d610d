using Callwatch.Journal;
using Callwatch.Settle;

namespace Callwatch.Forward.Lanes;

/// <summary>What a lane carries of one settled number: the spans chosen for the destination, or a record of logs or metrics as it came.</summary>
internal sealed record Freight(SettledRevision Revision, TraceToSend? Trace, JournalRecord? Record)
{
    public long Bytes { get; } = Record?.Payload.Length ?? (Trace!.Spans.Sum(span => (long)span.Body.Length + 1_000) + Trace.Scored.Sum(one => (long)one.Span.Body.Length + 1_000));
}
