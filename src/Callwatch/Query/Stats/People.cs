using Callwatch.Store.Partitions;

namespace Callwatch.Query.Stats;

/// <summary>Numbers for users and sessions, the same in every partition of a question; up to a bound, past which nobody is counted.</summary>
internal sealed class People
{
    private const int Most = 500_000;

    private readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<long, int> known = [];
    private PartitionReader? current;

    /// <summary>False once there were more than can be held.</summary>
    public bool AreCounted { get; set; } = true;

    /// <param name="word">Id in the partition's dictionary; null is nobody known.</param>
    public int? NumberOf(PartitionReader partition, long? word)
    {
        if (word is not { } id || !AreCounted) return null;
        if (!ReferenceEquals(partition, current))
        {
            current = partition;
            known.Clear();
        }

        if (known.TryGetValue(id, out var number)) return number;
        var name = partition.Word(id);
        if (!numbers.TryGetValue(name, out number)) numbers[name] = number = numbers.Count;
        known[id] = number;
        AreCounted = numbers.Count <= Most;
        return number;
    }
}
