using Callwatch.Settle;

namespace Callwatch.Forward.Lanes;

/// <summary>
/// The reading half of a lane: takes one settled number after the other, and sends batch behind batch. While one is on its way the next ones
/// are made ready; when the platform is down for longer they are given back.
/// </summary>
internal sealed class LaneReading(Destination destination, Gate platformGate, LaneServices services, Carrier carrier, LaneCursor cursor, Filling filling, OnTheWay way, Lock gate, Func<bool>? liveIsBusy) : IDisposable
{
    private const int SkippedBeforeSaved = 10_000;
    private const int FewTraces = 2;
    private const int MoreTraces = 64;
    private static readonly TimeSpan BehindLive = TimeSpan.FromSeconds(1);

    // Held by whoever fills the batch: mostly the lane itself, now and then a stream that wants to see whether other things pass.
    private readonly SemaphoreSlim reading = new(1);

    // What was read last has been given back, so that reading goes on further back. Changed while reading is held.
    private volatile bool isBack;

    private enum Taking
    {
        Taken,

        /// <summary>Something has to be delivered first.</summary>
        Waits,

        /// <summary>What came before it is to be read again.</summary>
        IsBack,
    }

    /// <summary>The requests on their way at the same time; new ones each time that it begins again.</summary>
    public required Streams Streams { get; set; }

    /// <summary>Until cancelled; a replay until all up to its end has been delivered.</summary>
    public async Task RunAsync(CancellationTokenSource together)
    {
        while (!cursor.IsPastEnd(filling.Seen + 1))
        {
            await FollowAsync(together);

            // Until all is delivered something may be given back.
            if (cursor.IsPastEnd(filling.Seen + 1)) await way.EmptyAsync();
        }
    }

    public void Dispose() => reading.Dispose();

    // To its end; or until something was given back, which is then read again.
    private async Task FollowAsync(CancellationTokenSource together)
    {
        var cancel = together.Token;
        await foreach (var page in services.Settled.PagesAsync(destination.TenantId, await PlaceAsync(cancel), cancel))
        {
            foreach (var revision in page.Revisions)
            {
                if (cursor.IsPastEnd(revision.Seq)) break;
                Taking taking;
                while ((taking = await TakeAsync(revision, together)) == Taking.Waits) await way.OldestDone;
                if (taking == Taking.IsBack) return;
            }

            // At the head all goes that there is; behind it a filter may leave little of a page, and more comes with the next.
            var isAtHead = page.Through >= services.Settled.Head;
            if (!await TryPassAsync(cursor.UpToEnd(page.Through), isAtHead, together) || cursor.IsPastEnd(filling.Seen + 1)) return;
            if (!isAtHead) continue;

            // What comes in the meantime goes together.
            await way.EmptyAsync();
            if (isBack) return;
            await Task.Delay(services.Options.BatchDelay, services.Time, cancel);
        }
    }

    private async Task<long> PlaceAsync(CancellationToken cancel)
    {
        await reading.WaitAsync(cancel);
        isBack = false;
        reading.Release();
        return filling.Seen;
    }

    private async Task<Taking> TakeAsync(SettledRevision revision, CancellationTokenSource together)
    {
        await reading.WaitAsync(together.Token);
        try
        {
            if (isBack) return Taking.IsBack;
            if (revision.Seq <= filling.Seen) return Taking.Taken;

            // Of a trace that is on its way, what came later waits: the platform may want it in another form.
            if (way.Holds(revision.TraceId))
            {
                await LaunchAsync(together);
                return Taking.Waits;
            }

            if (filling.Open.Count == 0 && !way.HasRoom(platformGate.IsOpen)) return Taking.Waits;
            await filling.TakeAsync(revision, together.Token);
            if (filling.Open.IsFull) await LaunchAsync(together);
            return Taking.Taken;
        }
        finally
        {
            reading.Release();
        }
    }

    /// <summary>False when reading has to go on further back.</summary>
    private async Task<bool> TryPassAsync(long through, bool isAtHead, CancellationTokenSource together)
    {
        await reading.WaitAsync(together.Token);
        try
        {
            if (isBack) return false;
            filling.Pass(through);

            // A tenant that is quiet does not make every other tenant's trace a write of its own.
            var isFar = filling.Seen - filling.Closed > SkippedBeforeSaved;
            var isLast = isAtHead || cursor.IsPastEnd(filling.Seen + 1);
            if (isFar || cursor.IsReplay || (isLast && filling.Open is not { Count: 0, Losses.Count: 0 })) await LaunchAsync(together);
            return true;
        }
        finally
        {
            reading.Release();
        }
    }

    // Sends what has been taken, behind what is on its way.
    // What was read as a proof stays: given back it would be the same traces again and again.
    private async Task LaunchAsync(CancellationTokenSource together, bool stays = false)
    {
        var cancel = together.Token;
        var isIdle = filling.Open is { Count: 0, Losses.Count: 0 } && filling.Seen - filling.Closed <= SkippedBeforeSaved && !cursor.IsReplay;
        if (filling.Seen == filling.Closed || isIdle) return;
        if (filling.Open.Count > 0 && liveIsBusy?.Invoke() == true) await Task.Delay(BehindLive, services.Time, cancel);
        var before = Task.CompletedTask;
        var batch = await filling.CloseAsync(
            given =>
            {
                before = way.All is [.., var last] ? last.Done : Task.CompletedTask;
                way.Add(given);
                if (stays) given.TryBegin();
            },
            cancel);
        var wish = cursor.Wish() with { More = (stream, inHealth, stop) => MoreAsync(batch, stream, inHealth, together, stop), MayBegin = batch.TryBegin, Failing = GiveBack };
        _ = CarryAsync(batch, wish, before, together);
    }

    private async Task CarryAsync(Batch batch, CarryWish wish, Task before, CancellationTokenSource together)
    {
        try
        {
            var retried = batch.Items.Count == 0 ? 0 : await carrier.SendAsync(batch.Revisions, batch.Items, Streams, wish, together.Token);

            // From here on it stays, also one with nothing to send.
            if (!batch.TryBegin()) return;
            await before;
            await cursor.AdvanceAsync(batch, retried, together.Token);
            way.Remove(batch);
            batch.End(fault: null);
        }
        catch (Exception e)
        {
            if (batch.IsGivenBack) return;

            // One fails, all stop: they begin again together.
            await together.CancelAsync();
            batch.End(e);
        }
    }

    // While the platform is down for longer, what was read ahead is of no use to anybody, and others may want its room.
    private void GiveBack()
    {
        if (!platformGate.IsLasting || !reading.Wait(TimeSpan.Zero)) return;
        try
        {
            lock (gate)
            {
                if (way.GiveBack() is not { } last) return;
                filling.BeginAt(last);
                isBack = true;
            }
        }
        finally
        {
            reading.Release();
        }
    }

    // A few of what comes next, for an item that the platform may not be able to bear: if others pass it is the item, if not it is the platform.
    private async Task<IReadOnlyList<Outgoing>> MoreAsync(Batch batch, int stream, bool inHealth, CancellationTokenSource together, CancellationToken cancel)
    {
        if (Behind() is { Count: > 0 } waiting) return waiting;

        // Somebody is reading already: to be asked again after the next attempt.
        if (!await reading.WaitAsync(TimeSpan.Zero, cancel)) return [];
        try
        {
            if (filling.Open.Count > 0 || !way.HasRoomBeyond) return [];
            foreach (var revision in services.Settled.Page(destination.TenantId, filling.Seen).Revisions)
            {
                if (cursor.IsPastEnd(revision.Seq) || filling.Open.Count >= (inHealth ? MoreTraces : FewTraces) || way.Holds(revision.TraceId)) break;
                await filling.TakeAsync(revision, cancel);
            }

            await LaunchAsync(together, stays: true);
            return Behind();
        }
        finally
        {
            reading.Release();
        }

        IReadOnlyList<Outgoing> Behind() => way.TakeBehind(batch, trace => Streams.Of(trace) == stream, FewTraces, inHealth);
    }
}
