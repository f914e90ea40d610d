using System.Numerics;
using System.Runtime.InteropServices;
using Callwatch.Spans;

namespace Callwatch.Store.Partitions;

/// <summary>
/// A Bloom filter of trace ids that grows: says "no" for certain, "maybe" wrongly about once in a thousand times. Each trace has its
/// bits in one block of 64 bytes, so that asking costs one cache miss a stage. One thread adds; any thread may ask meanwhile.
/// </summary>
internal sealed class TraceFilter
{
    private const int BitsPerTrace = 16;
    private const int Probes = 8;
    private const int FirstCapacity = 4_096;
    private Stage[] stages = [];

    public int Count { get; private set; }

    public static TraceFilter ForCapacity(int traces) => new() { stages = traces <= 0 ? [] : [new Stage(traces)] };

    public bool MayHold(TraceId trace)
    {
        var hash = Mix(trace);
        foreach (var stage in Volatile.Read(ref stages))
            if (stage.MayHold(hash)) return true;
        return false;
    }

    public void Add(TraceId trace)
    {
        var hash = Mix(trace);
        foreach (var stage in stages)
            if (stage.MayHold(hash)) return;
        if (stages.Length == 0 || stages[^1].Full)
            Volatile.Write(ref stages, [.. stages, new Stage(stages.Length == 0 ? FirstCapacity : stages[^1].Capacity * 4)]);
        stages[^1].Add(hash);
        Count++;
    }

    /// <summary>All bits, to be kept in a file beside the partition.</summary>
    public void Save(Stream target)
    {
        using var writer = new BinaryWriter(target, System.Text.Encoding.UTF8, leaveOpen: true);
        writer.Write(stages.Length);
        writer.Write(Count);
        foreach (var stage in stages) stage.Save(writer);
    }

    /// <summary>Null when the stream does not hold a whole filter.</summary>
    public static TraceFilter? Load(Stream source)
    {
        using var reader = new BinaryReader(source, System.Text.Encoding.UTF8, leaveOpen: true);
        try
        {
            var count = reader.ReadInt32();
            if (count is < 0 or > 16) return null;
            var filter = new TraceFilter { Count = reader.ReadInt32() };
            var loaded = new Stage[count];
            for (var i = 0; i < count; i++)
            {
                if (Stage.Load(reader) is not { } stage) return null;
                loaded[i] = stage;
            }

            filter.stages = loaded;
            return filter;
        }
        catch (EndOfStreamException)
        {
            return null;
        }
    }

    // Trace ids are random only if the sender is good: mix all bits.
    private static ulong Mix(TraceId trace)
    {
        var x = trace.High * 0x9E3779B97F4A7C15 ^ BitOperations.RotateLeft(trace.Low, 31) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    private sealed class Stage
    {
        private readonly ulong[] words;
        private int count;

        public Stage(int capacity)
            : this(new ulong[Math.Max(1, (int)((long)capacity * BitsPerTrace / 512)) * 8], 0)
        {
        }

        private Stage(ulong[] words, int count)
        {
            this.words = words;
            this.count = count;
        }

        public int Capacity => (int)((long)words.Length * 64 / BitsPerTrace);

        public bool Full => count >= Capacity;

        public bool MayHold(ulong hash)
        {
            var block = Block(hash);
            var bits = hash;
            for (var i = 0; i < Probes; i++, bits >>= 6)
            {
                if (i == 5) bits = Second(hash);
                if ((Volatile.Read(ref words[block + (i & 7)]) & (1UL << (int)(bits & 63))) == 0) return false;
            }

            return true;
        }

        public void Add(ulong hash)
        {
            var block = Block(hash);
            var bits = hash;
            for (var i = 0; i < Probes; i++, bits >>= 6)
            {
                if (i == 5) bits = Second(hash);
                ref var word = ref words[block + (i & 7)];
                Volatile.Write(ref word, word | (1UL << (int)(bits & 63)));
            }

            count++;
        }

        public void Save(BinaryWriter writer)
        {
            writer.Write(words.Length);
            writer.Write(count);
            writer.Write(MemoryMarshal.AsBytes(words.AsSpan()));
        }

        public static Stage? Load(BinaryReader reader)
        {
            var length = reader.ReadInt32();
            if (length is <= 0 or > 64 * 1024 * 1024 || length % 8 != 0 || length * 8L > reader.BaseStream.Length - reader.BaseStream.Position) return null;
            var stage = new Stage(new ulong[length], reader.ReadInt32());
            reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(stage.words.AsSpan()));
            return stage;
        }

        // The low bits choose the place within the block, the high ones the block.
        private int Block(ulong hash) => (int)Math.BigMul(hash, (ulong)(words.Length / 8), out _) * 8;

        private static ulong Second(ulong hash) => (hash * 0xD6E8FEB86659FD93) >> 20;
    }
}
