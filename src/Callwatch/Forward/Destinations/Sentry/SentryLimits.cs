using System.Globalization;

namespace Callwatch.Forward.Destinations.Sentry;

/// <summary>
/// What Sentry limits for the moment, by category (header <c>X-Sentry-Rate-Limits</c>, which may come with any answer). A limited category waits in
/// its lane; the others go on. Thread-safe.
/// </summary>
internal sealed class SentryLimits(TimeProvider time)
{
    private const string All = "";

    private static readonly TimeSpan WhenNotSaid = TimeSpan.FromSeconds(60);

    private readonly Lock gate = new();
    private readonly Dictionary<string, (DateTimeOffset Until, string Reason)> limits = new(StringComparer.Ordinal);

    /// <summary>How long an item of the route has to wait, and why; null when it may go.</summary>
    public (TimeSpan Wait, string Reason)? Of(string route)
    {
        var now = time.GetUtcNow();
        lock (gate)
        {
            (TimeSpan Wait, string Reason)? longest = null;
            foreach (var category in (string[])[All, .. CategoriesOf(route)])
            {
                if (!limits.TryGetValue(category, out var limit) || limit.Until <= now || longest?.Wait >= limit.Until - now) continue;
                longest = (limit.Until - now, limit.Reason);
            }

            return longest;
        }
    }

    /// <summary>Takes up what an answer says. Of two limits of a category the longer one stands.</summary>
    /// <param name="retryAfter">For an answer 429 without the header.</param>
    public void Take(HttpResponseMessage response, TimeSpan? retryAfter)
    {
        if (response.Headers.TryGetValues("X-Sentry-Rate-Limits", out var values))
        {
            foreach (var limit in string.Join(',', values).Split(',')) Take(limit.Trim());
            return;
        }

        if ((int)response.StatusCode == 429) Put(All, retryAfter ?? WhenNotSaid, "rate limit");
    }

    // seconds:categories:scope:reason:namespaces, of which later versions may add more.
    private void Take(string limit)
    {
        var parts = limit.Split(':');
        if (!double.TryParse(parts[0].Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) || seconds is not (>= 0 and < 1e9)) return;
        var reason = parts.Length > 3 && parts[3].Trim() is { Length: > 0 } given ? given : "rate limit";
        foreach (var category in (parts.Length > 1 ? parts[1] : "").Split(';')) Put(category.Trim(), TimeSpan.FromSeconds(seconds), reason);
    }

    private void Put(string category, TimeSpan wait, string reason)
    {
        var until = time.GetUtcNow() + wait;
        lock (gate)
            if (!limits.TryGetValue(category, out var known) || known.Until < until) limits[category] = (until, reason);
    }

    private static string[] CategoriesOf(string route) => route == SentryMapping.Transaction ? ["transaction", "span"] : ["error"];
}
