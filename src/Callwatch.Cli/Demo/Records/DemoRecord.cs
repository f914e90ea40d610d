using System.Text.Json.Nodes;
using Callwatch.Spans;

namespace Callwatch.Cli.Demo.Records;

/// <summary>What an application hands over when something is done: a trace record, or what a user thought of a message.</summary>
/// <param name="Ready">When it is handed over.</param>
/// <param name="IsFeedback">Goes to <c>/api/v1/feedback</c>, the others to <c>/api/v1/traces</c>.</param>
internal sealed record DemoRecord(Timestamp Ready, JsonObject Body, bool IsFeedback = false);

/// <summary>An application of the demo that tells of itself in business records instead of spans.</summary>
internal interface IRecordApp
{
    /// <summary>How often something begins on the average, when the whole demo makes 30 calls per minute.</summary>
    double PerMinute { get; }

    /// <summary>What is handed over of that which begins at <paramref name="start"/>.</summary>
    IReadOnlyList<DemoRecord> Begin(Dice dice, Timestamp start);
}
