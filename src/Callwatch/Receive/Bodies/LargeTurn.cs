namespace Callwatch.Receive.Bodies;

/// <summary>
/// Requests that hold much go one after another. Side by side they would take each other's room in flight and all be refused, again and
/// again, though any one of them fits. Small ones pass them by.
/// </summary>
internal sealed class LargeTurn : IDisposable
{
    /// <summary>A request that holds this much needs the turn to go on.</summary>
    public const int LargeBytes = 8 << 20;

    private readonly SemaphoreSlim turn = new(1);

    public void Dispose() => turn.Dispose();

    /// <summary>One request's place in the line; gives its turn back when disposed.</summary>
    public sealed class Ticket(LargeTurn line) : IDisposable
    {
        private bool isTaken;

        /// <summary>Waits for the turn if that many bytes need one; false when the sender has left meanwhile.</summary>
        public async ValueTask<bool> TryTakeAsync(int heldBytes, CancellationToken cancel)
        {
            if (isTaken || heldBytes < LargeBytes) return true;
            try
            {
                await line.turn.WaitAsync(cancel);
            }
            catch (OperationCanceledException)
            {
                return false;
            }

            isTaken = true;
            return true;
        }

        public void Dispose()
        {
            if (isTaken) line.turn.Release();
            isTaken = false;
        }
    }
}
