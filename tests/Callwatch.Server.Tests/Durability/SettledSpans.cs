using System.Globalization;
using Callwatch.Settle;
using Callwatch.Store.Sqlite;
using Callwatch.Testing;

namespace Callwatch.Server.Tests.Durability;

/// <summary>Whether everything that was acknowledged has settled: each place of the journal once, with numbers that have no gap.</summary>
internal static class SettledSpans
{
    /// <summary>So that nobody waits long for it.</summary>
    public static readonly (string Name, string Value)[] Soon = [("Callwatch__Settle__QuietAfterRoot", "00:00:00.2"), ("Callwatch__Settle__Quiet", "00:00:02")];

    /// <summary>Everything that is not as it should be, in words; empty when all is well.</summary>
    public static async Task<IReadOnlyList<string>> MissedAsync(Uri server, string data, IEnumerable<SentSpan> sent, CancellationToken cancel, TimeSpan? within = null)
    {
        if (await WaitsAsync(server, within, cancel) is { } waits) return [waits];
        List<string> missed = [];
        var (revisions, places) = (new List<SettledRevision>(), new HashSet<(long, int)>());
        foreach (var path in Directory.EnumerateFiles(Path.Combine(data, "settled"), "*.db").Order(StringComparer.Ordinal))
        {
            var file = new SettledFile(path, long.Parse(Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture));
            using (var connection = StoreDatabase.OpenForReading(path))
                if (StoreDatabase.Number(connection, "SELECT count(DISTINCT tenant) FROM settled") > 1) missed.Add("settled: of several tenants");
            revisions.AddRange(file.Page(1, 0, int.MaxValue));
        }

        if (revisions.Count == 0 || revisions[^1].Seq != revisions.Count) missed.Add($"settled: {revisions.Count} revisions, and the last has the number {(revisions.Count == 0 ? 0 : revisions[^1].Seq)}");
        foreach (var place in revisions.SelectMany(revision => revision.Spans))
            if (!places.Add((place.Number, place.Offset))) missed.Add($"settled: {place} twice");
        var spans = revisions.SelectMany(revision => revision.Spans.Select(place => $"{revision.TraceId}/{place.SpanId}")).ToHashSet(StringComparer.Ordinal);
        missed.AddRange(sent.Select(span => $"{span.TraceId}/{span.SpanId}").Where(span => !spans.Contains(span)).Take(5).Select(span => "settled: not " + span));
        return missed;
    }

    private static async Task<string?> WaitsAsync(Uri server, TimeSpan? within, CancellationToken cancel)
    {
        using var http = new HttpClient { Timeout = Patience.Long };
        var last = "";
        try
        {
            await Eventually.AnswersAsync(
                async () =>
                {
                    last = await http.GetStringAsync(new Uri(server, "metrics"), cancel);
                    return last.Contains("callwatch_reader_lag_records{reader=\"settle\"} 0\n", StringComparison.Ordinal) && last.Contains("callwatch_open_traces 0\n", StringComparison.Ordinal) ? last : null;
                },
                () => "all has settled",
                within);
            return null;
        }
        catch (TimeoutException)
        {
            // Said below.
        }

        return "settling does not come to an end: " + string.Join(' ', last.Split('\n').Where(line => line.Contains("settle", StringComparison.Ordinal) && !line.StartsWith('#')));
    }
}
