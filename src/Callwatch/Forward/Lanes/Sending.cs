using System.Collections.Concurrent;
using Callwatch.Spans;

namespace Callwatch.Forward.Lanes;

/// <summary>How sending goes, as the lane is told of it.</summary>
internal interface ISendingWatch
{
    void Succeeded();

    /// <param name="isBlocked">The platform refuses us, rather than being in trouble.</param>
    void Waits(PlatformWords words, bool isBlocked, TimeSpan wait);

    /// <summary>Completes when a person wants the next attempt at once.</summary>
    Task AtOnceAsync(CancellationToken cancel);
}

/// <summary>
/// Sends items until each has been accepted, refused for good, or has expired; retries, parts and waits on the way. Several streams run at
/// the same time; all items of a trace are in one stream, in order.
/// </summary>
internal sealed class Sending(
    Destination destination, IDestination platform, DeadLetters letters, ISendingWatch watch, ForwardOptions options, Random chance, TimeProvider time)
{
    private long sent;
    private long refused;
    private long retried;
    private long expired;

    /// <summary>The traces that the platform wants in another form, none of whose items it has taken in this one.</summary>
    public ConcurrentDictionary<TraceId, string> WantedForms { get; } = new();

    public LaneCounts TakeCounts() =>
        new(Interlocked.Exchange(ref sent, 0), Interlocked.Exchange(ref refused, 0), Interlocked.Exchange(ref retried, 0), Interlocked.Exchange(ref expired, 0));

    public async Task SendAsync(IReadOnlyList<Outgoing> items, CancellationToken cancel)
    {
        var streams = items.GroupBy(item => (int)(item.Item.TraceId.Low % (ulong)platform.Limits.AtOnce)).Select(stream => stream.ToList()).ToList();
        await Task.WhenAll(streams.Select(stream => StreamAsync(stream, cancel)));
    }

    private async Task StreamAsync(List<Outgoing> stream, CancellationToken cancel)
    {
        foreach (var chunk in Chunks.Of(stream, platform.Limits)) await ChunkAsync(chunk, cancel);
    }

    private async Task ChunkAsync(List<Outgoing> chunk, CancellationToken cancel)
    {
        var backoff = new Backoff(options, chance);
        var next = new Stack<List<Outgoing>>([chunk]);
        while (next.TryPop(out var items))
        {
            items = StillWanted(items);
            if (items.Count == 0) continue;
            foreach (var item in items) item.Attempts++;
            var delivery = await platform.SendAsync([.. items.Select(item => item.Item)], cancel);
            foreach (var again in After(items, delivery)) next.Push(again);
            if (WaitOf(delivery) is not { } trouble)
            {
                backoff.Succeeded();
                watch.Succeeded();
                continue;
            }

            Interlocked.Add(ref retried, items.Count);
            var wait = backoff.Next(trouble.After);
            if (trouble.IsBlocked && wait < options.MaxDelay && backoff.Failures > 1) wait = options.MaxDelay;
            watch.Waits(trouble.Words, trouble.IsBlocked, wait);
            await WaitAsync(wait, cancel);
        }
    }

    // What is to be sent again, the last to be sent first.
    private IEnumerable<List<Outgoing>> After(List<Outgoing> items, Delivery delivery)
    {
        switch (delivery)
        {
            case Delivery.Accepted:
                Interlocked.Add(ref sent, items.Count);
                return [];
            case Delivery.Partly partly:
                return partly.Others.Keys.Where(index => index >= 0 && index < items.Count).ToList() is var others
                    ? Partly(items, others, partly) : [];
            case Delivery.TryAgain or Delivery.Blocked:
                return [items];
            case Delivery.TooLarge tooLarge:
                return items.Count > 1 ? Chunks.Split(items).Reverse() : Smaller(items[0]) is { } smaller ? [[smaller]] : Refuse(items, tooLarge.Words);
            case Delivery.Refused refusal:
                return items.Count > 1 ? Chunks.Split(items).Reverse() : Refuse(items, refusal.Words);
            case Delivery.Dropped dropped:
                return Refuse(items, dropped.Words, accepted: items.Count - dropped.Count);
            case Delivery.OtherForm other:
                foreach (var item in items) WantedForms.TryAdd(item.Item.TraceId, other.Form);
                return [];
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private List<List<Outgoing>> Partly(List<Outgoing> items, List<int> others, Delivery.Partly partly)
    {
        Interlocked.Add(ref sent, items.Count - others.Count);
        var again = new List<Outgoing>();
        List<List<Outgoing>> alone = [];
        foreach (var index in others)
        {
            // One by one: a part of an answer speaks of one item.
            var after = After([items[index]], partly.Others[index]).ToList();
            if (partly.Others[index] is Delivery.TryAgain) again.AddRange(after.SelectMany(list => list));
            else alone.AddRange(after);
        }

        return again.Count == 0 ? alone : [.. alone, again];
    }

    private List<List<Outgoing>> Refuse(List<Outgoing> items, PlatformWords words, int accepted = 0)
    {
        Interlocked.Add(ref sent, accepted);
        Interlocked.Add(ref refused, items.Count - accepted);
        foreach (var item in items) letters.Add(destination.Id, item.Seq, item.Item, words, item.Attempts);
        return [];
    }

    private Outgoing? Smaller(Outgoing item) =>
        !item.IsShrunk && platform.Shrink(item.Item) is { } smaller ? new Outgoing(smaller, item.Seq, item.ReceivedAt) { Attempts = item.Attempts, IsShrunk = true } : null;

    private List<Outgoing> StillWanted(List<Outgoing> items)
    {
        var oldest = Timestamp.From(time.GetUtcNow() - options.MaxAge);
        var wanted = items.Where(item => item.ReceivedAt >= oldest && !WantedForms.ContainsKey(item.Item.TraceId)).ToList();
        Interlocked.Add(ref expired, items.Count(item => item.ReceivedAt < oldest));
        return wanted;
    }

    private static (PlatformWords Words, bool IsBlocked, TimeSpan? After)? WaitOf(Delivery delivery) => delivery switch
    {
        Delivery.TryAgain again => (again.Words, false, again.After),
        Delivery.Blocked blocked => (blocked.Words, true, null),
        Delivery.Partly partly when partly.Others.Values.OfType<Delivery.TryAgain>().ToList() is [var first, ..] all =>
            (first.Words, false, all.Max(again => again.After)),
        _ => null,
    };

    private async Task WaitAsync(TimeSpan wait, CancellationToken cancel)
    {
        using var early = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAny(Task.Delay(wait, time, early.Token), watch.AtOnceAsync(early.Token));
        await early.CancelAsync();
        cancel.ThrowIfCancellationRequested();
    }
}
