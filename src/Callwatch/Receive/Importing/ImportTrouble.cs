namespace Callwatch.Receive.Importing;

/// <summary>A line of a file that was not taken.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Field">The field that is wrong, where it is one.</param>
/// <param name="Message">Without anything of the contents.</param>
public sealed record ImportTrouble(long Line, string Code, string? Field, string Message);
