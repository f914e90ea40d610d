using Callwatch.Spans;

namespace Callwatch.Cli.Demo;

/// <summary>Writes one trace down as it would have happened: it has a clock of its own, and spans begin and end on it.</summary>
internal sealed class TraceScript(DemoService service, string scope, Dice dice, Timestamp start)
{
    private readonly TraceId traceId = dice.TraceId();
    private readonly List<DemoSpan> spans = [];

    public Timestamp Now { get; private set; } = start;

    public Dice Dice => dice;

    public IReadOnlyList<DemoSpan> Spans => spans;

    public void Pass(double seconds) => Now = Now.Plus(TimeSpan.FromSeconds(seconds));

    public DemoSpan Begin(string name, DemoSpan? parent = null, SpanRole role = SpanRole.Internal)
    {
        var span = new DemoSpan
        {
            Service = service,
            Scope = scope,
            TraceId = traceId,
            SpanId = dice.SpanId(),
            ParentSpanId = parent?.SpanId ?? default,
            Name = name,
            Role = role,
            Start = Now,
        };
        spans.Add(span);
        return span;
    }

    public void End(DemoSpan span) => span.End = Now;

    /// <summary>A span that only takes its time.</summary>
    public DemoSpan Step(string name, DemoSpan parent, double seconds, SpanRole role = SpanRole.Internal)
    {
        var span = Begin(name, parent, role);
        Pass(seconds);
        End(span);
        return span;
    }
}
