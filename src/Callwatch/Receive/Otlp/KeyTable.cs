using System.Buffers.Binary;
using System.Numerics;

namespace Callwatch.Receive.Otlp;

/// <summary>The different keys of one list of attributes, by where they lie in its message. Used again and again without clearing.</summary>
internal sealed class KeyTable(int capacity)
{
    // Differs per process: keys that were chosen to collide in one do not in another.
    private static readonly ulong Seed = (ulong)Random.Shared.NextInt64() | 1;

    private (int Start, int Length)[] keys = [];
    private ulong[] slots = [];
    private uint generation;

    public int Count { get; private set; }

    /// <summary>Empties it for a list that may have this many keys; of more than its capacity it holds the first.</summary>
    public void Begin(int expected)
    {
        Count = 0;
        expected = Math.Min(expected, capacity);
        if (expected > keys.Length)
        {
            keys = new (int, int)[BitOperations.RoundUpToPowerOf2((uint)expected)];
            slots = new ulong[keys.Length * 2];
            generation = 0;
        }

        if (++generation != 0) return;
        Array.Clear(slots);
        generation = 1;
    }

    /// <summary>The key's number in order of first appearance; <paramref name="known"/> when it was there before, -1 when there is no room.</summary>
    public int Add(ReadOnlySpan<byte> message, int start, int length, out bool known)
    {
        var key = message.Slice(start, length);
        var mask = (ulong)slots.Length - 1;
        var slot = Hash(key) & mask;
        while (slots[slot] >> 32 == generation)
        {
            var index = (int)(uint)slots[slot];
            if (keys[index].Length == length && message.Slice(keys[index].Start, length).SequenceEqual(key))
            {
                known = true;
                return index;
            }

            slot = (slot + 1) & mask;
        }

        known = false;
        if (Count == Math.Min(capacity, keys.Length)) return -1;
        keys[Count] = (start, length);
        slots[slot] = ((ulong)generation << 32) | (uint)Count;
        return Count++;
    }

    private static ulong Hash(ReadOnlySpan<byte> key)
    {
        var hash = Seed ^ (ulong)key.Length;
        for (; key.Length >= 8; key = key[8..]) hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(key));
        ulong rest = 0;
        foreach (var part in key) rest = (rest << 8) | part;
        return Mix(hash ^ rest);
    }

    private static ulong Mix(ulong value)
    {
        value *= Seed;
        value ^= value >> 29;
        value *= 0x9E3779B97F4A7C15;
        return value ^ (value >> 32);
    }
}
