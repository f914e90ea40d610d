using Callwatch.Spans;

namespace Callwatch.Forward;

/// <summary>
/// A platform as a lane uses it: maps, packs, sends once, and translates the answer. It decides nothing else: order, batching, retries,
/// splitting, anchors and dead letters belong to the lane. One instance per destination and its revision, used by several threads at once; disposed of when the config changes.
/// </summary>
public interface IDestination : IAsyncDisposable
{
    DestinationLimits Limits { get; }

    /// <summary>Pure: the same trace and anchor give the same items, on every attempt and after every crash. Empty when the platform has no use for any of it.</summary>
    IReadOnlyList<OutboundItem> Map(TraceToSend trace, Anchor anchor);

    /// <summary>The anchor with the form that a <see cref="Delivery.OtherForm"/> asked for while this revision was sent; it is frozen before anything goes out again. Pure.</summary>
    Anchor Reform(Anchor anchor, TraceToSend trace, string form, Timestamp now) => anchor with { Form = form, FirstAttemptAt = now };

    /// <summary>A smaller form of an item that is too large on its own (input and output cut, and marked so); null when there is none.</summary>
    OutboundItem? Shrink(OutboundItem item);

    /// <summary>Sends items of one <see cref="OutboundItem.Route"/> in one request. Never throws for what the platform or the network does.</summary>
    Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel);

    /// <summary>A real check of address, key and project. Never throws for what the platform or the network does.</summary>
    Task<CheckResult> CheckAsync(CancellationToken cancel);

    /// <summary>Where a person finds the trace there; null when no link can be made.</summary>
    string? LinkTo(TraceId traceId, Anchor anchor);
}

/// <summary>A platform that also takes logs or metrics, passed on as they were sent.</summary>
public interface ISignalDestination : IDestination
{
    /// <summary>Pure, as <see cref="IDestination.Map"/>. The items' routes are their signals' own.</summary>
    /// <param name="payload">An export request of the signal in protobuf.</param>
    IReadOnlyList<OutboundItem> MapSignal(Journal.Signal signal, ReadOnlyMemory<byte> payload);
}

/// <summary>What one request may hold.</summary>
/// <param name="Items">Most items.</param>
/// <param name="Bytes">Most bytes of all items together, before compression.</param>
/// <param name="AtOnce">Requests on their way at the same time; those of one trace never are.</param>
public sealed record DestinationLimits(int Items, long Bytes, int AtOnce)
{
    /// <summary>Routes whose requests take one item each.</summary>
    public IReadOnlyList<string> OneByOne { get; init; } = [];
}

/// <summary>
/// One thing for the platform, already in its format: a run, a call, a span, a score. Items of a trace are sent in the order they were mapped:
/// a later <see cref="Stage"/> only after the earlier ones of the same trace were answered.
/// </summary>
public sealed record OutboundItem
{
    /// <summary>Which request it goes into (<c>otlp</c>, <c>runs</c>, <c>traces</c>, <c>spans</c>, <c>scores</c>): items of several traces share a request of the same route.</summary>
    public required string Route { get; init; }

    /// <summary>0 for what goes first.</summary>
    public int Stage { get; init; }

    public required TraceId TraceId { get; init; }

    /// <summary>The spans it carries, for dead letters and deliveries.</summary>
    public required IReadOnlyList<SpanId> SpanIds { get; init; }

    /// <summary>The bytes the platform will read of it.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Resource or envelope header the payload belongs under, where the format has one; items with equal heads are packed beneath one.</summary>
    public ReadOnlyMemory<byte> Head { get; init; }

    /// <summary>The item's id at the platform.</summary>
    public string? Id { get; init; }
}

/// <summary>How the sending of some items ended: a closed family.</summary>
public abstract record Delivery
{
    private Delivery()
    {
    }

    /// <summary>All taken, or known to have been taken before. <paramref name="Warning"/>: what the platform has to say of it all the same.</summary>
    public sealed record Accepted(PlatformWords? Warning = null) : Delivery;

    /// <summary>The platform spoke for each item: by index, what became of those that were not accepted.</summary>
    public sealed record Partly(IReadOnlyDictionary<int, Delivery> Others) : Delivery;

    /// <summary>May pass with time. <paramref name="After"/>: no sooner than that; null leaves it to the lane.</summary>
    public sealed record TryAgain(PlatformWords Words, TimeSpan? After = null) : Delivery;

    /// <summary>Too large: smaller parts may pass.</summary>
    public sealed record TooLarge(PlatformWords Words) : Delivery;

    /// <summary>Refused for good, if it was one item; the lane parts larger requests until the bad item stands alone.</summary>
    public sealed record Refused(PlatformWords Words) : Delivery;

    /// <summary>Refused and never again to be sent, whatever its company (the platform has dropped it and said so).</summary>
    public sealed record Dropped(PlatformWords Words, int Count) : Delivery;

    /// <summary>The platform refuses us (key, project, plan): the lane waits for a person, and looks again rarely; <paramref name="After"/>: no sooner than that.</summary>
    public sealed record Blocked(PlatformWords Words, TimeSpan? After = null) : Delivery;

    /// <summary>The platform wants another form (an older server, another write mode, a newer id): freeze it in the anchors and map again, once.</summary>
    public sealed record OtherForm(string Form, PlatformWords Words) : Delivery;
}

/// <summary>What a platform said, fit for people: status, and its message with every secret of the config replaced by <c>***</c>, cut at 2,000 characters.</summary>
public sealed record PlatformWords(int? Status, string Message)
{
    /// <summary>What a person can do, where that does not follow from the status.</summary>
    public string? Advice { get; init; }
}

/// <summary>How a connection check ended.</summary>
/// <param name="Ok">Address, key and project are good as far as the platform lets us know.</param>
/// <param name="Detail">What was found, for people.</param>
/// <param name="ProjectUrl">Where the project is shown; null when unknown.</param>
public sealed record CheckResult(bool Ok, string Detail, string? ProjectUrl = null, TimeSpan? Latency = null);
