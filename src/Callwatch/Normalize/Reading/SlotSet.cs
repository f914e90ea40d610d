using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Callwatch.Normalize.Reading;

/// <summary>A set of slots: 512 bits, so that "has this span any attribute of that field" is two instructions.</summary>
[InlineArray(AttributeTable.MaxSlots / 64)]
internal struct SlotSet
{
    private ulong first;

    public void Add(int slot) => this[slot >> 6] |= 1ul << slot;

    public readonly bool Has(int slot) => (this[slot >> 6] & (1ul << slot)) != 0;

    public void Add(in SlotSet other)
    {
        for (var i = 0; i < AttributeTable.MaxSlots / 64; i++) this[i] |= other[i];
    }

    public static bool Meet(in SlotSet a, in SlotSet b)
    {
        ref var left = ref Unsafe.As<SlotSet, byte>(ref Unsafe.AsRef(in a));
        ref var right = ref Unsafe.As<SlotSet, byte>(ref Unsafe.AsRef(in b));
        return ((Vector512.LoadUnsafe(ref left) & Vector512.LoadUnsafe(ref right)) != Vector512<byte>.Zero);
    }

    public readonly bool IsEmpty
    {
        get
        {
            foreach (var part in MemoryMarshal.CreateReadOnlySpan(in first, AttributeTable.MaxSlots / 64))
                if (part != 0) return false;
            return true;
        }
    }
}
