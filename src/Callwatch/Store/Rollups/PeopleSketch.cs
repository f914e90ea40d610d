using System.Numerics;
using System.Runtime.InteropServices;

namespace Callwatch.Store.Rollups;

/// <summary>
/// Counts distinct texts within about 1.6 % in at most 4 KiB, and adds up over days and apps (HyperLogLog, 4,096 registers). While few
/// registers are set, a blob lists them (format 1: register and value in three bytes), else it holds them all (format 2).
/// </summary>
internal sealed class PeopleSketch
{
    private const int Bits = 12;
    private const int Registers = 1 << Bits;
    private const byte Sparse = 1, Dense = 2;

    private readonly byte[] registers = new byte[Registers];

    public void Add(ulong hash)
    {
        var register = (int)(hash >> (64 - Bits));
        var rank = (byte)(BitOperations.LeadingZeroCount((hash << Bits) | (1UL << (Bits - 1))) + 1);
        if (rank > registers[register]) registers[register] = rank;
    }

    public void Merge(ReadOnlySpan<byte> blob)
    {
        if (blob.IsEmpty) return;
        if (blob[0] == Dense && blob.Length == Registers + 1)
        {
            for (var i = 0; i < Registers; i++) registers[i] = Math.Max(registers[i], blob[i + 1]);
        }
        else if (blob[0] == Sparse)
        {
            for (var rest = blob[1..]; rest.Length >= 3; rest = rest[3..])
            {
                var register = (rest[0] | (rest[1] << 8)) & (Registers - 1);
                registers[register] = Math.Max(registers[register], rest[2]);
            }
        }
    }

    public void Merge(PeopleSketch other)
    {
        for (var i = 0; i < Registers; i++) registers[i] = Math.Max(registers[i], other.registers[i]);
    }

    public long Estimate()
    {
        double sum = 0;
        var empty = 0;
        foreach (var register in registers)
        {
            sum += Math.ScaleB(1, -register);
            if (register == 0) empty++;
        }

        var raw = 0.7213 / (1 + (1.079 / Registers)) * Registers * Registers / sum;
        // Small numbers are told far better by how many registers are still empty.
        return raw <= 2.5 * Registers && empty > 0 ? (long)Math.Round(Registers * Math.Log((double)Registers / empty)) : (long)Math.Round(raw);
    }

    public byte[] ToBlob()
    {
        var set = registers.Count(register => register != 0);
        if (set * 3 >= Registers) return [Dense, .. registers];
        var blob = new byte[1 + (set * 3)];
        blob[0] = Sparse;
        for (var (i, at) = (0, 1); i < Registers; i++)
        {
            if (registers[i] == 0) continue;
            (blob[at], blob[at + 1], blob[at + 2]) = ((byte)i, (byte)(i >> 8), registers[i]);
            at += 3;
        }

        return blob;
    }

    /// <summary>The same for a text in every partition and for ever: it is stored within sketches.</summary>
    public static ulong HashOf(string text)
    {
        // FNV-1a over UTF-16, then the finaliser of SplitMix64, which spreads it over all bits.
        var hash = 14_695_981_039_346_656_037UL;
        foreach (var part in MemoryMarshal.AsBytes(text.AsSpan())) hash = (hash ^ part) * 1_099_511_628_211UL;
        hash += 0x9E3779B97F4A7C15UL;
        hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9UL;
        hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBUL;
        return hash ^ (hash >> 31);
    }
}
