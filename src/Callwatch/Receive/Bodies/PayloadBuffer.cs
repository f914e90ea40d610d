using System.Buffers;
using System.Runtime.InteropServices;

namespace Callwatch.Receive.Bodies;

/// <summary>Why a buffer could not grow.</summary>
public enum BufferTrouble : byte
{
    None = 0,

    /// <summary>Larger than one request may be.</summary>
    OverLimit,

    /// <summary>All requests in flight hold too much together, or those of one tenant more than their share.</summary>
    OverBudget,
}

/// <summary>
/// Contiguous bytes of one request that grow in place, counted against <see cref="InFlightBytes"/>. Up to 1 MiB they lie in pooled
/// arrays; beyond, in memory of the system's own that goes back to it at once: large managed arrays would stay until a full collection,
/// and a burst of large requests would take several times what they hold.
/// Once it cannot grow, <see cref="Trouble"/> says why and all further writing does nothing.
/// </summary>
/// <param name="tenantId">Whose request it is.</param>
/// <param name="hasTurn">Whether it is the one large request that goes on now; null for never.</param>
public sealed class PayloadBuffer(InFlightBytes? budget, int maxBytes, int tenantId = 0, Func<bool>? hasTurn = null) : IDisposable
{
    private const int LargestPooledBytes = 1 << 20;

    // malloc gives blocks above 32 MiB pages of their own, taken when first written and returned when freed.
    private const int FirstNativeBytes = 40 << 20;
    private const int TakenAtOnce = 64 * 1024;
    private const int FirstBytes = 4 * 1024;

    private byte[]? pooled;
    private NativeBlock? native;
    private long taken;

    public int Length { get; private set; }

    public BufferTrouble Trouble { get; private set; }

    public Span<byte> Written => Room[..Length];

    /// <summary>The written bytes; valid until more are written or the buffer is disposed.</summary>
    public ReadOnlyMemory<byte> Memory => native is null ? pooled.AsMemory(0, Length) : native.Memory[..Length];

    private Span<byte> Room => native is null ? pooled : native.GetSpan();

    /// <summary>Room for at least <paramref name="atLeast"/> bytes behind the written ones; empty when there is trouble.</summary>
    public Span<byte> Free(int atLeast) => TryGrow(atLeast) ? Room[Length..(int)Math.Min(Room.Length, taken)] : default;

    /// <summary>Counts bytes put into <see cref="Free"/> as written.</summary>
    public void Advance(int bytes) => Length += bytes;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (!TryGrow(bytes.Length)) return;
        bytes.CopyTo(Room[Length..]);
        Length += bytes.Length;
    }

    public void Append(byte value)
    {
        if (!TryGrow(1)) return;
        Room[Length++] = value;
    }

    /// <summary>Takes back what was written behind this length.</summary>
    public void CutTo(int length) => Length = length;

    public bool TryGrow(int by)
    {
        var wanted = (long)Length + by;
        if (wanted <= taken && Trouble == BufferTrouble.None) return true;
        return Trouble == BufferTrouble.None && Take(wanted);
    }

    public void Dispose()
    {
        // First of all: giving pages back takes a while, in which others would be refused for nothing.
        if (taken > 0) budget?.Give(tenantId, taken);
        ReturnPooled();
        native?.Free();
        (native, taken, Length) = (null, 0, 0);
        Trouble = BufferTrouble.OverLimit;
    }

    private bool Take(long wanted)
    {
        if (wanted > maxBytes)
        {
            Trouble = BufferTrouble.OverLimit;
            return false;
        }

        // A little ahead, so that the shared counter is not asked for every field.
        var step = wanted <= TakenAtOnce / 2 ? FirstBytes : TakenAtOnce;
        var target = Math.Min(maxBytes, (wanted + step - 1) / step * step);
        if (budget is not null && !budget.TryTake(tenantId, target - taken, hasTurn?.Invoke() == true))
        {
            Trouble = BufferTrouble.OverBudget;
            return false;
        }

        taken = target;
        if (target > Room.Length) Enlarge((int)target);
        return true;
    }

    private void Enlarge(int bytes)
    {
        if (bytes <= LargestPooledBytes)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Clamp((pooled?.Length ?? 0) * 2, bytes, LargestPooledBytes));
            Written.CopyTo(larger);
            ReturnPooled();
            pooled = larger;
            return;
        }

        var size = (int)Math.Max(bytes, Math.Min(maxBytes, bytes > FirstNativeBytes ? bytes * 2L : FirstNativeBytes));
        if (native is not null)
        {
            native.Resize(size);
            return;
        }

        var block = new NativeBlock(size);
        Written.CopyTo(block.GetSpan());
        ReturnPooled();
        native = block;
    }

    private void ReturnPooled()
    {
        if (pooled is not null) ArrayPool<byte>.Shared.Return(pooled);
        pooled = null;
    }

    private sealed unsafe class NativeBlock(int size) : MemoryManager<byte>
    {
        private byte* start = (byte*)NativeMemory.Alloc((nuint)size);
        private int size = size;

        public void Resize(int bytes)
        {
            start = (byte*)NativeMemory.Realloc(start, (nuint)bytes);
            size = bytes;
        }

        public void Free()
        {
            NativeMemory.Free(start);
            start = null;
            size = 0;
        }

        public override Span<byte> GetSpan() => new(start, size);

        public override MemoryHandle Pin(int elementIndex = 0) => new(start + elementIndex);

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
