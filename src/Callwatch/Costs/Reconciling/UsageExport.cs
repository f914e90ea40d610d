namespace Callwatch.Costs.Reconciling;

/// <summary>What a provider says was used of a model on one UTC day. Null is what its export does not say.</summary>
/// <param name="Model">As the export writes it; empty where it names none; <see cref="UsageExportReader.Credits"/> of what was given back.</param>
/// <param name="Input">All prompt tokens, cached ones included.</param>
public sealed record UsageRow(DateOnly Day, string Model, long? Requests, long? Input, long? CacheRead, long? CacheWrite, long? Output, decimal? Usd)
{
    /// <summary>True where the export says that nothing was used.</summary>
    public bool IsNothing => Requests is null or 0 && Input is null or 0 && Output is null or 0 && CacheRead is null or 0 && CacheWrite is null or 0 && Usd is null or 0;

    /// <summary>Both together.</summary>
    public UsageRow With(UsageRow other) => this with
    {
        Requests = Sum(Requests, other.Requests),
        Input = Sum(Input, other.Input),
        CacheRead = Sum(CacheRead, other.CacheRead),
        CacheWrite = Sum(CacheWrite, other.CacheWrite),
        Output = Sum(Output, other.Output),
        Usd = Usd is null && other.Usd is null ? null : (Usd ?? 0) + (other.Usd ?? 0),
    };

    private static long? Sum(long? a, long? b) => a is null && b is null ? null : (a ?? 0) + (b ?? 0);
}

/// <summary>A provider's export of usage or costs, by UTC day and model.</summary>
/// <param name="Provider">Folded: <c>openai</c>, <c>anthropic</c>.</param>
/// <param name="Kind"><c>usage</c> or <c>cost</c>.</param>
/// <param name="Lines">Of the file, without its head.</param>
public sealed record UsageExport(string Provider, string Kind, IReadOnlyList<UsageRow> Rows, int Lines);

/// <summary>How reading an export ended.</summary>
public abstract record UsageExportResult
{
    private UsageExportResult()
    {
    }

    public sealed record Read(UsageExport Export) : UsageExportResult;

    /// <summary>The line of the file, from 1, and the column by its name where it is one column's fault.</summary>
    public sealed record Wrong(int Line, string? Column, string Message) : UsageExportResult
    {
        public string Sentence => Column is null ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"Line {Line}: {Message}")
            : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"Line {Line}, column {Column}: {Message}");
    }
}
