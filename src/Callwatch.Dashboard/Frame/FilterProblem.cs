namespace Callwatch.Dashboard.Frame;

/// <summary>Why a filter was refused, and at which character.</summary>
public sealed record FilterProblem(string Message, int? Offset);
