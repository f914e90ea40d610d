using Callwatch.Spans;
using Callwatch.Store.Partitions;

namespace Callwatch.Query;

/// <summary>What a group of failed calls has in common.</summary>
internal readonly record struct FailureKey(long Fingerprint, string? Provider, string? Model);

/// <summary>What is known of it, while it is counted.</summary>
internal sealed class FailureGroup
{
    public long Calls { get; set; }
    public long First { get; set; } = long.MaxValue;
    public long Last { get; set; }
    public string Type { get; set; } = "_OTHER";
    public string Message { get; set; } = "";
    public List<Partition> SeenIn { get; } = [];
    public List<TraceId> Samples { get; } = [];

    /// <summary>Where the rows of the first are; null when they are gone.</summary>
    public Partition? FirstIn { get; set; }
    public ErrorOrigin Origin { get; set; }

    public void See(long first, Partition? partition)
    {
        if (first <= First) (First, FirstIn) = (first, partition);
    }
}
