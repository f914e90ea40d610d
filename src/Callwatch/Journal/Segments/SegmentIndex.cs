namespace Callwatch.Journal.Segments;

/// <summary>Where some of a segment's records lie: one in every 128 KiB, the rest is found by walking on from there.</summary>
internal sealed class SegmentIndex
{
    private const long Stride = 128 * 1024;

    private readonly Lock gate = new();
    private readonly List<(long Number, long Offset)> places = [];

    /// <summary>Whether the whole segment has been looked at; that of the segment being written always has.</summary>
    public bool IsBuilt { get; set; }

    public void Add(long number, long offset)
    {
        lock (gate)
        {
            if (places.Count == 0 || (offset - places[^1].Offset >= Stride && number > places[^1].Number)) places.Add((number, offset));
        }
    }

    /// <summary>The closest known place at or before the number; the start of the records when there is none.</summary>
    public (long Number, long Offset) Before(long number)
    {
        lock (gate)
        {
            var (low, high) = (0, places.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (places[middle].Number <= number) low = middle + 1;
                else high = middle;
            }

            return low == 0 ? (0, SegmentHeader.Size) : places[low - 1];
        }
    }
}
