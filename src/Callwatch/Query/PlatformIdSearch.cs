using Callwatch.Forward.Destinations.Shared;
using Callwatch.Query.Running;
using Callwatch.Spans;

namespace Callwatch.Query;

/// <summary>
/// Traces by the id that a platform shows, where that is another form of ours: UUIDs of LangSmith, Weave and Opik. Those that take the id
/// as it is need no search, and the ids of single runs and calls are hashes, which lead back to nothing.
/// </summary>
internal static class PlatformIdSearch
{
    /// <summary>How long after its beginning a trace may end, and how long before the time in its id it may have begun, to be found.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private const int MostRows = 500_000;

    public static IEnumerable<TraceId> Traces(QueryRun run, ReadScope scope, string id)
    {
        if (!Guid.TryParse(id, out var platform)) return [];
        return platform.Version == 7 ? PlatformIds.TracesOf(platform).Concat(ByTime(run, scope, platform)) : PlatformIds.TracesOf(platform);
    }

    // The first 48 bits of the trace's own id have given way to a time: of its beginning, or of the first attempt to send it.
    private static IEnumerable<TraceId> ByTime(QueryRun run, ReadScope scope, Guid id)
    {
        var time = PlatformIds.TimeOfVersion7(id);
        if (time.UnixNanoseconds > run.Now.Plus(Longest).UnixNanoseconds) yield break;
        var (from, to) = (time.Plus(-Longest), time.Plus(Longest));
        var looked = 0;
        foreach (var partition in run.Between(from, to))
        {
            using var open = run.Open(partition);
            if (open is null) continue;
            using var command = open.Reader.Command("SELECT t.trace FROM traces t WHERE t.\"end\" >= $from AND t.\"end\" < $to AND t.tenant = $tenant");
            command.Parameters.AddWithValue("$from", from.UnixNanoseconds);
            command.Parameters.AddWithValue("$to", to.UnixNanoseconds);
            command.Parameters.AddWithValue("$tenant", scope.TenantId);
            using var row = command.ExecuteReader();
            while (row.Read() && looked++ < MostRows)
                if (TraceId.TryRead(row.GetFieldValue<byte[]>(0), out var trace) && PlatformIds.IsVersion7Of(id, trace)) yield return trace;
        }
    }
}
