using Callwatch.Cli.Demo.Apps;
using Callwatch.Spans;

namespace Callwatch.Cli.Demo;

/// <summary>All applications of the demo on one clock: moves it on and gives the spans that have ended meanwhile.</summary>
/// <param name="begin">Where the clock stands at first.</param>
/// <param name="pace">1 makes about 30 calls per minute.</param>
internal sealed class DemoTraffic(Story story, Dice dice, Timestamp begin, double pace)
{
    private readonly (IDemoApp App, Timestamp[] Next)[] apps =
        [.. new IDemoApp[] { new SupportBot(), new ContractReview(), new SearchAssist(), new VoiceNotes(), new NightlyEval() }.Select(app => (app, new[] { begin }))];

    private readonly PriorityQueue<DemoSpan, Timestamp> running = new();

    /// <summary>Spans that have ended before <paramref name="until"/>, in order of their ends; each is given once.</summary>
    public IEnumerable<DemoSpan> Until(Timestamp until)
    {
        foreach (var (app, next) in apps)
        {
            while (next[0] < until)
            {
                foreach (var span in app.Trace(story, dice, next[0])) running.Enqueue(span, span.End);
                next[0] = next[0].Plus(TimeSpan.FromSeconds(dice.Wait(app.TracesPerMinute * pace * story.Traffic(next[0]) / 60)));
            }
        }

        while (running.TryPeek(out _, out var end) && end < until) yield return running.Dequeue();
    }
}
