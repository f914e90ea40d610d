using System.Collections.Concurrent;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Lanes;

/// <summary>
/// Sends items until each has been accepted, refused for good, or has expired; retries, parts and waits on the way. Several streams run at
/// the same time; all items of a trace are in one stream, in order, behind what was put into it before. One of these for each batch.
/// </summary>
/// <param name="goesByIds">What the platform is sent twice is there once.</param>
/// <param name="refused">Told of what the platform has refused for good.</param>
/// <param name="faulted">Told of an exception that a destination should not have let out.</param>
internal sealed class Sending(
    IDestination platform, bool goesByIds, Gate gate, ForwardOptions options, Random chance, TimeProvider time, Action<IReadOnlyList<Refusal>> refused, Action<Exception> faulted)
{
    // So often a request fails as a whole before it is parted: one item of it may be what the platform cannot bear, or it takes too long.
    private const int PartAfter = 5;

    // A part of what has failed before is not given as many chances.
    private const int FailuresOfPart = 3;

    // So often an item that stands alone fails before others are looked for that may pass.
    private const int LookAfter = 3;

    // An item is given up when its row of failures is as unlikely as this to be the platform's doing (decision 38).
    private const double Impossible = 1e-9;

    // Most requests of a stream beside which others are looked for.
    private const int MostAside = 8;

    private readonly ConcurrentDictionary<TraceId, (string Form, PlatformWords Words)> forms = new();
    private long retried;

    public long Retried => Interlocked.Read(ref retried);

    /// <summary>The clock by which items expire.</summary>
    public required TimeProvider Age { get; init; }

    /// <summary>More of a stream, from behind what is being sent, to learn whether others pass where one does not; empty when there is none. Told whether any did.</summary>
    public Func<int, bool, CancellationToken, Task<IReadOnlyList<Outgoing>>>? More { get; init; }

    /// <summary>Asked before the first request of a stream; when it says no, these items are somebody else's now.</summary>
    public Func<bool>? MayBegin { get; init; }

    /// <summary>Told each time that a request as a whole has failed.</summary>
    public Action? Failing { get; init; }

    /// <param name="cancel">Makes no further request.</param>
    /// <param name="abort">Breaks off those on their way, too.</param>
    public Task SendAsync(IReadOnlyList<Outgoing> items, Streams streams, CancellationToken cancel, CancellationToken abort) =>
        Task.WhenAll(items.GroupBy(item => streams.Of(item.Item.TraceId)).Select(group => (Stream: group.Key, Items: group.ToList())).ToList()
            .Select(one => streams.Then(one.Stream, () => MayBegin?.Invoke() == false ? Task.CompletedTask : StreamAsync(one.Stream, one.Items, cancel, abort))));

    private async Task StreamAsync(int stream, IReadOnlyList<Outgoing> items, CancellationToken cancel, CancellationToken abort)
    {
        var queue = new PartQueue(Chunks.Of(items, platform.Limits).Select(chunk => new Part(chunk)));
        var backoff = new Backoff(options, chance);
        using var wish = gate.Want();
        while (queue.Count > 0)
        {
            var now = time.GetTimestamp();
            if (queue.Take(now) is not { } part)
            {
                await gate.PauseAsync(words: null, time.GetElapsedTime(now, queue.NextAfter(now)), cancel);
                continue;
            }

            if (!StillWanted(part)) continue;
            var ticket = await gate.EnterAsync(cancel);
            Delivery delivery;
            try
            {
                // Once more: it may have waited long.
                if (!StillWanted(part))
                {
                    gate.BrokenOff(ticket);
                    continue;
                }

                delivery = await OnceAsync(part.Items, abort);
            }
            catch
            {
                gate.BrokenOff(ticket);
                throw;
            }

            if (Trouble.Of(delivery, part.Items.Count) is { } trouble)
            {
                Interlocked.Add(ref retried, part.Items.Count);
                if (Failed(queue, part, ticket, trouble)) queue.PutFirst(await MoreAsync(stream, part, cancel));
                Failing?.Invoke();
                continue;
            }

            gate.Succeeded(ticket, part.OwnFailures);
            part.Answered();
            queue.PutFirst(After(part, delivery));
            if (delivery is Delivery.Accepted { Warning: { } warning }) gate.Warned(warning);
            if (Trouble.OfSome(delivery) is not { } some) backoff.Succeeded();
            else await gate.PauseAsync(some.Words, backoff.Next(some.After), cancel);
        }
    }

    private async Task<Delivery> OnceAsync(List<Outgoing> items, CancellationToken abort)
    {
        foreach (var item in items) item.Attempts++;

        // Of the whole exchange: a platform that begins to answer and stops in the middle must not hold the lane for ever.
        using var limit = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, abort);
        try
        {
            return await platform.SendAsync([.. items.Select(item => item.Item)], either.Token);
        }
        catch (OperationCanceledException) when (!abort.IsCancellationRequested)
        {
            return new Delivery.TryAgain(new PlatformWords(null, PlatformAnswer.NoAnswer));
        }
        catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
        {
            // A fault of ours over one answer: tried again like the platform's own, so that in the end only this item stays behind.
            faulted(e);
            return new Delivery.TryAgain(new PlatformWords(null, "The answer could not be understood (" + e.GetType().Name + ")."));
        }
    }

    /// <summary>The request as a whole has failed: it is sent again, in parts when it goes on failing.</summary>
    /// <returns>Whether others should be looked for: nothing else can go that may tell if it is the platform or this item.</returns>
    private bool Failed(PartQueue queue, Part part, Ticket ticket, Trouble trouble)
    {
        // Who refuses us, or asks to wait, says nothing about what was sent.
        if (trouble.IsBlocked || trouble.After is not null || trouble.Words.Status is 402 or 429)
        {
            gate.Failed(ticket, trouble.Words, trouble.After, trouble.IsBlocked);
            queue.PutFirst([part]);
            return false;
        }

        if (part.Items.Count == 1 && part.Failures + 1 >= LookAfter) trouble = OfOneAlone(trouble);
        var othersPass = part.Failed(gate);
        if (othersPass && part.Row!.Chance(gate) < Impossible)
        {
            gate.FailedAlone(ticket, trouble.Words);
            Refuse(part.Items, trouble.Words with { Message = trouble.Words.Message + " (Given up: it failed again and again while other things were taken.)" });
            return false;
        }

        // While others pass nobody else waits for it.
        if (othersPass)
        {
            gate.FailedAlone(ticket, trouble.Words);
            part.NotBefore = time.GetTimestamp() + (long)(new Backoff(options, chance).Next(asked: null).TotalSeconds * time.TimestampFrequency);
        }
        else
        {
            gate.Failed(ticket, trouble.Words, trouble.After, trouble.IsBlocked);
        }

        if (part.Items.Count > 1 && part.Failures >= PartAfter)
        {
            queue.PutFirst(Chunks.Split(part.Items).Select(items => new Part(items, FailuresOfPart)));
            return false;
        }

        return !queue.PutBack(part, time.GetTimestamp()) && part.Row is not null && part.Failures >= LookAfter && queue.Beside(part) < MostAside;
    }

    // Whether the platform is in trouble or cannot bear the item only others that pass can tell, and there may be none for long.
    private static Trouble OfOneAlone(Trouble trouble)
    {
        // Who cannot be reached says nothing of what was sent.
        if (trouble.Words is not { Advice: null, Status: 408 or >= 500 } and not { Advice: null, Status: null, Message: PlatformAnswer.NoAnswer }) return trouble;
        return trouble with { Words = trouble.Words with { Advice = Advice.OneItem } };
    }

    // The first two traces by themselves: each that passes is a proof of its own.
    private async Task<IReadOnlyList<Part>> MoreAsync(int stream, Part part, CancellationToken cancel)
    {
        if (More is null) return [];
        var traces = (await More(stream, part.Row!.Length > 0, cancel)).GroupBy(item => item.Item.TraceId).Select(trace => trace.ToList()).ToList();
        List<List<Outgoing>> apart = [.. traces.Take(2), [.. traces.Skip(2).SelectMany(trace => trace)]];
        return [.. apart.Where(items => items.Count > 0).SelectMany(items => Chunks.Of(items, platform.Limits)).Select(chunk => new Part(chunk))];
    }

    private List<Part> After(Part part, Delivery delivery)
    {
        var items = part.Items;
        switch (delivery)
        {
            case Delivery.Accepted:
                foreach (var item in items) item.Fate = Fate.Sent;
                return [];
            case Delivery.Partly partly:
                return Partly(part, partly);
            case Delivery.TooLarge or Delivery.Refused when items.Count > 1:
                return [.. Chunks.Split(items).Select(half => new Part(half))];
            case Delivery.TooLarge tooLarge:
                if (items[0].IsShrunk || platform.Shrink(items[0].Item) is not { } smaller)
                {
                    Refuse(items, tooLarge.Words);
                    return [];
                }

                items[0].Shrink(smaller);
                return [part];
            case Delivery.Refused refusal:
                Refuse(items, refusal.Words);
                return [];
            case Delivery.Dropped dropped:
                return Drop(part, dropped);
            case Delivery.OtherForm other:
                foreach (var item in items) item.TakeForm(forms.GetOrAdd(item.Item.TraceId, (other.Form, other.Words)));
                return [];
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private List<Part> Partly(Part part, Delivery.Partly partly)
    {
        var again = new List<Outgoing>();
        var parts = new List<Part>();
        for (var i = 0; i < part.Items.Count; i++)
        {
            var item = part.Items[i];
            var fate = partly.Others.GetValueOrDefault(i) ?? new Delivery.Accepted();
            if (fate is Delivery.TryAgain or Delivery.Blocked) again.Add(item);

            // A part of an answer speaks of one item, so nothing is left to be parted.
            else parts.AddRange(After(new Part([item]), fate));
        }

        if (again.Count == 0) return parts;
        Interlocked.Add(ref retried, again.Count);
        parts.Add(again.Count == part.Items.Count ? part : new Part(again));
        return parts;
    }

    private void Refuse(List<Outgoing> items, PlatformWords words)
    {
        foreach (var item in items) item.Fate = Fate.Refused;
        refused([.. items.Select(item => new Refusal(item.Seq, item.Item, words, item.Attempts))]);
    }

    // How many were refused is known, and mostly not which.
    private List<Part> Drop(Part part, Delivery.Dropped dropped)
    {
        var items = part.Items;
        var count = Math.Clamp(dropped.Count, 0, items.Count);
        if (count == items.Count && count == 1)
        {
            Refuse(items, dropped.Words);
            return [];
        }

        if (count > 0 && Named.In(dropped.Words.Message, items) is { } named && named.Count == count)
        {
            Refuse(named, dropped.Words);
            foreach (var item in items.Except(named)) item.Fate = Fate.Sent;
            return [];
        }

        // Nothing was taken: like any refused request. Something was: only where what comes twice is there once.
        if (count == items.Count || (count > 0 && goesByIds)) return [.. Chunks.Split(items).Select(half => new Part(half))];
        for (var i = 0; i < items.Count; i++) items[i].Fate = i < items.Count - count ? Fate.Sent : Fate.Refused;
        if (count > 0) RefuseSome(items, count, dropped.Words);
        return [];
    }

    // What is not known to have arrived stands with its trace among the dead letters.
    private void RefuseSome(List<Outgoing> items, int count, PlatformWords words)
    {
        var some = words with { Message = $"{count} of {items.Count} items of the request were refused, the platform does not say which. {words.Message}" };
        refused([.. items.GroupBy(item => (item.Seq, item.Item.TraceId)).Select(trace =>
            new Refusal(trace.Key.Seq, trace.First().Item with { Id = null, SpanIds = [.. trace.SelectMany(item => item.Item.SpanIds).Distinct()] }, some, trace.Max(item => item.Attempts)))]);
    }

    private bool StillWanted(Part part)
    {
        var now = Timestamp.From(Age.GetUtcNow());
        foreach (var item in part.Items)
        {
            if (item.Fate != Fate.Waiting) continue;
            if (item.Expires < now) item.Fate = Fate.Expired;
            else if (forms.TryGetValue(item.Item.TraceId, out var form)) item.TakeForm(form);
        }

        part.Items.RemoveAll(item => item.Fate != Fate.Waiting);
        return part.Items.Count > 0;
    }
}
