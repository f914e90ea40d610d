namespace Callwatch.Client.Api;

/// <summary>What became of an imported file. What is accepted is on disk.</summary>
public sealed record ApiImported
{
    /// <summary>Spans taken. Spans that are there already are taken again and stored once.</summary>
    public required long Accepted { get; init; }

    /// <summary>Spans refused inside lines or messages that could be read.</summary>
    public required long Rejected { get; init; }

    /// <summary>Why spans were refused; null when none were.</summary>
    public string? Reason { get; init; }

    /// <summary>Lines that could not be taken; the others were.</summary>
    public required long BadLines { get; init; }

    /// <summary>The first of them, at most 100.</summary>
    public required IReadOnlyList<ApiImportTrouble> Lines { get; init; }
}

/// <summary>A line that could not be taken.</summary>
/// <param name="Line">Its number, from 1.</param>
/// <param name="Code">For programs: <c>bad_json</c>, <c>unknown_shape</c>, <c>bad_field</c>.</param>
/// <param name="Field">The field that is wrong, where it is one.</param>
/// <param name="Message">What is wrong, without anything of the contents.</param>
public sealed record ApiImportTrouble(long Line, string Code, string? Field, string Message);
