using System.Globalization;

namespace Callwatch.Client.Sentry.Envelopes;

/// <summary>
/// What Sentry limits for the moment, by category (header <c>X-Sentry-Rate-Limits</c>, which may come with any answer). What is limited is dropped, not
/// kept. Thread-safe.
/// </summary>
internal sealed class RateLimits(TimeProvider time)
{
    private const string All = "";
    private const int MostHeader = 8_192;

    // What we send; a name that is none of these limits nothing of ours, and is not kept.
    private static readonly string[] Known = [All, Category.Error, Category.Default, Category.Transaction, Category.Span, Category.Profile];

    private static readonly TimeSpan WhenNotSaid = TimeSpan.FromSeconds(60);

    private readonly Lock gate = new();
    private readonly Dictionary<string, DateTimeOffset> limits = new(StringComparer.Ordinal);

    public bool IsLimited(string category)
    {
        var now = time.GetUtcNow();
        lock (gate) return Holds(All, now) || Holds(category, now) || (category == Category.Transaction && Holds(Category.Span, now));
    }

    /// <summary>Takes up what an answer says. Of two limits of a category the longer one stands.</summary>
    /// <param name="header">Of <c>X-Sentry-Rate-Limits</c>; null when there is none.</param>
    /// <param name="retryAfter">Of <c>Retry-After</c>, for an answer 429 without the other one.</param>
    public void Take(int status, string? header, TimeSpan? retryAfter)
    {
        if (header is null)
        {
            if (status == 429) Put(All, retryAfter is { } asked && asked > TimeSpan.Zero ? asked : WhenNotSaid);
            return;
        }

        // seconds:categories:scope:reason:namespaces, of which later versions may add more.
        foreach (var limit in (header.Length > MostHeader ? header[..MostHeader] : header).Split(','))
        {
            var parts = limit.Split(':');
            if (!double.TryParse(parts[0].Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) || seconds is not (>= 0 and < 1e8)) continue;
            foreach (var category in (parts.Length > 1 ? parts[1] : "").Split(';')) Put(category.Trim(), TimeSpan.FromSeconds(seconds));
        }
    }

    private bool Holds(string category, DateTimeOffset now) => limits.TryGetValue(category, out var until) && until > now;

    private void Put(string category, TimeSpan wait)
    {
        if (Array.IndexOf(Known, category) < 0) return;
        // A limit of years is a mistake, and would add up beyond the calendar.
        var until = time.GetUtcNow() + (wait > TimeSpan.FromDays(1) ? TimeSpan.FromDays(1) : wait);
        lock (gate)
            if (!limits.TryGetValue(category, out var known) || known < until) limits[category] = until;
    }
}
