using System.Collections.Concurrent;
using System.Diagnostics;

namespace Callwatch.Client.Tests;

/// <summary>The library's spans of one test: all that stand beneath its own activity.</summary>
internal sealed class Seen : IDisposable
{
    private readonly ConcurrentQueue<Activity> spans = new();
    private readonly ActivityListener listener;

    public Seen()
    {
        Root = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();
        listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == CallwatchSource.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                if (span.TraceId == Root.TraceId) spans.Enqueue(span);
            },
        };
        ActivitySource.AddActivityListener(listener);
    }

    public Activity Root { get; }

    public IReadOnlyList<Activity> Spans => [.. spans];

    public Activity One => spans.Count == 1 && spans.TryPeek(out var span) ? span : throw new InvalidOperationException($"{spans.Count} spans");

    public void Dispose()
    {
        listener.Dispose();
        Root.Stop();
        Root.Dispose();
    }
}
