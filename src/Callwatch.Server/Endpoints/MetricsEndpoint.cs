using System.Globalization;
using System.Text;
using Callwatch.Control;
using Callwatch.Query;
using Callwatch.Server.Access;
using Callwatch.Server.Endpoints.Destinations;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>
/// Prometheus text format 0.0.4: the instance's own health and, of what the caller may see, LLM figures per app and model.
/// The figures are totals of what is stored; they fall when retention takes a day, which Prometheus reads as a restart of the counter.
/// </summary>
internal static class MetricsEndpoint
{
    /// <summary>Most pairs of app and model with labels of their own; the others count together as <c>other</c>.</summary>
    private const int MostPairs = 100;

    public static void MapMetrics(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/metrics", ReadAsync).RequireScope(KeyScopes.Read).WithTags("System").WithName("GetMetrics")
            .WithSummary("Prometheus text: own health, and LLM figures per app and model.").Produces<string>(200, "text/plain");

    private static async Task<IResult> ReadAsync(HttpContext http, SystemQueries system, TotalQueries totals, Apps apps, DestinationSight sight, CancellationToken cancel)
    {
        var caller = http.Caller();
        var text = new StringBuilder();
        var status = system.Read(caller.MayAnyOf(KeyScopes.Operator) ? null : caller.TenantId);
        if (caller.AppId is not null) status = status with { Lanes = [.. status.Lanes.Where(lane => sight.Find(caller, lane.DestinationId) is not null)] };
        Health(text, status);
        if (await totals.ReadAsync(caller.ReadScope, cancel) is { } figures) Calls(text, Bounded(figures, apps));
        return Results.Text(text.ToString(), "text/plain; version=0.0.4", Encoding.UTF8);
    }

    private static void Health(StringBuilder text, SystemStatus status)
    {
        Head(text, "callwatch_build_info", "gauge", "The running version.");
        Line(text, "callwatch_build_info", 1, ("version", status.Version));
        Head(text, "callwatch_start_time_seconds", "gauge", "When the process started, in seconds since 1970.");
        Line(text, "callwatch_start_time_seconds", status.StartedAt.UnixSeconds);
        Head(text, "callwatch_journal_head", "gauge", "Number of the last record in the journal.");
        Line(text, "callwatch_journal_head", status.Journal.HeadNumber);
        Head(text, "callwatch_journal_size_bytes", "gauge", "Size of the journal's files.");
        Line(text, "callwatch_journal_size_bytes", status.Journal.SizeBytes);
        Head(text, "callwatch_journal_accepts_writes", "gauge", "1 while intake is open.");
        Line(text, "callwatch_journal_accepts_writes", status.Journal.AcceptsWrites ? 1 : 0);
        Head(text, "callwatch_disk_free_bytes", "gauge", "Room left on the disk of the data folder.");
        Line(text, "callwatch_disk_free_bytes", status.Journal.FreeDiskBytes);
        Head(text, "callwatch_store_size_bytes", "gauge", "Size of the store's files.");
        Line(text, "callwatch_store_size_bytes", status.Store.SizeBytes);
        Head(text, "callwatch_media_size_bytes", "gauge", "Size of the files of media.");
        Line(text, "callwatch_media_size_bytes", status.Media.SizeBytes);
        Head(text, "callwatch_stored_spans_total", "counter", "Spans stored since the start.");
        Line(text, "callwatch_stored_spans_total", status.Store.Spans);
        Head(text, "callwatch_reader_lag_records", "gauge", "Journal records a reader has still to read.");
        foreach (var reader in status.Readers) Line(text, "callwatch_reader_lag_records", reader.Lag, ("reader", reader.Name));
        Head(text, "callwatch_reader_lag_seconds", "gauge", "Age of the oldest record a reader has still to read.");
        foreach (var reader in status.Readers) Line(text, "callwatch_reader_lag_seconds", reader.LagSeconds, ("reader", reader.Name));
        Head(text, "callwatch_reader_running", "gauge", "1 while a reader goes on.");
        foreach (var reader in status.Readers) Line(text, "callwatch_reader_running", reader.State == "running" ? 1 : 0, ("reader", reader.Name));
        Lanes(text, status);
        Head(text, "callwatch_refused_or_mended_total", "counter", "How often something was rejected, mended, cut or dropped, by reason, since the start.");
        foreach (var (reason, count) in status.Counters.OrderBy(counter => counter.Key)) Line(text, "callwatch_refused_or_mended_total", count, ("reason", reason.Word()));
        Head(text, "process_resident_memory_bytes", "gauge", "Resident memory of the process.");
        Line(text, "process_resident_memory_bytes", Environment.WorkingSet);
    }

    private static void Lanes(StringBuilder text, SystemStatus status)
    {
        if (status.Settling is { } settling)
        {
            Head(text, "callwatch_open_traces", "gauge", "Traces that more spans may come for.");
            Line(text, "callwatch_open_traces", settling.Open);
            Head(text, "callwatch_settled_head", "gauge", "The last number of the settled sequence.");
            Line(text, "callwatch_settled_head", settling.Head);
        }

        if (status.Lanes.Count == 0) return;
        Head(text, "callwatch_lane_backlog", "gauge", "Settled traces a destination has still to be sent.");
        foreach (var lane in status.Lanes) Line(text, "callwatch_lane_backlog", lane.Status.Backlog, Labels(lane));
        Head(text, "callwatch_lane_oldest_age_seconds", "gauge", "Age of the oldest trace that waits for a destination.");
        foreach (var lane in status.Lanes) Line(text, "callwatch_lane_oldest_age_seconds", lane.Status.OldestAgeSeconds, Labels(lane));
        Head(text, "callwatch_lane_in_trouble", "gauge", "1 while a destination does not take what it is sent.");
        foreach (var lane in status.Lanes) Line(text, "callwatch_lane_in_trouble", lane.IsInTrouble ? 1 : 0, Labels(lane));
        Head(text, "callwatch_lane_items_total", "counter", "What became of items on their way to a destination, since it was made.");
        foreach (var lane in status.Lanes)
        {
            foreach (var (result, count) in ((string, long)[])[("sent", lane.Status.Sent), ("refused", lane.Status.Refused), ("retried", lane.Status.Retried), ("expired", lane.Status.Expired)])
                Line(text, "callwatch_lane_items_total", count, [.. Labels(lane), ("result", result)]);
        }
    }

    private static (string Name, string Value)[] Labels(LaneView lane) =>
        [("destination", lane.Destination), ("kind", lane.Kind), ("id", lane.DestinationId.ToString(CultureInfo.InvariantCulture))];

    private static List<(string App, string Model, CallTotals Totals)> Bounded(IReadOnlyList<CallTotals> totals, Apps apps)
    {
        var own = totals.GroupBy(total => (total.AppId, total.Model)).OrderByDescending(pair => pair.Sum(total => total.Calls)).ThenBy(pair => pair.Key.AppId)
            .ThenBy(pair => pair.Key.Model, StringComparer.Ordinal).Take(MostPairs).Select(pair => pair.Key).ToHashSet();
        return [.. totals.GroupBy(total => own.Contains((total.AppId, total.Model)) ? (App: apps.NameOf(total.AppId), Model: total.Model ?? "", total.Outcome) : (App: "other", Model: "other", total.Outcome))
            .Select(group => (group.Key.App, group.Key.Model, group.Aggregate(CallTotals.Add)))];
    }

    private static void Calls(StringBuilder text, List<(string App, string Model, CallTotals Totals)> rows)
    {
        Head(text, "callwatch_llm_calls_total", "counter", "Model calls stored, by outcome.");
        foreach (var (app, model, totals) in rows) Line(text, "callwatch_llm_calls_total", totals.Calls, ("app", app), ("model", model), ("outcome", totals.Outcome.Word()));
        var pairs = rows.GroupBy(row => (row.App, row.Model), row => row.Totals).Select(pair => (pair.Key.App, pair.Key.Model, Totals: pair.Aggregate(CallTotals.Add))).ToList();
        Head(text, "callwatch_llm_tokens_total", "counter", "Tokens; cache_read and cache_write are parts of input, reasoning of output.");
        foreach (var (app, model, totals) in pairs)
        {
            foreach (var (type, tokens) in ((string, long)[])[("input", totals.InputTokens), ("output", totals.OutputTokens), ("cache_read", totals.CacheReadTokens), ("cache_write", totals.CacheWriteTokens), ("reasoning", totals.ReasoningTokens)])
                Line(text, "callwatch_llm_tokens_total", tokens, ("app", app), ("model", model), ("type", type));
        }

        Head(text, "callwatch_llm_cost_usd_total", "counter", "Known cost in US dollars.");
        foreach (var (app, model, totals) in pairs) Line(text, "callwatch_llm_cost_usd_total", (double)totals.CostUsd, ("app", app), ("model", model));
        Times(text, rows, "callwatch_llm_latency_seconds", "Duration of successful calls.", totals => (totals.LatencySeconds, totals.LatencyCount));
        Times(text, rows, "callwatch_llm_ttft_seconds", "Time to first token of successful calls.", totals => (totals.TtftSeconds, totals.TtftCount));
    }

    private static void Times(StringBuilder text, List<(string App, string Model, CallTotals Totals)> rows, string name, string help, Func<CallTotals, (double Sum, long Count)> of)
    {
        Head(text, name, "summary", help);
        foreach (var (app, model, totals) in rows.Where(row => row.Totals.Outcome == Outcome.Success))
        {
            var (sum, count) = of(totals);
            Line(text, name + "_sum", sum, ("app", app), ("model", model));
            Line(text, name + "_count", count, ("app", app), ("model", model));
        }
    }

    private static void Head(StringBuilder text, string name, string type, string help) =>
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private static void Line(StringBuilder text, string name, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        text.Append(name);
        for (var i = 0; i < labels.Length; i++) text.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"").Append(Escape(labels[i].Value)).Append('"');
        text.Append(labels.Length > 0 ? "} " : " ").Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    internal static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
