using Callwatch.Spans;
using Callwatch.Store.Partitions;

namespace Callwatch.Query.Lists;

/// <summary>How a part of a list in another order than by end is looked through.</summary>
internal enum OrderedWay
{
    /// <summary>The first rows of the order, whatever the filter says of them, then the next ones: what is asked is looked at row by row.</summary>
    Walk,

    /// <summary>An hour.</summary>
    Hour,

    /// <summary>All there is, at once.</summary>
    Whole,

    /// <summary>What has no value, at the end of either order.</summary>
    WithoutValue,
}

/// <summary>A part of a partition that is still to be looked through.</summary>
/// <param name="Best">No row of it stands before this place.</param>
/// <param name="After">Rows up to this place have been looked at, or stand on a page before.</param>
internal sealed record OrderedUnit(Partition Partition, OrderedWay Way, ListPlace Best, ListPlace? After, Timestamp Low, Timestamp High)
{
    /// <summary>By which index a walk goes, and all that is left is read.</summary>
    public RowsBy By { get; init; } = RowsBy.Rows;

    /// <summary>How many rows a walk looks at next.</summary>
    public int Size { get; init; }

    /// <summary>The hours in which anything is meant; null where that is not known.</summary>
    public IReadOnlyList<PeakHour>? Hours { get; init; }
}
