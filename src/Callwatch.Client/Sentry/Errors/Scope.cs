using System.Diagnostics;
using Callwatch.Client.Hosting;

namespace Callwatch.Client.Sentry.Errors;

/// <summary>
/// The scopes of one host, however many a process has: each hangs on the activity of a request, or on the local root of the current one, and goes with
/// it; what happens outside of any activity has one scope for the host.
/// </summary>
internal sealed class Scopes(int mostBreadcrumbs)
{
    private readonly string property = OwnProperty.Named("callwatch.sentry.scope");

    /// <summary>Of what happens outside of any activity.</summary>
    public Scope Outside { get; } = new(mostBreadcrumbs);

    /// <summary>Of the current activity or one above it; null when none has been made.</summary>
    public Scope? Of(Activity? activity)
    {
        for (; activity is not null; activity = activity.Parent)
            if (activity.GetCustomProperty(property) is Scope scope) return scope;
        return null;
    }

    /// <summary>As above, made at the local root where there is none.</summary>
    public Scope OfOrNew(Activity? activity)
    {
        if (activity is null) return Outside;
        if (Of(activity) is { } known) return known;
        var root = activity;
        while (root.Parent is { } parent) root = parent;
        return New(root);
    }

    public Scope New(Activity at)
    {
        var scope = new Scope(mostBreadcrumbs);
        at.SetCustomProperty(property, scope);
        return scope;
    }
}

/// <summary>What is known of the request or job at hand: breadcrumbs, tags, user, request. Thread-safe.</summary>
internal sealed class Scope(int mostBreadcrumbs)
{
    private const int MostTags = 50;

    private readonly Lock gate = new();
    private readonly Queue<SentryBreadcrumb> breadcrumbs = new();
    private Dictionary<string, string>? tags;
    private SentryUser? user;
    private object? http;
    private RequestFacts? request;

    public void Add(SentryBreadcrumb breadcrumb)
    {
        if (mostBreadcrumbs == 0) return;
        lock (gate)
        {
            if (breadcrumbs.Count >= mostBreadcrumbs) breadcrumbs.Dequeue();
            breadcrumbs.Enqueue(breadcrumb);
        }
    }

    public void SetUser(SentryUser? who)
    {
        lock (gate) user = who;
    }

    public void SetTag(string key, string? value)
    {
        lock (gate)
        {
            tags ??= new Dictionary<string, string>(StringComparer.Ordinal);
            if (value is null) tags.Remove(key);
            else if (tags.Count < MostTags || tags.ContainsKey(key)) tags[key] = value;
        }
    }

    /// <summary>The request runs: it is looked at when there is a reason to.</summary>
    public void Begin(object httpContext)
    {
        lock (gate) http = httpContext;
    }

    /// <summary>The request is over: its context will serve another one, and must not be looked at again.</summary>
    public void End(bool pii)
    {
        lock (gate)
        {
            if (http is not null) request = RequestFacts.Of(http, pii);
            http = null;
        }
    }

    /// <summary>Whether its caller has gone.</summary>
    public bool IsAborted
    {
        get
        {
            lock (gate) return http is null ? request?.IsAborted == true : RequestFacts.IsAbortedNow(http);
        }
    }

    public ScopeNow Now(bool pii)
    {
        lock (gate) return new ScopeNow([.. breadcrumbs], tags is null ? [] : [.. tags], user, http is null ? request : RequestFacts.Of(http, pii));
    }
}

/// <summary>A scope as it was at one moment.</summary>
internal sealed record ScopeNow(IReadOnlyList<SentryBreadcrumb> Breadcrumbs, IReadOnlyList<KeyValuePair<string, string>> Tags, SentryUser? User, RequestFacts? Request);
