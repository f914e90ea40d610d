using Callwatch.Spans;
using Microsoft.Extensions.Logging;

namespace Callwatch.Forward.Lanes;

/// <summary>
/// Carries what it is given to the platform: freezes anchors, maps, sends, and once more in another form where the platform asks for one.
/// Used by a destination's live lane, its replays and its dead letters.
/// </summary>
internal sealed partial class Carrier(Destination destination, IDestination platform, Gate gate, LaneServices services, ILogger log)
{
    private static readonly PlatformWords NoForm = new(null, "The platform refused both forms of it.");

    /// <param name="items">Takes up all that is on its way, with what becomes of it; also when it was cancelled in between.</param>
    /// <param name="refused">Told of what the platform refuses.</param>
    /// <returns>How many items were sent again.</returns>
    public async Task<long> CarryAsync(
        IReadOnlyList<Freight> freight, List<Outgoing> items, CarryWish wish, Action<IReadOnlyList<Refusal>> refused, CancellationToken cancel)
    {
        using var abort = new CancellationTokenSource();

        // What is on its way when we stop may still get its answer: that spares the platform the same things twice.
        await using var stopping = cancel.Register(() => abort.CancelAfter(services.Options.StopGrace));
        var all = new List<Freight>(freight);
        items.AddRange(Chosen(await MappedAsync(freight, wish, refused, cancel), wish));
        var first = Begin(refused, wish.More is null ? null : async () =>
        {
            var more = await wish.More(cancel);
            var mapped = await MappedAsync(more, wish, refused, cancel);
            lock (items)
            {
                all.AddRange(more);
                items.AddRange(mapped);
            }

            return mapped;
        });
        await first.SendAsync([.. items], wish.AtOnce, cancel, abort.Token);
        if (items.TrueForAll(item => item.Fate != Fate.OtherForm)) return first.Retried;

        var second = Begin(refused, null);
        var again = await ReformAsync(all, items, wish, refused, cancel);
        await second.SendAsync(again, wish.AtOnce, cancel, abort.Token);

        // Once: a platform that asks for a form again has refused it.
        var lost = again.Where(item => item.Fate == Fate.OtherForm).ToList();
        foreach (var item in lost) item.Fate = Fate.Refused;
        if (lost.Count > 0) refused([.. lost.Select(item => new Refusal(item.Seq, item.Item, NoForm, item.Attempts))]);
        return first.Retried + second.Retried;
    }

    /// <summary>The platform's items of it; the anchor only for traces.</summary>
    public static IReadOnlyList<OutboundItem> ItemsOf(Destination destination, IDestination platform, Freight one, Anchor? anchor) => one.Record is not { } record
        ? platform.Map(one.Trace!, anchor!)
        : (platform as ISignalDestination)?.MapSignal(record.Signal, SignalMask.Of(record.Signal, record.Payload, destination.Mask)) ?? [];

    private Sending Begin(Action<IReadOnlyList<Refusal>> refused, Func<Task<List<Outgoing>>>? more) =>
        new(platform, gate, services.Options, services.Chance, services.Time, refused, e => Faulted(destination.Name, e.GetType().Name, e.StackTrace))
        {
            More = more is null ? null : async _ => await more(),
        };

    private static IEnumerable<Outgoing> Chosen(List<Outgoing> mapped, CarryWish wish) => wish.Only is null ? mapped : mapped.Where(wish.Only);

    private async Task<List<Outgoing>> MappedAsync(IReadOnlyList<Freight> freight, CarryWish wish, Action<IReadOnlyList<Refusal>> refused, CancellationToken cancel)
    {
        List<TraceToSend> traces = [.. freight.Select(one => one.Trace).OfType<TraceToSend>()];
        var anchors = traces.Count == 0 ? [] : await services.WrittenAsync(gate, () => services.Anchors.Freeze(destination.Id, traces), cancel);
        await services.Work.WaitAsync(cancel);
        try
        {
            return [.. freight.SelectMany(one => Mapped(one, one.Trace is null ? null : anchors[one.Revision.TraceId], wish, refused))];
        }
        finally
        {
            services.Work.Release();
        }
    }

    private List<Outgoing> Mapped(Freight one, Anchor? anchor, CarryWish wish, Action<IReadOnlyList<Refusal>> refused)
    {
        try
        {
            return [.. ItemsOf(destination, platform, one, anchor).Select(item => new Outgoing(item, one.Revision.Seq, wish.Expires(one.Revision.LastReceivedAt)))];
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A fault of ours over one trace must not stop all others. Its message is not logged: it may quote what was sent.
            CannotMap(destination.Name, one.Revision.Seq, e.GetType().Name, e.StackTrace);
            var item = new OutboundItem { Route = "unmapped", TraceId = one.Revision.TraceId, SpanIds = [.. one.Trace?.Spans.Select(span => span.Span.SpanId) ?? []], Payload = default };
            refused([new Refusal(one.Revision.Seq, item, new PlatformWords(null, "It could not be put into the platform's format: " + e.GetType().Name), 1)]);

            // It stands among the items as one that has its fate, so that it is counted.
            return [new Outgoing(item, one.Revision.Seq, default) { Fate = Fate.Refused }];
        }
    }

    // What the platform has taken, or refused for good, in the first form is not sent in the second: there it would be something else.
    private async Task<List<Outgoing>> ReformAsync(List<Freight> freight, List<Outgoing> items, CarryWish wish, Action<IReadOnlyList<Refusal>> refused, CancellationToken cancel)
    {
        var forms = items.Where(item => item.Fate == Fate.OtherForm).GroupBy(item => item.Item.TraceId).ToDictionary(group => group.Key, group => group.First().Form!);
        var traces = freight.Where(one => one.Trace is not null && forms.ContainsKey(one.Revision.TraceId)).ToList();
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
        items.RemoveAll(item => item.Fate == Fate.OtherForm);
        List<Outgoing> again =
        [
            .. traces.SelectMany(one => Chosen(Mapped(one, anchors[one.Revision.TraceId], wish, refused), wish)).Where(item =>
            {
                if (!done.TryGetValue(Name(item), out var count) || count == 0) return true;
                done[Name(item)] = count - 1;
                return false;
            }),
        ];
        items.AddRange(again);
        return again;
    }

    // The same thing in whichever form: ids at the platform may differ.
    private static (long Seq, string Route, string Spans) Name(Outgoing item) => (item.Seq, item.Item.Route, string.Join(' ', item.Item.SpanIds));

    [LoggerMessage(EventId = 602, Level = LogLevel.Error, Message = "A trace (settled {Seq}) could not be put into the format of {Destination} ({Why}); it is a dead letter now. {Where}")]
    private partial void CannotMap(string destination, long seq, string why, string? where);

    [LoggerMessage(EventId = 605, Level = LogLevel.Error, Message = "The answer of {Destination} could not be read ({Why}); it is asked again. {Where}")]
    private partial void Faulted(string destination, string why, string? where);
}

/// <summary>How something is to be carried.</summary>
/// <param name="AtOnce">Most requests at the same time.</param>
/// <param name="Expires">When what was received at a moment is given up.</param>
internal sealed record CarryWish(int AtOnce, Func<Timestamp, Timestamp> Expires)
{
    /// <summary>Only these of the items; null for all.</summary>
    public Func<Outgoing, bool>? Only { get; init; }

    /// <summary>Gets what comes next, to see whether other things pass where one does not.</summary>
    public Func<CancellationToken, Task<IReadOnlyList<Freight>>>? More { get; init; }
}
