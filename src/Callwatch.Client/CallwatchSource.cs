using System.Diagnostics;

namespace Callwatch.Client;

/// <summary>Where the library's own spans come from.</summary>
public static class CallwatchSource
{
    /// <summary>For <c>AddSource(...)</c> of a tracer provider.</summary>
    public const string Name = "Callwatch.Client";

    internal static readonly ActivitySource Activities = new(Name, typeof(CallwatchSource).Assembly.GetName().Version?.ToString(3) ?? "");
}
