using Callwatch.Spans;

namespace Callwatch.Query.Stats;

/// <summary>Who takes what rows add.</summary>
/// <typeparam name="T">A group.</typeparam>
internal interface ITakeFigures<T>
    where T : class
{
    /// <summary>True when nothing but the number of calls is wanted of the figures.</summary>
    bool OnlyCalls => false;

    /// <summary>False when nobody asks who made the calls.</summary>
    bool TakesPeople => true;

    /// <summary>Moments less than this apart and between the same two multiples of it mean the same; seconds.</summary>
    long Width => 60;

    /// <summary>Null when the group is not wanted.</summary>
    T? Group(string?[] key);

    void Take(T group, long unixSeconds, Outcome outcome, in RollupFigures figures);

    void TakePeople(T group, long unixSeconds, int? user, int? session);

    /// <summary>One more call of somebody, and of a session, that the group has taken within the same <see cref="Width"/>.</summary>
    void TakeSessionAgain(T group, long unixSeconds)
    {
    }
}

/// <summary>Takes a call.</summary>
/// <param name="tags">Its tags as JSON; null where there are none, or they were not asked for.</param>
internal delegate void TakeCall<in T>(T group, Outcome outcome, in RollupFigures figures, string? tags);
