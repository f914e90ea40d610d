namespace Callwatch.Client.Telemetry.Export;

/// <summary>How a request of an exporter ended.</summary>
internal abstract record ExportOutcome
{
    private ExportOutcome()
    {
    }

    /// <summary>The endpoint has it.</summary>
    public sealed record Taken : ExportOutcome;

    /// <summary>May pass later.</summary>
    public sealed record Later(string Why, TimeSpan? After) : ExportOutcome;

    /// <summary>Fewer at a time might be taken.</summary>
    public sealed record TooLarge : ExportOutcome;

    /// <summary>The same would be refused again.</summary>
    public sealed record Never(string Why) : ExportOutcome;
}
