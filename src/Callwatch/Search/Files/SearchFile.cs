using Callwatch.Spans;
using Callwatch.Store.Partitions;

namespace Callwatch.Search.Files;

/// <summary>One file of the index: spans that ended on one UTC day, or before 2020 in one year, as the store divides them.</summary>
/// <param name="Applied">Journal number of the last batch that touched it.</param>
internal sealed record SearchFile(string Name, DateOnly Day, int Sequence, long Documents, long Applied)
{
    public static SearchFile New(DateOnly day, int sequence) => new(Partition.New(day, sequence).File, day, sequence, 0, 0);

    /// <summary>What a file's name says; null when it is none of the index's.</summary>
    public static SearchFile? Named(string name) => Partition.TryParse(name, out var named) ? New(named.Day, named.Sequence) : null;

    public Timestamp To => Partition.New(Day, Sequence).To;
}
