namespace Callwatch.Query.Stats;

/// <summary>
/// Remembers what was counted a moment ago: the calls of a session follow each other, and who is counted once need not be looked up again. What it has forgotten
/// is counted once more, which changes nothing.
/// </summary>
/// <typeparam name="T">A group.</typeparam>
internal sealed class SeenLately<T>
    where T : class
{
    private const int Places = 1 << 12;

    private readonly (T? Group, long Moment, long Who)[] places = new (T?, long, long)[Places];

    /// <summary>Whether they were seen, from now on they are.</summary>
    public bool Again(T group, long moment, long who)
    {
        var hash = (ulong)(who ^ (who >> 29) ^ (moment * 31)) * 0x9E37_79B9_7F4A_7C15;
        ref var place = ref places[hash >> 52];
        if (ReferenceEquals(place.Group, group) && place.Moment == moment && place.Who == who) return true;
        place = (group, moment, who);
        return false;
    }
}
