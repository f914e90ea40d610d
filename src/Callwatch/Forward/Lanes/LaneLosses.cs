using Callwatch.Journal;
using Callwatch.Settle;
using Callwatch.Telemetry;
using Microsoft.Data.Sqlite;

namespace Callwatch.Forward.Lanes;

/// <summary>
/// What lanes lose when others take something away: journal records that retention takes, whose traces they had still to deliver, and files of
/// the settled sequence that they had not read to the end. Both are counted for each lane; nothing waits for a lane that is behind.
/// </summary>
internal sealed class LaneLosses(IDestinationDirectory directory, LaneTable table, Func<ISettledLog> settled, Counters counters) : ISettledReaders, IJournalUsers
{
    public long HighestSeq => table.HighestSeq();

    /// <summary>The name under which System and the log speak of a lane.</summary>
    public static string NameOf(Destination destination) => "lane " + destination.Name;

    public void Forgets(long through, Func<int, long, long> waiting)
    {
        foreach (var destination in directory.All)
        {
            // Replays that come so late have nothing to send again.
            if (table.Find(new LaneKey(destination.Id, 0)) is not { } row || row.Cursor >= through) continue;
            var lost = waiting(destination.TenantId, row.Cursor);
            if (lost == 0) continue;
            table.AddExpired(row.Key, lost);
            counters.Add(Reason.ExpiredBeforeDelivery, lost, destination.TenantId);
        }
    }

    public IReadOnlyList<(string Name, long Count)> LossesOf(long first, long last)
    {
        var losses = new List<(string, long)>();
        try
        {
            foreach (var destination in directory.All)
            {
                if (table.Find(new LaneKey(destination.Id, 0)) is { } row && settled().CountWaiting(destination.TenantId, row.Cursor, first, last) is > 0 and var count)
                    losses.Add((NameOf(destination), count));
            }
        }
        catch (Exception e) when (e is SqliteException or IOException)
        {
            // A damaged file keeps retention from nothing: it is set aside, and its traces settle and are looked at again.
        }

        return losses;
    }
}
