using Callwatch.Query.Filters;
using Callwatch.Query.Stats;

namespace Callwatch.Diagnose.Comparing;

/// <summary>
/// Finds what explains how a figure moved. A candidate is a value of a dimension, or two of two. It is the better the more of the change it makes
/// up and the fewer calls it needs for that: its strength is its effect, squared, over its share of the calls (what a model that knows of this
/// value alone explains of the differences), less what chance would give it. So what merely contains the cause is weaker than the cause,
/// because there the change is thinned, and what is merely a part of it is weaker, because it explains less.
/// </summary>
internal sealed class Explaining(Subject subject, Measure measure, IReadOnlyList<SideTable> tables, Sides all, double scale, double? guardScale, bool moved)
{
    private const int MostExplanations = 10, MostEchoes = 5;

    private const int MostRanked = 40;

    /// <summary>What holds so much more of the change than of the calls, as a share of the latter, is concentrated enough; with less it is the weaker.</summary>
    private const double Concentration = 0.2, LeastConcentrated = 0.2;

    private const int MostAlike = 6;

    /// <summary>Two together must be this much stronger than each alone.</summary>
    private const double PairBetter = 1.12;

    /// <summary>A value must be this much stronger than "everything".</summary>
    private const double ClearlyBetter = 1.2;

    /// <summary>A version with this share of its app's or prompt's calls has reached all of them.</summary>
    private const double Everybody = 0.9;

    /// <summary>Fewer calls than this share of all tell nothing apart.</summary>
    private const double FewOthers = 0.1;

    /// <summary>Calls that moved as strongly as this part of everything, for as many as they are, moved too.</summary>
    private const double MuchOfEverything = 0.2;

    /// <summary>A release or version that was there before has not changed itself: it goes after what explains as much.</summary>
    private const double OldVersion = 0.75;

    /// <summary>A release or version that came with the change goes before what it came to, where both explain as much.</summary>
    private const double NewVersion = 1.35;

    private readonly Strength strength = new(measure, all, scale, guardScale, moved);
    private readonly Dictionary<Candidate, IReadOnlyDictionary<string, string?>> keys = [];

    private sealed record Candidate(Dimension Dimension, SideTable Table, int[] Places, CellKey Key, Sides Sides, double Strength, bool IsNew, double? Usual)
    {
        public long Calls => Sides.Before.Calls + Sides.After.Calls;
    }

    /// <summary>Best first, and whether "everything alike" explains it better than the best.</summary>
    public (IReadOnlyList<Explanation> Found, bool Broad) Find()
    {
        var singles = subject.Singles.SelectMany(Candidates).ToList();
        for (var i = 0; i < singles.Count; i++)
            if (singles[i] is { IsNew: true, Dimension.IsOfVersions: true }) singles[i] = singles[i] with { Strength = OfNewVersion(singles[i], singles) };
        var best = new Dictionary<(string, CellKey), Candidate>(singles.Count);
        foreach (var single in singles) best.TryAdd((single.Dimension.Names[0], single.Key), single);
        var ranked = Strongest(singles.Concat(subject.Pairs.SelectMany(Candidates).Where(pair => IsWorthIt(pair, best))));
        if (ranked.Count == 0) return ([], true);
        var (found, causes) = Ordered(ranked);
        var broad = causes[0].Strength < ClearlyBetter * strength.OfEverything && !(causes[0].IsNew && causes[0].Dimension.IsOfVersions)
            && MovesWithout(causes[0].Sides) && (causes.Count == 1 || Both(causes[0], causes[1]) is not { } both || MovesWithout(both));
        return (found, broad);
    }

    // The first of all in order. Of thousands nearly all are weaker than those, and need not be put in an order among themselves.
    private List<Candidate> Strongest(IEnumerable<Candidate> candidates)
    {
        var first = new List<Candidate>(MostRanked + 1);
        foreach (var candidate in candidates)
        {
            var at = first.Count;
            while (at > 0 && Compare(candidate, first[at - 1]) < 0) at--;
            if (at == MostRanked) continue;
            first.Insert(at, candidate);
            if (first.Count > MostRanked) first.RemoveAt(MostRanked);
        }

        return first;
    }

    private int Compare(Candidate one, Candidate other)
    {
        var order = other.Strength.CompareTo(one.Strength);
        if (order == 0) order = Preference(one.Dimension).CompareTo(Preference(other.Dimension));
        return order == 0 ? string.CompareOrdinal(one.Key.ToString(), other.Key.ToString()) : order;
    }

    // Whether all other calls moved as well: what makes up much of everything is hardly stronger than it, and may still be all that moved.
    private bool MovesWithout(Sides calls)
    {
        var others = new Sides();
        others.Add(all);
        others.Add(calls, -1);
        var share = others.After.Of(measure).Weight / all.After.Of(measure).Weight;
        return share < FewOthers || strength.Of(others, () => null, replacing: false) > MuchOfEverything * share * strength.OfEverything;
    }

    /// <summary>The calls of either of two; null where nobody has counted the two together.</summary>
    private Sides? Both(Candidate one, Candidate other)
    {
        if (Apart(one, other) is not { } apart) return null;
        var both = new Sides();
        both.Add(one.Sides);
        both.Add(apart.OnlySecond);
        return both;
    }

    /// <summary>
    /// What holds hardly more of the change than of the calls merely has many of them: production is slower whatever gets slow. Where nothing holds
    /// more, all are weakened alike.
    /// </summary>
    private double Concentrated(double found, Sides sides)
    {
        if (!moved || strength.Delta == 0) return found;
        var (before, after) = (sides.Before.Of(measure), sides.After.Of(measure));
        var (allBefore, allAfter) = (all.Before.Of(measure), all.After.Of(measure));
        var share = measure.IsSum()
            ? ((before.Amount * scale) + after.Amount) / ((allBefore.Amount * scale) + allAfter.Amount)
            : ((before.Weight / allBefore.Weight) + (after.Weight / allAfter.Weight)) / 2;
        var held = Effect.Of(measure, sides.Before, sides.After, all.Before, all.After, scale).Delta / strength.Delta;
        return found * Math.Clamp(((held / share) - 1) / Concentration, LeastConcentrated, 1);
    }

    private IEnumerable<Candidate> Candidates(Dimension dimension)
    {
        if (tables.FirstOrDefault(table => table.Family.Name == dimension.Family) is not { } table || table.Family.PlacesOf(dimension.Fields) is not { } places) yield break;
        var groups = table.By(places);
        // Where there is but one value nothing is told apart.
        if (groups.Count < 2) yield break;
        var usual = strength.UsualOf(table, dimension, groups);
        // Of an app itself nothing narrower is usual; of its versions it is.
        var ofOwner = dimension.Fields.Contains(FilterFields.App) && !dimension.IsOfVersions;
        for (var i = 0; i < groups.Count; i++)
        {
            var (group, key, sides) = (i, groups.KeyOf(i), groups.SumOf(i));
            if (!IsNamed(key, dimension.Fields.Count)) continue;
            var isNew = Strength.IsNew(sides, scale);
            var found = strength.Of(sides, () => ofOwner ? null : usual(group), dimension.IsOfVersions);
            if (found <= 0) continue;
            if (dimension.IsOfVersions && !isNew) found *= OldVersion;
            if (!isNew) found = Concentrated(found, sides);
            yield return new Candidate(dimension, table, places, key, sides, found, isNew, isNew && !ofOwner ? usual(group)?.Before : null);
        }
    }

    /// <summary>
    /// One that reached a part of its app's or prompt's calls, and just these became different, is most likely the cause. One that reached all of
    /// them cannot be told from the app itself: it goes before it, and not before what explains the change more narrowly.
    /// </summary>
    private static double OfNewVersion(Candidate version, List<Candidate> singles)
    {
        var field = version.Dimension.Names[^1] == "prompt_version" ? FilterFields.Prompt : FilterFields.App;
        var (place, places) = (version.Table.Family.PlaceOf(field), version.Places);
        var owners = version.Table.Cells.Where(cell => cell.Key.Only(places) == version.Key && cell.Value.After.Calls > 0).Select(cell => cell.Key[place]).Distinct().ToList();
        if (owners is not [{ } owner]) return version.Strength * NewVersion;
        var all = version.Table.Cells.Where(cell => cell.Key[place] == owner).Sum(cell => cell.Value.After.Calls);
        if (version.Sides.After.Calls < Everybody * all) return version.Strength * NewVersion;
        var itself = singles.Find(single => single.Dimension.Fields is [var only] && only == field && single.Key.A == owner);
        return Math.Max(version.Strength, (itself?.Strength ?? 0) * (1 + 1e-9));
    }

    private int Preference(Dimension dimension)
    {
        for (var i = 0; i < subject.Singles.Count; i++)
            if (ReferenceEquals(subject.Singles[i], dimension)) return i;
        return subject.Singles.Count;
    }

    private static bool IsNamed(CellKey key, int count)
    {
        for (var i = 0; i < count; i++)
            if (key[i] is null or GroupKeys<object>.Rest) return false;
        return true;
    }

    private bool IsWorthIt(Candidate pair, Dictionary<(string, CellKey), Candidate> singles)
    {
        var at = 0;
        foreach (var name in pair.Dimension.Names)
        {
            var count = subject.Single(name).Fields.Count;
            var key = count == 1 ? new CellKey(pair.Key[at]) : new CellKey(pair.Key[at], pair.Key[at + 1]);
            at += count;
            if (!singles.TryGetValue((name, key), out var single)) continue;
            // One of the two says it all: the other only goes along.
            if (pair.Calls >= 0.95 * single.Calls || pair.Strength < PairBetter * single.Strength) return false;
        }

        return true;
    }

    /// <summary>All, and those of them that are not echoes.</summary>
    private (List<Explanation> Found, List<Candidate> Causes) Ordered(List<Candidate> ranked)
    {
        var found = new List<Explanation>();
        var kept = new List<Candidate>();
        foreach (var candidate in ranked)
        {
            if (kept.Find(better => IsSame(better, candidate)) is { } same)
            {
                var at = found.FindIndex(explanation => ReferenceEquals(explanation.Effect.Key, keys[same]));
                if (found[at].Also.Count < MostAlike) found[at] = found[at] with { Also = [.. found[at].Also, KeyOf(candidate)] };
                continue;
            }

            if (found.Count == MostExplanations) continue;
            var isEcho = kept.Exists(better => IsEcho(better, candidate));
            // What the best does to all that it has in common with others must not hide what goes wrong beside it.
            if (isEcho && found.Count - kept.Count == MostEchoes) continue;
            found.Add(ToExplanation(candidate, isEcho));
            if (!isEcho) kept.Add(candidate);
        }

        return (found, kept);
    }

    private IReadOnlyDictionary<string, string?> KeyOf(Candidate candidate)
    {
        if (!keys.TryGetValue(candidate, out var key)) keys[candidate] = key = Breaking.KeyOf(candidate.Dimension, candidate.Key);
        return key;
    }

    private Explanation ToExplanation(Candidate candidate, bool isEcho)
    {
        var effect = Breaking.ToContribution(measure, candidate.Dimension, candidate.Key, candidate.Sides, all, scale) with { Key = KeyOf(candidate) };
        var explained = ExplainedBy(candidate);
        return new Explanation
        {
            Dimension = candidate.Dimension.Name,
            Effect = effect,
            Explained = explained,
            Share = strength.Delta == 0 ? 0 : explained / strength.Delta,
            Strength = candidate.Strength / Math.Max(strength.OfEverything, double.Epsilon),
            IsNew = candidate.IsNew,
            IsEcho = isEcho,
            FactsBefore = Breaking.FactsOf(candidate.Sides.Before),
            FactsAfter = Breaking.FactsOf(candidate.Sides.After),
        };
    }

    /// <summary>The calls of both that lie in one and not in the other; null where nobody has counted them together.</summary>
    private (Sides OnlyFirst, Sides OnlySecond)? Apart(Candidate first, Candidate second)
    {
        foreach (var table in tables)
        {
            if (table.Family.PlacesOf(first.Dimension.Fields) is not { } one || table.Family.PlacesOf(second.Dimension.Fields) is not { } other) continue;
            var (byFirst, bySecond) = (table.By(one), table.By(other));
            var (a, b) = (byFirst.Find(first.Key), bySecond.Find(second.Key));
            var (onlyFirst, onlySecond) = (new Sides(), new Sides());
            foreach (var cell in a < 0 ? [] : byFirst.CellsOf(a))
                if (bySecond.GroupOf(cell) != b) onlyFirst.Add(table.All[cell]);
            foreach (var cell in b < 0 ? [] : bySecond.CellsOf(b))
                if (byFirst.GroupOf(cell) != a) onlySecond.Add(table.All[cell]);

            return (onlyFirst, onlySecond);
        }

        return null;
    }

    private bool IsSame(Candidate better, Candidate other) =>
        // Sums that agree to the last digit are of the same calls, wherever they were counted.
        (better.Sides.After.IsLike(other.Sides.After) && better.Sides.Before.IsLike(other.Sides.Before))
        || Apart(better, other) is { } apart && apart.OnlyFirst.After.Calls + apart.OnlySecond.After.Calls <= 0.02 * better.Sides.After.Calls
        && apart.OnlyFirst.Before.Calls + apart.OnlySecond.Before.Calls <= Math.Max(0.02 * better.Sides.Before.Calls, better.IsNew ? long.MaxValue / 4 : 0);

    // Without the calls of the better one there is next to nothing left to explain.
    private bool IsEcho(Candidate better, Candidate other)
    {
        if (Apart(better, other) is { } apart) return strength.Of(apart.OnlySecond, () => null, other.Dimension.IsOfVersions) < 0.3 * other.Strength;
        // Nobody has counted the two together: as much of the change among more calls is the same change, seen from further away.
        return other.Strength < 0.25 * better.Strength || (other.Calls >= better.Calls && ExplainedBy(other) / ExplainedBy(better) is >= 0.75 and <= 1.33);
    }

    /// <summary>What came new is held against what its like was before, not against everything.</summary>
    private double ExplainedBy(Candidate candidate)
    {
        var (amount, weight) = candidate.Sides.After.Of(measure);
        if (candidate.Usual is { } like && weight > 0 && measure == Measure.Cost) return amount - (weight * like);
        return candidate.Usual is { } usual && weight > 0
            ? weight / all.After.Of(measure).Weight * ((amount / weight) - usual)
            : Effect.Of(measure, candidate.Sides.Before, candidate.Sides.After, all.Before, all.After, scale).Delta;
    }
}
