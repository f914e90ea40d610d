using System.Diagnostics;

namespace Callwatch.Client.Jobs;

/// <summary>
/// An item on its way through a <c>Channel</c> or a queue, together with the trace it was sent from, so that what becomes of it belongs to the same trace:
/// <code>
/// await channel.Writer.WriteAsync(Envelope.Of(order));
/// ...
/// await foreach (var envelope in channel.Reader.ReadAllAsync(cancel))
///     await envelope.RunAsync("send invoice", (order, cancel) => SendAsync(order, cancel), cancel);
/// </code>
/// Its fields are plain texts: as JSON it crosses process borders too.
/// </summary>
/// <typeparam name="T">Of the item.</typeparam>
public sealed record Envelope<T>
{
    /// <summary>What is sent.</summary>
    public required T Item { get; init; }

    /// <summary>W3C trace context of the sender; null where it had none.</summary>
    public string? Traceparent { get; init; }

    /// <summary>W3C trace state; null for none.</summary>
    public string? Tracestate { get; init; }

    /// <summary>Baggage of the sender; null for none.</summary>
    public IReadOnlyDictionary<string, string>? Baggage { get; init; }

    /// <summary>Begins a job in the trace that the item was sent from; ends when it is disposed of.</summary>
    /// <param name="name">Of the job, not of this one run.</param>
    public Job Start(string name) => Job.Start(name, Traceparent, Tracestate, Baggage);

    /// <summary>Runs a job in the trace that the item was sent from. What it throws is noted and thrown on.</summary>
    /// <param name="name">Of the job, not of this one run.</param>
    /// <param name="work">What is to be done with the item.</param>
    /// <param name="cancel">Is passed on.</param>
    public Task RunAsync(string name, Func<T, CancellationToken, Task> work, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return Start(name).RunAsync(stop => work(Item, stop), cancel);
    }
}

/// <summary>Puts items into envelopes.</summary>
public static class Envelope
{
    /// <summary>With the current trace, if there is one.</summary>
    public static Envelope<T> Of<T>(T item)
    {
        if (Activity.Current is not { IdFormat: ActivityIdFormat.W3C, Id: { } context } current) return new Envelope<T> { Item = item };
        Dictionary<string, string>? baggage = null;
        foreach (var (key, value) in current.Baggage)
            if (value is not null) (baggage ??= new(StringComparer.Ordinal)).TryAdd(key, value);
        return new Envelope<T> { Item = item, Traceparent = context, Tracestate = current.TraceStateString, Baggage = baggage };
    }
}
