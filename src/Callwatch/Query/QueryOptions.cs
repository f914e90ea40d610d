using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Callwatch.Query;

/// <summary>Settings under <c>Callwatch:Query</c>.</summary>
public sealed class QueryOptions
{
    public const string Section = "Callwatch:Query";

    /// <summary>Longest time a question may take; also the longest any read transaction lives. 100 ms to 2 s; default 2 s.</summary>
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Time after which a page of a list is answered with what has been found, and says how far it looked. Default 200 ms.</summary>
    public TimeSpan PageTime { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Questions answered at the same time; others wait for their turn. 0 takes the number of cores, at least 2. Default 0.</summary>
    [Range(0, 256)] public int MaxAtOnce { get; set; }

    /// <summary>Questions of one tenant that wait for their turn; more are answered 429. Default 64.</summary>
    [Range(1, 10_000)] public int MaxWaiting { get; set; } = 64;

    /// <summary>Groups held in memory for one question. Default 20,000.</summary>
    [Range(100, 1_000_000)] public int MaxGroups { get; set; } = 20_000;

    /// <summary>Rows up to which figures by user, release, prompt or tag are counted one by one, and users and sessions exactly; beyond, bounded rollups and estimates answer. Default 300,000.</summary>
    [Range(0, 100_000_000)] public int MostRowsCounted { get; set; } = 300_000;
}

[OptionsValidator]
internal sealed partial class QueryOptionsValidator : IValidateOptions<QueryOptions>;
