using System.Globalization;
using Callwatch.Cli.Demo.Dialects;
using Callwatch.Spans;

namespace Callwatch.Cli.Demo.Apps;

/// <summary>Scores yesterday's answers with a model of the team's own, which has no price; some inputs are longer than its context.</summary>
internal sealed class NightlyEval : IDemoApp
{
    private static readonly DemoService Service = new("nightly-eval", "2026.9.2", "staging", "python");

    private static readonly (string Answer, string Score)[] Answers =
    [
        ("Your refund of €46.90 was approved on Monday.", "5: every statement is in the source"),
        ("The parcel comes tomorrow before noon.", "4: the hour is not in the source"),
        ("The code HERBST10 can be combined with gift cards.", "1: the policy says the opposite"),
    ];

    public double TracesPerMinute => 0.35;

    public IReadOnlyList<DemoSpan> Trace(Story story, Dice dice, Timestamp start)
    {
        var script = new TraceScript(Service, "opentelemetry.instrumentation.openai.v1", dice, start);
        var root = script.Begin("nightly-eval.workflow").With("traceloop.span.kind", "workflow").With("traceloop.workflow.name", "nightly-eval").With("traceloop.entity.name", "nightly-eval");
        for (var i = dice.Whole(1, 3); i > 0; i--)
        {
            var (answer, score) = dice.Pick(Answers);
            var task = script.Begin("score-answer.task", root).With("traceloop.span.kind", "task").With("traceloop.workflow.name", "nightly-eval").With("traceloop.entity.name", "score-answer");
            var tooLong = dice.Chance(0.015);
            var output = dice.Tokens(240, 0.3);
            var call = new ModelCall
            {
                Provider = "vllm",
                Model = "qwen3-32b",
                Input = dice.Tokens(1_600, 0.2),
                Output = output,
                Seconds = tooLong ? 0.05 : 0.5 + (output / dice.Around(95, 0.2)),
                Temperature = 0,
                MaxTokens = 512,
                Messages = [new("system", "Score the answer from 1 to 5 for faithfulness to the source, with one reason."), new("user", answer)],
                Answer = score,
                Session = "eval_" + start.ToDateTimeOffset().ToString("yyyyMMdd", CultureInfo.InvariantCulture),
                Failure = tooLong ? new CallFailure("BadRequestError", $"400 Input of {dice.Whole(33_000, 60_000)} tokens is longer than the context of 32768.", 400) : null,
            };
            var span = script.Begin("openai.chat", task, SpanRole.Client).With("traceloop.workflow.name", "nightly-eval");
            script.Pass(call.Seconds);
            script.End(span);
            Traceloop.Write(span, call);
            script.End(task);
        }

        script.End(root);
        return script.Spans;
    }
}
