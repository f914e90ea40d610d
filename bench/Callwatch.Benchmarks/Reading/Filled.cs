using System.Globalization;
using Callwatch.Spans;
using Callwatch.Store.Partitions;

namespace Callwatch.Benchmarks.Reading;

/// <summary>A data folder made by <c>fill</c>, and the range in which its history lies; what a server stored in it since lies outside.</summary>
internal sealed record Filled(string Folder, Timestamp From, Timestamp To, long Spans)
{
    public static Filled Open(string path, int days)
    {
        using var store = new StoreFolder(Path.Combine(path, "store"));
        // The first trace's spans may have ended on the day before.
        var mean = store.Partitions.Average(partition => partition.Rows);
        var from = store.Partitions.Last(partition => partition.Rows > mean / 10).From;
        var to = from.Plus(TimeSpan.FromDays(days));
        return new Filled(path, from, to, store.Between(from, to).Sum(partition => partition.Rows));
    }

    /// <summary>The last so-and-so long of it, as parameters.</summary>
    public string Last(TimeSpan span) => Between(To.Plus(-span), To);

    public string Whole => Between(From, To);

    private static string Between(Timestamp from, Timestamp to) => string.Create(CultureInfo.InvariantCulture, $"from={from}&to={to}");

    /// <summary>The first screen and the charts behind it.</summary>
    public Question[] Charts =>
    [
        new("first screen, last day", "/?" + Last(TimeSpan.FromDays(1)), 100),
        new("first screen, last hour", "/?" + Last(TimeSpan.FromHours(1)), 100),
        new("first screen, last 7 days", "/?" + Last(TimeSpan.FromDays(7)), 100),
        new("first screen, 30 days", "/?" + Whole, 100),
        new("chart by model, 30 days", $"/api/v1/stats?{Whole}&by=model", 100),
        new("chart of an app by operation, 30 days", $"/api/v1/stats?{Whole}&app=support-bot&by=operation", 100),
        new("chart by app and outcome, 7 days by hour", $"/api/v1/stats?{Last(TimeSpan.FromDays(7))}&by=app&by=outcome&step=1h", 100),
        new("chart of a filter, last day", $"/api/v1/stats?{Last(TimeSpan.FromDays(1))}&q=provider:openai%20env:production", 100),
    ];

    /// <summary>Pages of calls that the last day fills, and the small questions beside them.</summary>
    public Question[] Pages =>
    [
        new("calls, newest 100", Calls(""), 200),
        new("calls, model:gpt-4o-1", Calls("model:gpt-4o-1"), 200),
        new("calls, outcome:error", Calls("outcome:error"), 200),
        new("calls, app and env", Calls("app:support-bot -env:production"), 200),
        new("calls, latency>10s", Calls("latency>10s"), 200),
        new("calls, cost>0.01 model:claude*", Calls("cost>0.01 model:claude*"), 200),
        new("calls, tag:vip", Calls("tag:vip"), 200),
        new("calls, metadata.plan:pro", Calls("metadata.plan:pro"), 200),
        new("calls, error_type and status", Calls("error_type:RateLimitError http_status:429"), 200),
        new("calls, finish:length operation", Calls("finish:length operation:doc-chat.answer"), 200),
        new("calls, slowest of the last day", Calls("", Last(TimeSpan.FromDays(1))) + "&sort=-duration", 200),
        new("calls, dearest of the last day", Calls("", Last(TimeSpan.FromDays(1))) + "&sort=-cost", 200),
        new("calls, most tokens of the last day", Calls("", Last(TimeSpan.FromDays(1))) + "&sort=-total_tokens", 200),
        new("calls, slowest of 30 days", Calls("") + "&sort=-duration", 0),
        new("calls, slowest first token of 30 days", Calls("") + "&sort=-ttft", 0),
        new("traces, newest 100", $"/api/v1/traces?{Whole}", 200),
        new("traces, with a failed call of a model", $"/api/v1/traces?{Whole}&q=model:gpt-4o-1%20error_type:*", 0),
        new("errors, 30 days", $"/api/v1/errors?{Whole}", 0),
        new("errors, last day, one app", $"/api/v1/errors?{Last(TimeSpan.FromDays(1))}&app=support-bot", 0),
        new("facet, models of 30 days", $"/api/v1/facets/model?{Whole}", 0),
        new("facet, apps of 30 days", $"/api/v1/facets/app?{Whole}", 0),
        new("facet, users of 30 days", $"/api/v1/facets/user?{Whole}&prefix=user-1", 0),
        new("sessions, 30 days", $"/api/v1/sessions?{Whole}", 0),
        new("users, 30 days", $"/api/v1/users?{Whole}", 0),
        new("lookup of a session", "/api/v1/lookup/session-200000", 0),
        new("lookup of what nobody knows", "/api/v1/lookup/nobody-knows-this", 0),
        new("lookup of an unknown span id", "/api/v1/lookup/00f067aa0ba902b7", 0),
    ];

    /// <summary>Filters that hardly any call meets, or none.</summary>
    public Question[] Misses =>
    [
        new("nobody's", Calls("user:nobody"), 2_000),
        new("rare: one user", Calls("user:user-49990"), 2_000),
        new("rare: latency>2m", Calls("latency>2m"), 2_000),
        new("rare: cost>5", Calls("cost>5"), 2_000),
        new("rare: ttft>1m model:nova-1", Calls("ttft>1m model:nova-1"), 2_000),
        new("none: tokens>1M", Calls("tokens>1M"), 2_000),
        new("none: output_tokens>500k -env:dev", Calls("output_tokens>500k -env:dev"), 2_000),
        new("none: tag:nowhere", Calls("tag:nowhere"), 2_000),
    ];

    public string Calls(string filter, string? range = null) => $"/api/v1/calls?{range ?? Whole}{(filter.Length == 0 ? "" : "&q=" + Uri.EscapeDataString(filter))}";
}
