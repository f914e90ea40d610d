using Microsoft.Extensions.Logging;

namespace Callwatch.Client.Sentry;

/// <summary>An error or message as it is about to be sent, scrubbed already; for <see cref="SentryOptions.BeforeSend"/>.</summary>
public sealed class SentryEvent
{
    internal SentryEvent(string eventId, Exception? original) => (EventId, Original) = (eventId, original);

    /// <summary>32 hex digits.</summary>
    public string EventId { get; }

    /// <summary>What was caught, as it is: not what is sent. Null for a message, and for an error of an earlier run.</summary>
    public Exception? Original { get; }

    /// <summary>How bad it is.</summary>
    public LogLevel Level { get; set; } = LogLevel.Error;

    /// <summary>In words, where it is no exception or the log line says more.</summary>
    public string? Message { get; set; }

    /// <summary>Category of the log line.</summary>
    public string? Logger { get; set; }

    /// <summary>Route, or name of the job.</summary>
    public string? Transaction { get; set; }

    /// <summary>The exception, outermost first, then its causes.</summary>
    public IList<SentryException> Exceptions { get; } = [];

    /// <summary>To search by.</summary>
    public IDictionary<string, string> Tags { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Anything else.</summary>
    public IDictionary<string, string> Extra { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Errors with the same one are one issue; empty leaves it to Sentry. <c>{{ default }}</c> stands for what Sentry would take.</summary>
    public IList<string> Fingerprint { get; } = [];

    /// <summary>Who was served.</summary>
    public SentryUser? User { get; set; }

    /// <summary>What happened before, oldest first.</summary>
    public IList<SentryBreadcrumb> Breadcrumbs { get; } = [];

    internal Errors.RequestFacts? Request { get; set; }
}

/// <summary>One exception of a chain.</summary>
public sealed class SentryException
{
    internal SentryException(string type, string value) => (Type, Value) = (type, value);

    /// <summary>Full name of its type.</summary>
    public string Type { get; set; }

    /// <summary>Its message.</summary>
    public string Value { get; set; }

    internal string? Module { get; init; }

    internal string Mechanism { get; init; } = "generic";

    internal bool Handled { get; init; }

    internal int Id { get; init; }

    internal int? Parent { get; init; }

    internal string? Source { get; init; }

    internal bool IsGroup { get; init; }

    internal IReadOnlyList<Errors.Frame> Frames { get; init; } = [];
}

/// <summary>Who was served.</summary>
/// <param name="Id">As the application knows him.</param>
/// <param name="Name">As he is called.</param>
/// <param name="Address">Where he came from.</param>
public sealed record SentryUser(string? Id, string? Name = null, string? Address = null);

/// <summary>Something that happened.</summary>
/// <param name="At">When.</param>
/// <param name="Category">Category of a log line; <c>http</c>; or the application's own.</param>
/// <param name="Message">In words.</param>
/// <param name="Level">How bad it was.</param>
public sealed record SentryBreadcrumb(DateTimeOffset At, string Category, string Message, LogLevel Level);
