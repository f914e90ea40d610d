using System.Runtime.InteropServices;
using Callwatch.Spans;

namespace Callwatch.Query.Stats;

/// <summary>Takes how many calls there were; with a user, of whom.</summary>
internal delegate void TakeCounts(GroupNumbers group, long unixSeconds, Outcome outcome, long calls, long? user);

/// <summary>How many calls one question found in a partition, by what it tells apart, and of which users, to be handed out again without asking the file.</summary>
internal sealed class CallCounts
{
    private const int BytesBeside = 96;

    private readonly (CutRows.Key Key, long Calls, int UsersUntil)[] counts;
    private readonly int[] users;

    private CallCounts((CutRows.Key Key, long Calls, int UsersUntil)[] counts, int[] users) => (this.counts, this.users) = (counts, users);

    /// <summary>About.</summary>
    public int Bytes => (counts.Length * BytesBeside) + (users.Length * sizeof(int));

    public void Give(TakeCounts take)
    {
        var from = 0;
        foreach (var (key, calls, until) in counts)
        {
            take(key.Group, key.Bucket, key.Outcome, calls, null);
            for (; from < until; from++) take(key.Group, key.Bucket, key.Outcome, 0, users[from]);
        }
    }

    /// <summary>Collects calls while they are read.</summary>
    /// <param name="width">Seconds within which moments mean the same.</param>
    internal sealed class Builder(long width)
    {
        private const int MostCounts = 10_000;
        private const int MostUsers = 50_000;

        private readonly Dictionary<CutRows.Key, Count> counts = [];
        private int users;
        private bool tooMany;

        public void Add(GroupNumbers group, long unixSeconds, Outcome outcome, long? user)
        {
            if (tooMany) return;
            var count = CollectionsMarshal.GetValueRefOrAddDefault(counts, new CutRows.Key(group, unixSeconds / width * width, outcome), out _) ??= new Count();
            count.Calls++;
            if (user is { } one && (count.Users ??= []).Add((int)one)) users++;
            tooMany = counts.Count > MostCounts || users > MostUsers || user > int.MaxValue;
        }

        /// <summary>Null when they are too many to be kept.</summary>
        public CallCounts? Build()
        {
            if (tooMany) return null;
            var (found, all) = (new List<(CutRows.Key, long, int)>(counts.Count), new List<int>(users));
            foreach (var (key, count) in counts)
            {
                if (count.Users is { } own) all.AddRange(own);
                found.Add((key, count.Calls, all.Count));
            }

            return new CallCounts([.. found], [.. all]);
        }

        private sealed class Count
        {
            public long Calls { get; set; }

            public HashSet<int>? Users { get; set; }
        }
    }
}
