using Callwatch.Spans;
using Microsoft.Extensions.Logging;

namespace Callwatch.Forward.Lanes;

/// <summary>Sends dead letters again that a person has marked, beside the live lane.</summary>
internal sealed class LetterRetry(Destination destination, IDestination platform, Gate gate, LaneServices services, ILogger log)
{
    private const int AtATime = 100;
    private readonly FreightReader reader = new(destination, services);
    private readonly Carrier carrier = new(destination, platform, gate, new FreightReader(destination, services), services, log);

    /// <summary>Until none is left.</summary>
    /// <param name="counted">Told when the lane's counts have changed.</param>
    public async Task RunAsync(Action counted, CancellationToken cancel)
    {
        while (services.Letters.ToRetry(destination.Id, AtATime) is { Count: > 0 } letters)
        {
            await RetryAsync(letters, cancel);
            counted();
        }
    }

    private async Task RetryAsync(IReadOnlyList<DeadLetter> letters, CancellationToken cancel)
    {
        var freight = new List<Freight>();
        var going = new List<DeadLetter>();
        foreach (var group in letters.GroupBy(letter => letter.Seq))
        {
            if (Read(group.Key) is { } one)
            {
                freight.Add(one);
                going.AddRange(group);
            }
            else
            {
                await services.WrittenAsync(gate, () => services.Letters.CannotRetry([.. group], "The journal no longer holds it, or the destination no longer serves its app."), cancel);
            }
        }

        if (freight.Count == 0) return;
        var wanted = going.ToLookup(letter => letter.Seq);

        // What was refused under another form, by an older version of the mapping, or without a word on which item it was, goes whole.
        var whole = new HashSet<long>();
        var now = Timestamp.From(services.Age.GetUtcNow());
        var wish = new CarryWish(_ => now.Plus(services.Options.MaxAge), refusals => services.Letters.Add(destination.Id, refusals))
        {
            Only = item => whole.Contains(item.Seq) || wanted[item.Seq].Any(letter => IsOf(letter, item.Item)),
        };
        foreach (var one in freight)
            if (!Matches(one, wanted[one.Revision.Seq])) whole.Add(one.Revision.Seq);
        var items = await carrier.MapAsync(freight, wish, cancel);
        var retried = await carrier.SendAsync([.. freight.Select(one => one.Revision)], items, new Streams(1), wish, cancel);

        // Gone only now: a crash in between leaves them marked, and they are sent once more.
        var late = items.Where(item => item.Fate == Fate.Expired).Select(item => item.Seq).ToHashSet();
        await services.WrittenAsync(gate, () => services.Letters.CannotRetry([.. going.Where(letter => late.Contains(letter.Seq))], "The platform did not take it in time when it was sent again."), cancel);
        await services.WrittenAsync(gate, () => services.Letters.Retried([.. going.Where(letter => !late.Contains(letter.Seq))]), cancel);
        var counts = new LaneCounts(items.Count(item => item.Fate == Fate.Sent), items.Count(item => item.Fate == Fate.Refused), retried, items.Count(item => item.Fate == Fate.Expired));
        await services.WrittenAsync(gate, () => services.Table.Add(new LaneKey(destination.Id, 0), counts), cancel);
    }

    private Freight? Read(long seq)
    {
        if (services.Settled.Find(seq) is not { } revision || revision.TenantId != destination.TenantId) return null;
        return reader.ReadChosen(revision);
    }

    private bool Matches(Freight one, IEnumerable<DeadLetter> letters)
    {
        try
        {
            var anchor = one.Trace is null ? null : services.Anchors.Find(destination.Id, one.Revision.TraceId);
            var items = one.Trace is not null && anchor is null ? [] : Carrier.ItemsOf(destination, platform, one, anchor);
            return letters.All(letter => items.Any(item => IsOf(letter, item)));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // It cannot be mapped: the carrier will find that out, and say so.
            return false;
        }
    }

    private static bool IsOf(DeadLetter letter, OutboundItem item) => letter.Route == item.Route && letter.Item == item.Id && letter.SpanIds.SequenceEqual(item.SpanIds);
}
