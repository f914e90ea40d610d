using Callwatch.Spans;

namespace Callwatch.Cli.Demo.Apps;

/// <summary>One application of the demo.</summary>
internal interface IDemoApp
{
    /// <summary>Traces per minute on average, when the whole demo makes 30 calls per minute.</summary>
    double TracesPerMinute { get; }

    /// <summary>The spans of one trace that begins at <paramref name="start"/>.</summary>
    IReadOnlyList<DemoSpan> Trace(Story story, Dice dice, Timestamp start);
}
