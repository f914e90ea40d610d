namespace Callwatch.Receive.Bodies;

/// <summary>
/// Requests that hold much go one after another. Side by side they would take each other's room in flight and all be refused, again and
/// again, though any one of them fits. Small ones pass them by. Tenants take turns: however many large requests one of them has waiting,
/// another's waits for one of these.
/// </summary>
internal sealed class LargeTurn
{
    /// <summary>A request that holds this much needs the turn to go on.</summary>
    public const int LargeBytes = 8 << 20;

    /// <summary>The same for JSON that is read as a tree, which takes several times its text.</summary>
    public const int LargeTreeBytes = 1 << 20;

    private readonly Lock gate = new();
    private readonly Dictionary<int, Queue<TaskCompletionSource<bool>>> waiting = [];

    // Tenants of whom somebody waits, in the order of their turns.
    private readonly Queue<int> tenants = [];
    private bool isTaken;

    /// <summary>False when the sender left while waiting.</summary>
    private async ValueTask<bool> EnterAsync(int tenantId, CancellationToken cancel)
    {
        var mine = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (!isTaken) return isTaken = true;
            if (!waiting.TryGetValue(tenantId, out var line))
            {
                waiting[tenantId] = line = [];
                tenants.Enqueue(tenantId);
            }

            line.Enqueue(mine);
        }

        await using var leaving = cancel.Register(() => mine.TrySetResult(false));
        return await mine.Task;
    }

    private void Leave()
    {
        lock (gate)
        {
            while (tenants.TryDequeue(out var tenantId))
            {
                var line = waiting[tenantId];
                var next = line.Dequeue();
                if (line.Count > 0) tenants.Enqueue(tenantId);
                else waiting.Remove(tenantId);

                // Who has left meanwhile gives the turn on.
                if (next.TrySetResult(true)) return;
            }

            isTaken = false;
        }
    }

    /// <summary>One request's place in the line; gives its turn back when disposed.</summary>
    /// <param name="largeBytes">From how many bytes held on it needs the turn.</param>
    public sealed class Ticket(LargeTurn line, int tenantId, int largeBytes = LargeBytes) : IDisposable
    {
        private bool isTaken;

        /// <summary>Whether it has the turn.</summary>
        public bool HasTurn => isTaken;

        /// <summary>From how many bytes held on the turn is needed.</summary>
        public int LargeBytes => largeBytes;

        /// <summary>Waits for the turn if that many bytes need one; false when the sender has left meanwhile.</summary>
        public async ValueTask<bool> TryTakeAsync(int heldBytes, CancellationToken cancel) =>
            isTaken || heldBytes < largeBytes || (isTaken = await line.EnterAsync(tenantId, cancel));

        public void Dispose()
        {
            if (isTaken) line.Leave();
            isTaken = false;
        }
    }
}
