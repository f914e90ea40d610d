using System.Runtime.InteropServices;
using Callwatch.Spans;
using Callwatch.Store.Rollups;

namespace Callwatch.Query.Stats;

/// <summary>Takes a row of a cut.</summary>
internal delegate void TakeCut(GroupNumbers group, long bucket, Outcome outcome, ReadOnlySpan<byte> figures);

/// <summary>Rows of a cut as one question read them, added up where they mean the same to it, to be handed out again without asking the file.</summary>
internal sealed class CutRows
{
    /// <summary>Stands for more than can be kept.</summary>
    public static readonly CutRows TooMany = new([], [], []);

    private const int BytesBeside = 80;

    private readonly Key[] keys;
    private readonly int[] ends;
    private readonly byte[] figures;

    private CutRows(Key[] keys, int[] ends, byte[] figures) => (this.keys, this.ends, this.figures) = (keys, ends, figures);

    /// <summary>What rows are told apart by.</summary>
    internal readonly record struct Key(GroupNumbers Group, long Bucket, Outcome Outcome);

    /// <summary>Bytes, about.</summary>
    public int Bytes => figures.Length + (keys.Length * BytesBeside);

    public void Give(TakeCut take)
    {
        var from = 0;
        for (var i = 0; i < keys.Length; i++)
        {
            take(keys[i].Group, keys[i].Bucket, keys[i].Outcome, figures.AsSpan(from, ends[i] - from));
            from = ends[i];
        }
    }

    /// <summary>Collects rows while they are read.</summary>
    internal sealed class Builder
    {
        // A day by quarter hours, thirty models and three outcomes are 8,640.
        private const int MostRows = 20_000;

        private readonly Dictionary<Key, Entry> cells = [];
        private bool tooMany;

        /// <summary>A row as it stands, or the sum of several: of whole days by user or tag most are alone.</summary>
        private struct Entry
        {
            public byte[]? Packed;
            public FigureCell? Sum;
        }

        /// <param name="packed">As the file has it.</param>
        public void Add(Key key, ReadOnlySpan<byte> packed)
        {
            if (tooMany) return;
            ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(cells, key, out var known);
            if (!known)
            {
                entry.Packed = packed.ToArray();
                tooMany = cells.Count > MostRows;
                return;
            }

            if (entry.Sum is not { } sum)
            {
                sum = entry.Sum = new FigureCell();
                sum.Add(entry.Packed);
                entry.Packed = null;
            }

            Span<long> sums = stackalloc long[CallFigures.Count];
            PackedFigures.Read(packed, sums, out var latencyMax, out var ttftMax, out var latency, out var ttft);
            tooMany = !Fit(sum.Sums, sums);
            if (!tooMany) sum.Add(sums, latencyMax, ttftMax, latency, ttft);
        }

        /// <summary>Null when they are too many to be kept.</summary>
        public CutRows? Build()
        {
            if (tooMany) return null;
            var ends = new List<int>(cells.Count);
            var figures = new MemoryStream();
            foreach (var entry in cells.Values)
            {
                figures.Write(entry.Packed ?? PackedFigures.Write(entry.Sum!));
                ends.Add((int)figures.Length);
            }

            return new CutRows([.. cells.Keys], [.. ends], figures.ToArray());
        }

        // Sums over groups may be more than a row of the file can hold.
        private static bool Fit(ReadOnlySpan<long> sums, ReadOnlySpan<long> more)
        {
            for (var i = 0; i < sums.Length; i++)
                if ((Int128)sums[i] + more[i] is var sum && (sum > long.MaxValue || sum < long.MinValue)) return false;
            return true;
        }
    }
}
