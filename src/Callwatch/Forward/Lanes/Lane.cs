using Callwatch.Settle;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging;

namespace Callwatch.Forward.Lanes;

/// <summary>What lanes share.</summary>
internal sealed record LaneServices(
    ISettledLog Settled, TraceReader Traces, Anchors Anchors, LaneTable Table, DeadLetters Letters, ForwardOptions Options, Counters Counters, Random Chance, TimeProvider Time);

/// <summary>
/// Sixth stage: carries what has settled to one destination, in order, at least once, with the same ids on every attempt. The cursor moves
/// after the answer, never before: a crash in between repeats what was sent, which is why ids come from the anchors.
/// </summary>
internal sealed partial class Lane : ISendingWatch
{
    // Of one batch; what is read ahead is held in memory, and no more than this.
    private const long MostBytes = 16L << 20;
    private const int MostTraces = 256;
    private const int SkippedBeforeSaved = 10_000;

    private readonly Destination destination;
    private readonly IDestination platform;
    private readonly LaneServices services;
    private readonly ILogger log;
    private readonly Sending sending;
    private readonly Lock gate = new();
    private readonly List<TraceToSend> batch = [];
    private TaskCompletionSource atOnce = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LaneRow row;
    private long seen;
    private long batchBytes;
    private Timestamp? waitingSince;
    private LaneState state = LaneState.Idle;
    private LaneError? lastError;
    private LaneCounts unsaved = LaneCounts.None;

    public Lane(Destination destination, IDestination platform, LaneRow row, LaneServices services, ILogger log)
    {
        (this.destination, this.platform, this.row, this.services, this.log) = (destination, platform, row, services, log);
        seen = row.Cursor;
        sending = new Sending(destination, platform, services.Letters, this, services.Options, services.Chance, services.Time);
    }

    public LaneKey Key => row.Key;

    public LaneStatus Status()
    {
        lock (gate)
        {
            var head = row.Until ?? services.Settled.Head;
            var age = waitingSince is { } since ? Math.Max(0, (services.Time.GetUtcNow() - since.ToDateTimeOffset()).TotalSeconds) : 0;
            return new LaneStatus(
                state, row.Cursor, Math.Max(0, head - seen) + batch.Count, age, row.Sent + unsaved.Sent, row.Refused + unsaved.Refused,
                row.Retried + unsaved.Retried, row.Expired + unsaved.Expired, row.LastDelivery, lastError);
        }
    }

    /// <summary>Ends a wait for the next attempt.</summary>
    public void TryAtOnce()
    {
        TaskCompletionSource wake;
        lock (gate) (wake, atOnce) = (atOnce, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        wake.TrySetResult();
    }

    /// <summary>Runs until cancelled; a replay until it has come to its end.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        // After a fault of ours it begins again where its cursor stands.
        lock (gate)
        {
            batch.Clear();
            (seen, waitingSince) = (row.Cursor, null);
        }

        batchBytes = 0;
        await foreach (var page in services.Settled.PagesAsync(destination.TenantId, row.Cursor, cancel))
        {
            foreach (var revision in page.Revisions)
            {
                if (IsPastEnd(revision.Seq)) break;
                Take(revision);
                if (batchBytes >= MostBytes || batch.Count >= MostTraces) await DeliverAsync(revision.Seq, cancel);
            }

            var through = row.Until is { } until && until < page.Through ? until : page.Through;
            await DeliverAsync(through, cancel);
            if (IsPastEnd(through + 1)) break;
        }

        if (row.Key.Replay != 0) services.Table.End(row.Key);
    }

    /// <summary>Sends dead letters again that a person has marked; until none is left.</summary>
    public async Task RetryLettersAsync(CancellationToken cancel)
    {
        while (services.Letters.ToRetry(destination.Id, 100) is { Count: > 0 } letters)
        {
            foreach (var letter in letters)
            {
                cancel.ThrowIfCancellationRequested();
                await RetryAsync(letter, cancel);
            }
        }
    }

    void ISendingWatch.Succeeded()
    {
        lock (gate) state = LaneState.Running;
    }

    void ISendingWatch.Waits(PlatformWords words, bool isBlocked, TimeSpan wait)
    {
        var error = new LaneError(Timestamp.From(services.Time.GetUtcNow()), words.Status, words.Message, Advice.On(words, isBlocked));
        bool isNew;
        lock (gate)
        {
            isNew = state is not (LaneState.Retrying or LaneState.Blocked);
            (state, lastError) = (isBlocked ? LaneState.Blocked : LaneState.Retrying, error);
        }

        // Once for each trouble, not for each attempt. The platform's words are for System, not for the log: they may quote what was sent.
        if (isNew) InTrouble(destination.Name, words.Status, wait.TotalSeconds);
    }

    Task ISendingWatch.AtOnceAsync(CancellationToken cancel)
    {
        lock (gate) return atOnce.Task.WaitAsync(cancel);
    }

    private bool IsPastEnd(long seq) => row.Until is { } until && seq > until;

    private void Take(SettledRevision revision)
    {
        lock (gate) seen = revision.Seq;
        if (row.From is { } from && (revision.LastReceivedAt < from || revision.FirstReceivedAt >= row.To!.Value)) return;
        var (trace, gone) = services.Traces.Read(revision);
        if (gone > 0)
        {
            services.Counters.Add(Reason.ExpiredBeforeDelivery, gone, destination.TenantId);
            lock (gate) unsaved += LaneCounts.None with { Expired = gone };
        }

        if ((trace.Spans.Count == 0 && trace.Scored.Count == 0) || Selecting.Of(destination, trace, services.Anchors.Find(destination.Id, revision.TraceId) is not null) is not { } wanted) return;
        lock (gate)
        {
            batch.Add(wanted);
            waitingSince ??= revision.LastReceivedAt;
        }

        batchBytes += wanted.Spans.Sum(span => (long)span.Body.Length + 1_000);
    }

    private async Task DeliverAsync(long through, CancellationToken cancel)
    {
        var delivered = batch.Count > 0;
        if (delivered)
        {
            lock (gate) state = state == LaneState.Idle ? LaneState.Running : state;
            await SendAsync(batch, cancel);
        }

        LaneCounts counts;
        lock (gate)
        {
            unsaved += sending.TakeCounts();
            counts = unsaved;
        }

        // A tenant that is quiet does not make every other tenant's trace a write of its own.
        if (delivered || counts != LaneCounts.None || through - row.Cursor > SkippedBeforeSaved || row.Key.Replay != 0) Advance(through, counts, delivered);
        lock (gate)
        {
            seen = through;
            batch.Clear();
            waitingSince = null;
            if (delivered) state = LaneState.Idle;
        }

        batchBytes = 0;
    }

    private void Advance(long through, LaneCounts counts, bool delivered)
    {
        if (through == row.Cursor && counts == LaneCounts.None) return;
        if (!services.Table.TryAdvance(row.Key, row.Cursor, through, counts, delivered))
            throw new InvalidOperationException("Another worker has moved this lane's cursor.");
        services.Counters.Add(Reason.RefusedByPlatform, counts.Refused, destination.TenantId);
        services.Counters.Add(Reason.ExpiredBeforeDelivery, counts.Expired, destination.TenantId);
        lock (gate)
        {
            row = services.Table.Find(row.Key)!;
            unsaved = LaneCounts.None;
        }
    }

    private async Task SendAsync(List<TraceToSend> traces, CancellationToken cancel)
    {
        var anchors = services.Anchors.Freeze(destination.Id, traces);
        await sending.SendAsync([.. traces.SelectMany(trace => Map(trace, anchors[trace.Revision.TraceId]))], cancel);
        if (sending.WantedForms.IsEmpty) return;

        // Once: a platform that asks for a form again has refused it.
        var forms = sending.WantedForms.ToDictionary(pair => pair.Key, pair => pair.Value);
        sending.WantedForms.Clear();
        var now = Timestamp.From(services.Time.GetUtcNow());
        var formed = forms.ToDictionary(
            pair => pair.Key,
            pair => traces.Where(trace => trace.Revision.TraceId == pair.Key).Aggregate(anchors[pair.Key], (anchor, trace) => platform.Reform(anchor, trace, pair.Value, now)));
        services.Anchors.Replace(destination.Id, [.. formed.Values]);
        List<Outgoing> again = [.. traces.Where(trace => formed.ContainsKey(trace.Revision.TraceId)).SelectMany(trace => Map(trace, formed[trace.Revision.TraceId]))];
        await sending.SendAsync(again, cancel);
        var words = new PlatformWords(null, "The platform refused both forms of it.");
        foreach (var item in again.Where(item => sending.WantedForms.ContainsKey(item.Item.TraceId)))
        {
            services.Letters.Add(destination.Id, item.Seq, item.Item, words, item.Attempts);
            lock (gate) unsaved += LaneCounts.None with { Refused = 1 };
        }

        sending.WantedForms.Clear();
    }

    private List<Outgoing> Map(TraceToSend trace, Anchor anchor)
    {
        try
        {
            return [.. platform.Map(trace, anchor).Select(item => new Outgoing(item, trace.Revision.Seq, trace.Revision.FirstReceivedAt))];
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A fault of ours over one trace must not stop all others. Its message is not logged: it may quote what was sent.
            CannotMap(destination.Name, trace.Revision.Seq, e.GetType().Name, e.StackTrace);
            var item = new OutboundItem { Route = "unmapped", TraceId = trace.Revision.TraceId, SpanIds = [.. trace.Spans.Select(span => span.Span.SpanId)], Payload = default };
            services.Letters.Add(destination.Id, trace.Revision.Seq, item, new PlatformWords(null, "It could not be put into the platform's format: " + e.GetType().Name), 1);
            lock (gate) unsaved += LaneCounts.None with { Refused = trace.Spans.Count };
            return [];
        }
    }

    private async Task RetryAsync(DeadLetter letter, CancellationToken cancel)
    {
        if (services.Settled.Find(letter.Seq) is not { } revision || services.Traces.Read(revision).Trace is not { } trace
            || Selecting.Of(destination, trace, isAnchored: true) is not { } wanted)
        {
            services.Letters.Add(destination.Id, letter.Seq, letter.ToItem(), new PlatformWords(null, "The journal no longer holds it."), 0);
            return;
        }

        var anchor = services.Anchors.Freeze(destination.Id, [wanted])[letter.TraceId];
        var items = Map(wanted, anchor).Where(item => item.Item.Route == letter.Route && item.Item.Id == letter.Item && item.Item.SpanIds.SequenceEqual(letter.SpanIds)).ToList();

        // What was refused under another form, or by an older version of the mapping, goes whole.
        if (items.Count == 0) items = Map(wanted, anchor);

        // Gone first, so that a new refusal makes it anew; a crash in between leaves the letter marked, and it is sent once more.
        await sending.SendAsync(items, cancel);
        services.Letters.Retried(letter);
    }

    [LoggerMessage(EventId = 601, Level = LogLevel.Warning, Message = "{Destination} does not take what is sent (status {Status}); trying again in {Seconds} s. The destination's status has its words.")]
    private partial void InTrouble(string destination, int? status, double seconds);

    [LoggerMessage(EventId = 602, Level = LogLevel.Error, Message = "A trace (settled {Seq}) could not be put into the format of {Destination} ({Why}); it is a dead letter now. {Where}")]
    private partial void CannotMap(string destination, long seq, string why, string? where);
}
