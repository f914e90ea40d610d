using System.Text;
using Callwatch.Journal;
using Callwatch.Query.Lists;
using Callwatch.Query.Running;
using Callwatch.Receive.Otlp;
using Callwatch.Receive.Records;
using Callwatch.Search;
using Callwatch.Spans;

namespace Callwatch.Query;

/// <summary>The span that a judgement belongs to.</summary>
/// <param name="App">Name of its app; null while that is not known.</param>
public sealed record FeedbackTarget(TraceId Trace, SpanId Span, string? App);

/// <param name="Target">Null when nothing of the trace has come.</param>
public sealed record FeedbackAbout(FeedbackTarget? Target);

/// <summary>Finds what a judgement is about.</summary>
public sealed class FeedbackTargets(QueryGate gate, Scopes scopes, IJournal journal, SearchProgress search)
{
    private const int MostUnstoredRecords = 2_000;
    private const long MostUnstoredBytes = 64 << 20;

    /// <summary>The message's span; where nothing of it has come yet, the one it will have.</summary>
    public async Task<FeedbackTarget> OfMessageAsync(ReadScope scope, string messageId, CancellationToken cancel)
    {
        var trace = RecordIds.TraceOf(scope.TenantId, messageId);
        var promised = new FeedbackTarget(trace, RecordIds.MessageSpan(trace, messageId), null);
        var found = await gate.RunAsync(scope, run => new FeedbackAbout(Stored(run, scope, promised) ?? KeyWords.Traces(run, scope, messageId)
            .Select(known => Stored(run, scope, new FeedbackTarget(known, RecordIds.MessageSpan(known, messageId), null))).FirstOrDefault(known => known is not null)
            ?? JustCome(run, scope, messageId)), cancel);
        return found?.Target ?? promised;
    }

    /// <summary>The trace's root, the earliest of its spans without a parent. Null when too much is asked at once: it may be asked again.</summary>
    public async Task<FeedbackAbout?> OfTraceAsync(ReadScope scope, string traceKey, CancellationToken cancel)
    {
        var trace = RecordIds.TraceOf(scope.TenantId, traceKey);
        return await gate.RunAsync(scope, run => new FeedbackAbout(Root(run, scope, trace) ?? Unstored(run, scope, trace)), cancel);
    }

    private FeedbackTarget? Stored(QueryRun run, ReadScope scope, FeedbackTarget wanted) =>
        VisibleTrace.Spans(run, scope, wanted.Trace).Find(row => row.Span.SpanId == wanted.Span) is { } row ? wanted with { App = scopes.Apps.NameOf(row.Span.AppId) } : null;

    private FeedbackTarget? Root(QueryRun run, ReadScope scope, TraceId trace)
    {
        var spans = VisibleTrace.Spans(run, scope, trace);
        var ids = spans.Select(row => row.Span.SpanId).ToHashSet();
        var root = spans.Find(row => row.Span.ParentSpanId.IsNone) ?? spans.Find(row => !ids.Contains(row.Span.ParentSpanId));
        return root is null ? null : new FeedbackTarget(trace, root.Span.SpanId, scopes.Apps.NameOf(root.Span.AppId));
    }

    // A record that joined another trace is found by its message's id only once it is indexed; the judgement may follow it at once.
    private FeedbackTarget? JustCome(QueryRun run, ReadScope scope, string messageId)
    {
        var id = Encoding.UTF8.GetBytes(messageId);
        long bytes = 0;
        var head = journal.Head.Number;
        for (var number = head; number > Math.Max(search.Status().Position?.Number ?? 0, head - MostUnstoredRecords) && bytes < MostUnstoredBytes; number--)
        {
            run.Check();
            if (journal.Find(number) is not { Signal: Signal.Traces } record || record.TenantId != scope.TenantId || (scope.OnlyAppId is { } only && record.AppId != only)) continue;
            bytes += record.Payload.Length;
            if (record.Payload.Span.IndexOf(id) < 0) continue;
            foreach (var span in OtlpSpan.In(record.Payload.Span))
                if (IsMessage(span, id)) return new FeedbackTarget(span.TraceId, span.SpanId, scopes.Apps.NameOf(record.AppId));
        }

        return null;
    }

    private static bool IsMessage(in OtlpSpan span, ReadOnlySpan<byte> messageId)
    {
        var (isMessage, isOurs) = (false, false);
        foreach (var attribute in span.Attributes)
        {
            isMessage |= attribute.Key.SequenceEqual("callwatch.kind"u8) && attribute.Value.Raw.SequenceEqual("message"u8);
            isOurs |= attribute.Key.SequenceEqual("callwatch.message_id"u8) && attribute.Value.Raw.SequenceEqual(messageId);
        }

        return isMessage && isOurs;
    }

    private FeedbackTarget? Unstored(QueryRun run, ReadScope scope, TraceId trace)
    {
        var (ids, spans) = (new HashSet<SpanId>(), new List<(SpanId Id, SpanId Parent, ulong Start, int AppId)>());
        var head = journal.Head.Number;
        long bytes = 0;
        for (var number = Math.Max(run.AsOf + 1, head - MostUnstoredRecords); number <= head && bytes < MostUnstoredBytes; number++)
        {
            run.Check();
            if (journal.Find(number) is not { Signal: Signal.Traces } record || record.TenantId != scope.TenantId || (scope.OnlyAppId is { } only && record.AppId != only)) continue;
            bytes += record.Payload.Length;
            foreach (var span in OtlpSpan.In(record.Payload.Span))
            {
                if (span.TraceId != trace || !ids.Add(span.SpanId)) continue;
                spans.Add((span.SpanId, span.ParentSpanId, span.StartUnixNanoseconds, record.AppId));
            }
        }

        if (spans.Count == 0) return null;
        var root = spans.Where(span => span.Parent.IsNone || !ids.Contains(span.Parent)).DefaultIfEmpty(spans[0]).OrderByDescending(span => span.Parent.IsNone).ThenBy(span => span.Start).First();
        return new FeedbackTarget(trace, root.Id, scopes.Apps.NameOf(root.AppId));
    }
}
