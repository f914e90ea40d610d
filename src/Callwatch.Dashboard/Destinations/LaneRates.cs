using System.Collections.Concurrent;

namespace Callwatch.Dashboard.Destinations;

/// <summary>How fast lanes deliver, from what pages have seen of their counts within the last minute: pages that show lanes look every few seconds.</summary>
public sealed class LaneRates(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>Two counts so close together say nothing.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<int, Queue<(long At, long Sent)>> seen = new();

    /// <summary>Items a second; null when it has not been looked at for long enough.</summary>
    /// <param name="sent">All it has delivered.</param>
    public double? PerSecond(int destination, long sent)
    {
        var counts = seen.GetOrAdd(destination, _ => new Queue<(long, long)>());
        var now = time.GetTimestamp();
        lock (counts)
        {
            while (counts.TryPeek(out var old) && (time.GetElapsedTime(old.At, now) > Window || old.Sent > sent)) counts.Dequeue();

            // However many people look, no more than one a second is kept.
            if (counts.Count == 0 || time.GetElapsedTime(counts.Last().At, now) >= TimeSpan.FromSeconds(1)) counts.Enqueue((now, sent));
            var (at, first) = counts.Peek();
            var passed = time.GetElapsedTime(at, now);
            return passed < Least ? null : (sent - first) / passed.TotalSeconds;
        }
    }
}
