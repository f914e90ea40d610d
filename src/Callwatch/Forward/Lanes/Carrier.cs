using Callwatch.Settle;
using Callwatch.Spans;
using Microsoft.Extensions.Logging;

namespace Callwatch.Forward.Lanes;

/// <summary>
/// Carries what it is given to the platform: freezes anchors, maps, sends, and once more in another form where the platform asks for one.
/// Used by a destination's live lane, its replays and its dead letters.
/// </summary>
internal sealed partial class Carrier(Destination destination, IDestination platform, Gate gate, FreightReader reader, LaneServices services, ILogger log)
{
    /// <summary>Puts it into the platform's format; nothing may be sent before <see cref="FreezeAsync"/>.</summary>
    public IReadOnlyList<Outgoing> Map(Freight one, AnchorDraft anchors, CarryWish wish) =>
        [.. Chosen(Mapped(one, () => one.Trace is null ? null : anchors.Of(one.Trace), wish), wish)];

    /// <summary>Makes the anchors durable. The traces that somebody else has frozen meanwhile have to be mapped again.</summary>
    public Task<IReadOnlySet<TraceId>> FreezeAsync(AnchorDraft anchors, CancellationToken cancel) => services.WrittenAsync(gate, anchors.Write, cancel);

    /// <summary>Both, of what is there as a whole.</summary>
    public async Task<List<Outgoing>> MapAsync(IReadOnlyList<Freight> freight, CarryWish wish, CancellationToken cancel)
    {
        while (true)
        {
            var anchors = new AnchorDraft(services.Anchors, destination.Id);
            await services.Work.WaitAsync(cancel);
            List<Outgoing> items;
            try
            {
                items = [.. freight.SelectMany(one => Map(one, anchors, wish))];
            }
            finally
            {
                services.Work.Release();
            }

            if ((await FreezeAsync(anchors, cancel)).Count == 0) return items;
        }
    }

    /// <param name="revisions">What the items were made of.</param>
    /// <param name="items">Those that are on their way, with what becomes of them; also when it was cancelled in between.</param>
    /// <returns>How many items were sent again.</returns>
    public async Task<long> SendAsync(IReadOnlyList<SettledRevision> revisions, List<Outgoing> items, Streams streams, CarryWish wish, CancellationToken cancel)
    {
        using var abort = new CancellationTokenSource();

        // What is on its way when we stop may still get its answer: that spares the platform the same things twice.
        await using var stopping = cancel.Register(() => abort.CancelAfter(services.Options.StopGrace));
        var first = Begin(wish, wish);
        await first.SendAsync([.. items], streams, cancel, abort.Token);
        if (items.TrueForAll(item => item.Fate != Fate.OtherForm)) return first.Retried;

        var second = Begin(wish, ofBatch: null);
        var again = await ReformAsync(revisions, items, wish, cancel);
        await second.SendAsync(again, streams, cancel, abort.Token);

        // Once: a platform that asks for a form again has refused it.
        var lost = again.Where(item => item.Fate == Fate.OtherForm).ToList();
        foreach (var item in lost) item.Fate = Fate.Refused;
        if (lost.Count > 0) wish.Refused([.. lost.Select(item => new Refusal(item.Seq, item.Item, BothForms(item.Words), item.Attempts))]);
        return first.Retried + second.Retried;
    }

    /// <summary>The platform's items of it; the anchor only for traces.</summary>
    public static IReadOnlyList<OutboundItem> ItemsOf(Destination destination, IDestination platform, Freight one, Anchor? anchor) => one.Record is not { } record
        ? platform.Map(one.Trace!, anchor!)
        : (platform as ISignalDestination)?.MapSignal(record.Signal, SignalMask.Of(record.Signal, record.Payload, destination.Mask)) ?? [];

    private Sending Begin(CarryWish wish, CarryWish? ofBatch) =>
        new(platform, destination.Kind.Deduplicates, gate, services.Options, services.Chance, services.Time, wish.Refused, e => Faulted(destination.Name, e.GetType().Name, e.StackTrace))
        {
            Age = services.Age,
            More = ofBatch?.More,
            MayBegin = ofBatch?.MayBegin,
            Failing = wish.Failing,
        };

    private static IEnumerable<Outgoing> Chosen(IEnumerable<Outgoing> mapped, CarryWish wish) => wish.Only is null ? mapped : mapped.Where(wish.Only);

    private List<Outgoing> Mapped(Freight one, Func<Anchor?> anchor, CarryWish wish)
    {
        var frozen = anchor();
        try
        {
            return [.. ItemsOf(destination, platform, one, frozen).Select(item => new Outgoing(item, one.Revision.Seq, wish.Expires(one.Revision.LastReceivedAt)))];
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A fault of ours over one trace must not stop all others. Its message is not logged: it may quote what was sent.
            CannotMap(destination.Name, one.Revision.Seq, e.GetType().Name, e.StackTrace);
            var item = new OutboundItem { Route = "unmapped", TraceId = one.Revision.TraceId, SpanIds = [.. one.Trace?.Spans.Select(span => span.Span.SpanId) ?? []], Payload = default };
            wish.Refused([new Refusal(one.Revision.Seq, item, new PlatformWords(null, "It could not be put into the platform's format: " + e.GetType().Name), 1)]);

            // It stands among the items as one that has its fate, so that it is counted.
            return [new Outgoing(item, one.Revision.Seq, default) { Fate = Fate.Refused }];
        }
    }

    // What the platform has taken, or refused for good, in the first form is not sent in the second: there it would be something else.
    private async Task<List<Outgoing>> ReformAsync(IReadOnlyList<SettledRevision> revisions, List<Outgoing> items, CarryWish wish, CancellationToken cancel)
    {
        var forms = items.Where(item => item.Fate == Fate.OtherForm).GroupBy(item => item.Item.TraceId).ToDictionary(group => group.Key, group => group.First().Form!);
        var traces = await ReadAgainAsync([.. revisions.Where(revision => forms.ContainsKey(revision.TraceId))], cancel);
        var now = Timestamp.From(services.Time.GetUtcNow());
        var anchors = await services.WrittenAsync(
            gate,
            () =>
            {
                var formed = services.Anchors.Freeze(destination.Id, [.. traces.Select(one => one.Trace!)]);
                foreach (var one in traces) formed[one.Revision.TraceId] = platform.Reform(formed[one.Revision.TraceId], one.Trace!, forms[one.Revision.TraceId], now);
                services.Anchors.Replace(destination.Id, [.. formed.Values]);
                return formed;
            },
            cancel);
        var done = items.Where(item => item.Fate != Fate.OtherForm && forms.ContainsKey(item.Item.TraceId)).GroupBy(Name).ToDictionary(group => group.Key, group => group.Count());

        // What the journal has let go of since it was mapped cannot be made anew.
        var there = traces.Select(one => one.Revision.Seq).ToHashSet();
        foreach (var item in items.Where(item => item.Fate == Fate.OtherForm && !there.Contains(item.Seq))) item.Fate = Fate.Expired;
        items.RemoveAll(item => item.Fate == Fate.OtherForm);
        List<Outgoing> again =
        [
            .. traces.SelectMany(one => Chosen(Mapped(one, () => anchors[one.Revision.TraceId], wish), wish)).Where(item =>
            {
                if (!done.TryGetValue(Name(item), out var count) || count == 0) return true;
                done[Name(item)] = count - 1;
                return false;
            }),
        ];
        items.AddRange(again);
        return again;
    }

    // Bodies are not held while their items are on their way, for it is seldom that anybody asks for them again.
    private async Task<List<Freight>> ReadAgainAsync(IReadOnlyList<SettledRevision> revisions, CancellationToken cancel)
    {
        await services.Work.WaitAsync(cancel);
        try
        {
            return [.. revisions.Select(reader.ReadChosen).OfType<Freight>().Where(one => one.Trace is not null)];
        }
        finally
        {
            services.Work.Release();
        }
    }

    private static PlatformWords BothForms(PlatformWords? words) => new(words?.Status, ("The platform refused both forms of it. " + words?.Message).TrimEnd()) { Advice = words?.Advice };

    // The same thing in whichever form: ids at the platform may differ.
    private static (long Seq, string Route, string Spans) Name(Outgoing item) => (item.Seq, item.Item.Route, string.Join(' ', item.Item.SpanIds));

    [LoggerMessage(EventId = 602, Level = LogLevel.Error, Message = "A trace (settled {Seq}) could not be put into the format of {Destination} ({Why}); it is a dead letter now. {Where}")]
    private partial void CannotMap(string destination, long seq, string why, string? where);

    [LoggerMessage(EventId = 605, Level = LogLevel.Error, Message = "The answer of {Destination} could not be read ({Why}); it is asked again. {Where}")]
    private partial void Faulted(string destination, string why, string? where);
}

/// <summary>How something is to be carried.</summary>
/// <param name="Expires">When what was received at a moment is given up.</param>
/// <param name="Refused">Told of what the platform refuses.</param>
internal sealed record CarryWish(Func<Timestamp, Timestamp> Expires, Action<IReadOnlyList<Refusal>> Refused)
{
    /// <summary>Only these of the items; null for all.</summary>
    public Func<Outgoing, bool>? Only { get; init; }

    /// <summary>Gets what comes next in a stream, to see whether other things pass where one does not; told whether any did.</summary>
    public Func<int, bool, CancellationToken, Task<IReadOnlyList<Outgoing>>>? More { get; init; }

    /// <summary>Asked before the first request of a stream; null when it may in any case.</summary>
    public Func<bool>? MayBegin { get; init; }

    /// <summary>Told each time that a request as a whole has failed.</summary>
    public Action? Failing { get; init; }
}
