using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Callwatch.Search.Documents;

/// <summary>
/// Which messages were seen, as 64-bit hashes, in bounded memory: two generations, of which the older goes when the younger is full. What is
/// asked for again is young again, so that a conversation that goes on is not forgotten.
/// </summary>
internal sealed class SeenMessages(int most = SeenMessages.Most)
{
    /// <summary>Of each generation: 32 MiB when both are full.</summary>
    public const int Most = 1_000_000;

    private HashTable young = new();
    private HashTable old = new();

    public int Count => young.Count + old.Count;

    public bool Has(ulong hash)
    {
        if (young.Has(hash)) return true;
        if (!old.Has(hash)) return false;
        Put(hash);
        return true;
    }

    /// <summary>True when it had not been seen.</summary>
    public bool Add(ulong hash)
    {
        if (Has(hash)) return false;
        Put(hash);
        return true;
    }

    public void Clear() => (young, old) = (new HashTable(), new HashTable());

    public void Write(Stream to)
    {
        old.Write(to);
        young.Write(to);
    }

    public void Read(Stream from)
    {
        old = HashTable.Read(from, most);
        young = HashTable.Read(from, most);
    }

    private void Put(ulong hash)
    {
        if (young.Count >= most) (old, young) = (young, new HashTable());
        young.Add(hash);
    }

    /// <summary>Open addressing over plain numbers; 0 is "none".</summary>
    private sealed class HashTable
    {
        private ulong[] slots = new ulong[1_024];

        public int Count { get; private set; }

        public bool Has(ulong hash) => slots[Find(hash)] != 0;

        public void Add(ulong hash)
        {
            var at = Find(hash);
            if (slots[at] != 0) return;
            slots[at] = Key(hash);
            if (++Count * 4 > slots.Length * 3) Grow();
        }

        public void Write(Stream to)
        {
            Span<byte> count = stackalloc byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(count, Count);
            to.Write(count);
            var packed = slots.Where(slot => slot != 0).ToArray();
            to.Write(MemoryMarshal.AsBytes(packed.AsSpan()));
        }

        public static HashTable Read(Stream from, int most)
        {
            Span<byte> size = stackalloc byte[4];
            from.ReadExactly(size);
            var count = BinaryPrimitives.ReadInt32LittleEndian(size);
            if (count < 0 || count > most + 1) throw new InvalidDataException("More hashes than there can be.");
            var packed = new ulong[count];
            from.ReadExactly(MemoryMarshal.AsBytes(packed.AsSpan()));
            var table = new HashTable();
            foreach (var hash in packed) table.Add(hash);
            return table;
        }

        private static ulong Key(ulong hash) => hash == 0 ? 1 : hash;

        private int Find(ulong hash)
        {
            var key = Key(hash);
            var at = (int)(key & (ulong)(slots.Length - 1));
            while (slots[at] != 0 && slots[at] != key) at = (at + 1) & (slots.Length - 1);
            return at;
        }

        private void Grow()
        {
            var before = slots;
            slots = new ulong[before.Length * 2];
            foreach (var hash in before)
                if (hash != 0) slots[Find(hash)] = hash;
        }
    }
}
