namespace Callwatch.Query;

/// <summary>All releases that are known, whenever they were in use.</summary>
/// <param name="inRange">Those in use on the days of the range.</param>
/// <param name="whole">False where the time did not do for the oldest days.</param>
internal sealed class KnownReleases(IReadOnlyList<string> newestFirst, IReadOnlySet<string> inRange, bool whole)
{
    private readonly Dictionary<string, int> places = newestFirst.Index().ToDictionary(one => one.Item, one => one.Index, StringComparer.Ordinal);

    public bool Whole => whole;

    /// <summary>Newest first.</summary>
    public IEnumerable<string> InRange => newestFirst.Where(inRange.Contains);

    /// <summary>False where one of them is not known: nothing is claimed.</summary>
    public bool IsLater(string release, string than) => places.TryGetValue(release, out var place) && places.TryGetValue(than, out var other) && place < other;
}
