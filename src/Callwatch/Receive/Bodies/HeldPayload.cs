namespace Callwatch.Receive.Bodies;

/// <summary>The bytes of one request at the step it has reached; those of the step before are given back as soon as the next has its own.</summary>
internal sealed class HeldPayload(InFlightBytes budget, int tenantId, LargeTurn.Ticket turn) : IDisposable
{
    private readonly List<PayloadBuffer> buffers = [];

    public ReadOnlyMemory<byte> Bytes { get; set; }

    /// <summary>A buffer for the next step.</summary>
    public PayloadBuffer Next(int maxBytes)
    {
        var buffer = new PayloadBuffer(budget, maxBytes, tenantId, () => turn.HasTurn);
        buffers.Add(buffer);
        return buffer;
    }

    /// <summary>The step is done: what it has written is the payload now, and all before it goes.</summary>
    public void GoOnWith(PayloadBuffer buffer)
    {
        foreach (var earlier in buffers)
            if (earlier != buffer) earlier.Dispose();
        buffers.RemoveAll(earlier => earlier != buffer);
        Bytes = buffer.Memory;
    }

    public void Dispose()
    {
        foreach (var buffer in buffers) buffer.Dispose();
        buffers.Clear();
        Bytes = default;
    }
}
