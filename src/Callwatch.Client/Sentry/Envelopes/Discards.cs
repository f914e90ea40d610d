using System.Text.Json;

namespace Callwatch.Client.Sentry.Envelopes;

/// <summary>What rate limits and client reports go by.</summary>
internal static class Category
{
    public const string Error = "error";
    public const string Default = "default";
    public const string Transaction = "transaction";
    public const string Span = "span";
    public const string Profile = "profile";
}

/// <summary>Why something was dropped, in the words of Sentry's client reports.</summary>
internal enum Discard
{
    QueueOverflow,
    CacheOverflow,
    RatelimitBackoff,
    NetworkError,
    SampleRate,
    BeforeSend,
    EventProcessor,
    SendError,
    InternalSdkError,
    InsufficientData,
    Ignored,
}

/// <summary>Counts what becomes of errors and transactions, for the application and for Sentry; thread-safe.</summary>
internal sealed class Discards(TimeProvider time)
{
    private static readonly string[] Words =
    [
        "queue_overflow", "cache_overflow", "ratelimit_backoff", "network_error", "sample_rate", "before_send", "event_processor", "send_error", "internal_sdk_error", "insufficient_data", "ignored",
    ];

    private readonly Lock gate = new();
    private readonly long[] dropped = new long[Words.Length];
    private Dictionary<(Discard Why, string Category), long> unreported = [];
    private long taken;
    private long sent;
    private long spooled;

    public void Took() => Interlocked.Increment(ref taken);

    public void Sent() => Interlocked.Increment(ref sent);

    public void Spooled() => Interlocked.Increment(ref spooled);

    /// <param name="items">Of which category how many: a transaction counts with its spans besides.</param>
    /// <param name="reported">False for what Sentry counts itself.</param>
    public void Dropped(Discard why, IReadOnlyList<Item> items, bool reported = true)
    {
        lock (gate)
        {
            dropped[(int)why]++;
            if (reported)
                foreach (var (category, count) in items) unreported[(why, category)] = unreported.GetValueOrDefault((why, category)) + count;
        }

        if (SentryEvents.Log.IsEnabled()) SentryEvents.Log.Dropped(Words[(int)why], 1);
    }

    public void Dropped(Discard why, string category, long count = 1) => Dropped(why, [new Item(category, count)]);

    public SentryCounts Counts()
    {
        lock (gate)
        {
            var all = new Dictionary<string, long>(StringComparer.Ordinal);
            for (var i = 0; i < Words.Length; i++)
                if (dropped[i] > 0) all[Words[i]] = dropped[i];
            return new SentryCounts(Interlocked.Read(ref taken), Interlocked.Read(ref sent), Interlocked.Read(ref spooled), all);
        }
    }

    /// <summary>A client report of what was not reported yet; null when there is nothing.</summary>
    public Report? Take()
    {
        Dictionary<(Discard Why, string Category), long> all;
        lock (gate)
        {
            if (unreported.Count == 0) return null;
            (all, unreported) = (unreported, []);
        }

        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("timestamp", EventJson.Seconds(time.GetUtcNow()));
            json.WriteStartArray("discarded_events");
            foreach (var ((why, category), count) in all)
            {
                json.WriteStartObject();
                json.WriteString("reason", Words[(int)why]);
                json.WriteString("category", category);
                json.WriteNumber("quantity", count);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return new Report(bytes.ToArray(), all);
    }

    /// <summary>It could not be sent: goes along with the next.</summary>
    public void GiveBack(Report? report)
    {
        if (report is null) return;
        lock (gate)
            foreach (var (key, count) in report.Counted) unreported[key] = unreported.GetValueOrDefault(key) + count;
    }

    /// <param name="Category">A rate limit's.</param>
    public readonly record struct Item(string Category, long Count = 1);

    public sealed record Report(byte[] Payload, Dictionary<(Discard Why, string Category), long> Counted);
}
