namespace Callwatch.Dashboard.Compare;

/// <summary>How two lines that stand side by side differ.</summary>
public enum DiffKind
{
    Same, Removed, Added, Changed,
}

/// <summary>A line of each text, or of one of them.</summary>
/// <param name="Left">Null for what was added.</param>
/// <param name="Right">Null for what was removed.</param>
public sealed record DiffLine(DiffKind Kind, string? Left, string? Right);

/// <summary>
/// Two texts line by line: the shortest way from one to the other (Myers' greedy algorithm), with bounds: of texts that have very
/// little in common the middle is shown as removed and added.
/// </summary>
public static class TextDiff
{
    /// <summary>Steps of the way that are looked for; beyond, nobody would read the difference line by line.</summary>
    private const int MostSteps = 600;

    private const int MostWords = 300;

    public static IReadOnlyList<DiffLine> Of(IReadOnlyList<string> left, IReadOnlyList<string> right)
    {
        var lines = new List<DiffLine>();
        var (removed, added) = (new List<string>(), new List<string>());
        foreach (var (one, other) in Way(left, right))
        {
            if (one is not null && other is not null)
            {
                Flush();
                lines.Add(new DiffLine(DiffKind.Same, one, other));
            }
            else if (one is not null)
            {
                removed.Add(one);
            }
            else
            {
                added.Add(other!);
            }
        }

        Flush();
        return lines;

        // What went and what came at the same place stands side by side.
        void Flush()
        {
            for (var i = 0; i < Math.Max(removed.Count, added.Count); i++)
            {
                var (one, other) = (i < removed.Count ? removed[i] : null, i < added.Count ? added[i] : null);
                lines.Add(new DiffLine(one is null ? DiffKind.Added : other is null ? DiffKind.Removed : DiffKind.Changed, one, other));
            }

            removed.Clear();
            added.Clear();
        }
    }

    /// <summary>The pieces of two changed lines, each with whether the other line lacks it.</summary>
    public static (IReadOnlyList<(string Text, bool Differs)> Left, IReadOnlyList<(string Text, bool Differs)> Right) Words(string left, string right)
    {
        var (one, other) = (Split(left), Split(right));
        if (one.Count > MostWords || other.Count > MostWords) return ([(left, true)], [(right, true)]);
        var (before, after) = (new List<(string, bool)>(), new List<(string, bool)>());
        foreach (var (was, becomes) in Way(one, other))
        {
            var same = was is not null && becomes is not null;
            if (was is not null) Add(before, was, !same);
            if (becomes is not null) Add(after, becomes, !same);
        }

        return (before, after);
    }

    private static void Add(List<(string Text, bool Differs)> pieces, string text, bool differs)
    {
        if (pieces.Count > 0 && pieces[^1].Differs == differs) pieces[^1] = (pieces[^1].Text + text, differs);
        else pieces.Add((text, differs));
    }

    private static List<string> Split(string line)
    {
        var words = new List<string>();
        for (var at = 0; at < line.Length;)
        {
            var start = at++;
            if (char.IsLetterOrDigit(line[start])) while (at < line.Length && char.IsLetterOrDigit(line[at]) && line[at] < 0x2E80) at++;
            if (at < line.Length && char.IsHighSurrogate(line[at - 1])) at++;
            words.Add(line[start..at]);
        }

        return words;
    }

    private static IEnumerable<(string? Left, string? Right)> Way(IReadOnlyList<string> left, IReadOnlyList<string> right)
    {
        var head = 0;
        while (head < left.Count && head < right.Count && string.Equals(left[head], right[head], StringComparison.Ordinal)) head++;
        var tail = 0;
        while (tail < left.Count - head && tail < right.Count - head && string.Equals(left[^(tail + 1)], right[^(tail + 1)], StringComparison.Ordinal)) tail++;
        for (var i = 0; i < head; i++) yield return (left[i], right[i]);
        var (one, other) = (left.Skip(head).Take(left.Count - head - tail).ToArray(), right.Skip(head).Take(right.Count - head - tail).ToArray());
        foreach (var step in Shortest(one, other)) yield return step;
        for (var i = tail; i > 0; i--) yield return (left[^i], right[^i]);
    }

    private static List<(string? Left, string? Right)> Shortest(string[] left, string[] right)
    {
        var (n, m) = (left.Length, right.Length);
        var most = Math.Min(n + m, MostSteps);
        var farthest = new int[(2 * most) + 3];
        var trail = new List<int[]>();
        for (var steps = 0; steps <= most; steps++)
        {
            trail.Add([.. farthest[(most + 1 - steps)..(most + 2 + steps)]]);
            for (var k = -steps; k <= steps; k += 2)
            {
                var x = k == -steps || (k != steps && farthest[most + k] < farthest[most + k + 2]) ? farthest[most + k + 2] : farthest[most + k] + 1;
                var y = x - k;
                while (x < n && y < m && string.Equals(left[x], right[y], StringComparison.Ordinal)) (x, y) = (x + 1, y + 1);
                farthest[most + k + 1] = x;
                if (x >= n && y >= m) return Back(left, right, trail, steps);
            }
        }

        return [.. left.Select(line => ((string?)line, (string?)null)), .. right.Select(line => ((string?)null, (string?)line))];
    }

    // From the end to the beginning: at each step the diagonal it came from is the one that had come farther.
    private static List<(string? Left, string? Right)> Back(string[] left, string[] right, List<int[]> trail, int steps)
    {
        var way = new List<(string?, string?)>();
        var (x, y) = (left.Length, right.Length);
        for (var d = steps; d > 0; d--)
        {
            var before = trail[d];
            var k = x - y;
            var cameFrom = k == -d || (k != d && At(before, k - 1, d) < At(before, k + 1, d)) ? k + 1 : k - 1;
            var startX = At(before, cameFrom, d);
            var startY = startX - cameFrom;
            while (x > startX && y > startY) way.Add((left[--x], right[--y]));
            if (cameFrom == k + 1) way.Add((null, right[--y]));
            else way.Add((left[--x], null));
        }

        while (x > 0 && y > 0) way.Add((left[--x], right[--y]));
        way.Reverse();
        return way;
    }

    // Of each step only the diagonals it could have come from are kept.
    private static int At(int[] kept, int k, int steps) => k + steps >= 0 && k + steps < kept.Length ? kept[k + steps] : 0;
}
