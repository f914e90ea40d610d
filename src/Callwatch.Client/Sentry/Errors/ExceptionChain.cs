using Callwatch.Client.Sentry.Envelopes;

namespace Callwatch.Client.Sentry.Errors;

/// <summary>An exception with its causes, outermost first, each saying whose cause it is.</summary>
internal sealed class ExceptionChain(Frames frames, bool prompts)
{
    private const int Most = 20;
    private const int MostOfMessage = 8_192;

    public IReadOnlyList<SentryException> Of(Exception exception, string mechanism, bool handled)
    {
        var chain = new List<SentryException>();
        Add(chain, exception, null, mechanism, handled, null);
        return chain;
    }

    private void Add(List<SentryException> chain, Exception exception, int? parent, string mechanism, bool handled, string? source)
    {
        if (chain.Count >= Most) return;
        var id = chain.Count;
        var type = exception.GetType();
        var inner = exception is AggregateException many ? many.InnerExceptions : null;
        chain.Add(new SentryException(EventJson.Cut(type.FullName ?? type.Name, 500), Scrub.Text(inner is null ? exception.Message : Own(exception.Message, inner), MostOfMessage, prompts))
        {
            Module = type.Assembly.GetName().Name,
            Mechanism = mechanism,
            Handled = handled,
            Id = id,
            Parent = parent,
            Source = source,
            IsGroup = inner is not null,
            Frames = frames.Of(exception),
        });
        if (inner is not null)
            for (var i = 0; i < inner.Count; i++) Add(chain, inner[i], id, "chained", true, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"InnerExceptions[{i}]"));
        else if (exception.InnerException is { } cause) Add(chain, cause, id, "chained", true, "InnerException");
    }

    // Its message repeats those of all that it holds, each in brackets.
    private static string Own(string message, IReadOnlyCollection<Exception> inner)
    {
        var suffix = " " + string.Join(' ', inner.Select(one => "(" + one.Message + ")"));
        return message.EndsWith(suffix, StringComparison.Ordinal) ? message[..^suffix.Length] : message;
    }
}
