using Callwatch.Spans;

namespace Callwatch.Costs.LostCaching;

/// <summary>Compares consecutive turns of sessions by their counts alone. Pure.</summary>
internal static class TurnPairs
{
    /// <summary>Prompts shorter than this are cached by nobody.</summary>
    public const long LeastPrompt = 1_024;

    /// <summary>Longest that the common caches keep a prompt which nobody asks for.</summary>
    public static readonly TimeSpan UsuallyKept = TimeSpan.FromMinutes(5);

    // Turns further apart than the longest lifetime that can be bought say nothing.
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    // Fewer turns say nothing about what is usual, nor does a smaller part of them, nor a time in which the cache helped in fewer than these.
    private const int Enough = 3;
    private const double EnoughOfAll = 0.2;
    private const double Mostly = 0.7;

    /// <summary>Streams with losses of turns that ended from <paramref name="from"/> on; turns before that say what is usual.</summary>
    public static IReadOnlyList<StreamTurns> Find(IEnumerable<Turn> turns, Timestamp from) =>
        [.. turns.GroupBy(turn => turn.Stream).Select(stream => OfStream(stream.Key, stream, from)).Where(stream => stream.Pairs > 0)];

    private static StreamTurns OfStream(StreamKey key, IEnumerable<Turn> turns, Timestamp from)
    {
        var pairs = Kept(turns.GroupBy(turn => turn.Session, StringComparer.Ordinal).SelectMany(Consecutive).OrderBy(pair => pair.After.End).ThenBy(pair => pair.After.Row.Id).ToList());
        var good = pairs.Where(IsGood).ToList();
        var usual = IsUsual([.. pairs.Select(IsGood)]) ? Median([.. good.Select(pair => Share(pair.After.CacheRead, pair.Before.Input))]) : (double?)null;
        var within = pairs.Where(pair => pair.After.End >= from).ToList();
        var lost = within.Select(pair => (pair.Before, pair.After, Lost: LostOf(pair.Before, pair.After, usual))).Where(pair => pair.Lost > 0)
            .Select(pair => new LostPair(pair.Before, pair.After, pair.Lost)).OrderBy(pair => pair.After.End).ToList();
        Timestamp? lastGood = lost.Count == 0 ? null
            : good.Where(pair => pair.After.End < lost[0].After.End).Select(pair => (Timestamp?)pair.After.End).Max();
        return new StreamTurns(key, within.Count, usual, lastGood, lost);
    }

    // The prompt grew from one to the next, and the one was over before the other began: a conversation, not two questions side by side.
    private static IEnumerable<(Turn Before, Turn After)> Consecutive(IEnumerable<Turn> session)
    {
        Turn? before = null;
        foreach (var turn in session.OrderBy(turn => turn.End).ThenBy(turn => turn.Row.Id))
        {
            if (before is not null && turn.Start >= before.End && turn.Input >= before.Input && before.Input >= LeastPrompt
                && turn.Start.UnixNanoseconds - before.End.UnixNanoseconds <= Longest.Ticks * 100) yield return (before, turn);
            before = turn;
        }
    }

    // What was asked for again only after the usual lifetime counts where it mostly was still there: caches can be bought for longer.
    private static List<(Turn Before, Turn After)> Kept(List<(Turn Before, Turn After)> pairs)
    {
        var late = pairs.Where(IsLate).ToList();
        return late.Count(IsGood) * 2 >= late.Count && late.Count >= Enough ? pairs : [.. pairs.Where(pair => !IsLate(pair))];
    }

    private static bool IsLate((Turn Before, Turn After) pair) => pair.After.Start.UnixNanoseconds - pair.Before.End.UnixNanoseconds > UsuallyKept.Ticks * 100;

    /// <summary>Whether there was a time, from the first turn on or up to the last, in which the cache mostly helped: not now and then by chance.</summary>
    private static bool IsUsual(bool[] good)
    {
        var least = Math.Max(Enough, (int)Math.Ceiling(good.Length * EnoughOfAll));
        var (first, last) = (0, 0);
        for (var count = 1; count <= good.Length; count++)
        {
            first += good[count - 1] ? 1 : 0;
            last += good[^count] ? 1 : 0;
            if (count >= least && Math.Max(first, last) >= count * Mostly) return true;
        }

        return false;
    }

    private static bool IsGood((Turn Before, Turn After) pair) => pair.After.CacheRead * 2 >= pair.Before.Input;

    /// <summary>Prompt tokens that the cache held, or usually holds, and did not give; 0 where it helped.</summary>
    private static long LostOf(Turn before, Turn after, double? usual)
    {
        var fell = before.CacheRead >= LeastPrompt && after.CacheRead * 2 < before.CacheRead;
        var missing = usual >= 0.5 && after.CacheRead * 4 < before.Input;
        if (!fell && !missing) return 0;
        var expected = Math.Max(fell ? before.CacheRead : 0, usual is { } share ? (long)(share * before.Input) : 0);
        return Math.Max(0, Math.Min(expected, after.Input) - after.CacheRead);
    }

    // More than the whole prompt before can be read where part of what is new was cached by others.
    private static double Share(long cached, long prompt) => Math.Min(1, (double)cached / prompt);

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
