using Callwatch.Spans;

namespace Callwatch.Cli.Demo;

/// <summary>Who sends: what a resource says.</summary>
internal sealed record DemoService(string Name, string Release, string Environment, string Language);

/// <summary>An OTLP span before it is written. Values are string, bool, long, double or string[].</summary>
internal sealed class DemoSpan
{
    public required DemoService Service { get; init; }

    public required string Scope { get; init; }

    public required TraceId TraceId { get; init; }

    public required SpanId SpanId { get; init; }

    public SpanId ParentSpanId { get; init; }

    public required string Name { get; init; }

    public SpanRole Role { get; init; } = SpanRole.Internal;

    public required Timestamp Start { get; init; }

    public Timestamp End { get; set; }

    public List<(string Key, object Value)> Attributes { get; } = [];

    public List<DemoEvent> Events { get; } = [];

    /// <summary>Set when the span failed: the status message.</summary>
    public string? Failure { get; private set; }

    public DemoSpan With(string key, object? value)
    {
        if (value is not null) Attributes.Add((key, value is int number ? (long)number : value));
        return this;
    }

    public void Fail(string message) => Failure = message;
}

internal sealed record DemoEvent(string Name, Timestamp Time, IReadOnlyList<(string Key, object Value)> Attributes);

/// <summary>OTLP's span kinds.</summary>
internal enum SpanRole
{
    Internal = 1, Server = 2, Client = 3, Producer = 4, Consumer = 5,
}
