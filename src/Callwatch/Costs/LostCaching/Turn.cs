using Callwatch.Spans;

namespace Callwatch.Costs.LostCaching;

/// <summary>Calls that may continue each other: of one app, operation and model.</summary>
internal readonly record struct StreamKey(int AppId, string? Operation, string? Provider, string? Model);

/// <summary>One model call of a session, as far as caching goes.</summary>
/// <param name="Row">Where its row is: to be asked for its ids.</param>
internal sealed record Turn(
    StreamKey Stream, string Session, Timestamp Start, Timestamp End, long Input, long CacheRead, long CacheWrite, (string File, long Id) Row);

/// <summary>Two consecutive turns in which the cache should have helped and did not.</summary>
/// <param name="LostTokens">What it should have given and did not.</param>
internal sealed record LostPair(Turn Before, Turn After, long LostTokens)
{
    public TimeSpan Gap => TimeSpan.FromTicks(Math.Max(0, After.Start.UnixNanoseconds - Before.End.UnixNanoseconds) / 100);
}

/// <summary>The comparison of all consecutive turns of one stream.</summary>
internal sealed record StreamTurns(StreamKey Stream, long Pairs, double? Usual, Timestamp? LastGood, IReadOnlyList<LostPair> Lost);
