using System.Globalization;
using Callwatch.Cli.Demo.Dialects;
using Callwatch.Spans;

namespace Callwatch.Cli.Demo.Apps;

/// <summary>Summarises voice notes; its team has switched the recording of texts off, so only figures arrive.</summary>
internal sealed class VoiceNotes : IDemoApp
{
    private static readonly DemoService Service = new("voice-notes", "0.9.14", "production", "go");

    public double TracesPerMinute => 1.9;

    public IReadOnlyList<DemoSpan> Trace(Story story, Dice dice, Timestamp start)
    {
        var script = new TraceScript(Service, "voice-notes", dice, start);
        var root = script.Begin("process note", role: SpanRole.Consumer).With("messaging.system", "rabbitmq").With("messaging.destination.name", "notes");
        var user = "u_" + dice.Whole(30_000, 30_900).ToString(CultureInfo.InvariantCulture);
        // An older way of transcribing, which asks the provider by hand: its requests are seen, but nobody tells of a call.
        if (dice.Chance(0.08))
        {
            HttpClientSpan.Send(script, root, "https://api.openai.com/v1/audio/transcriptions", dice.Around(2.4));
            script.Pass(0.02);
        }

        var done = Chat(script, root, "summarise-thread", user, dice.Tokens(2_200, 0.3), dice.Tokens(350, 0.3), dice.Chance(0.006));
        if (done && dice.Chance(0.45)) Chat(script, root, "title-note", user, dice.Tokens(420), dice.Tokens(12), failed: false);
        script.End(root);
        if (!done) root.Fail("The note could not be summarised.");
        return script.Spans;
    }

    private static bool Chat(TraceScript script, DemoSpan root, string prompt, string user, long input, long output, bool failed)
    {
        var dice = script.Dice;
        var reasoning = output > 100 && dice.Chance(0.6) ? dice.Tokens(180, 0.5) : 0;
        var first = 0.4 + (reasoning / 220d) + dice.Between(0, 0.3);
        var call = new ModelCall
        {
            Provider = "gcp.gemini",
            Model = "gemini-2.5-flash",
            PromptName = prompt,
            PromptVersion = 2,
            Input = input,
            CacheRead = dice.Chance(0.25) ? input / 2 : 0,
            Output = output + reasoning,
            Reasoning = reasoning,
            FirstToken = first,
            Seconds = first + (output / dice.Around(210, 0.2)),
            Temperature = 0.3,
            MaxTokens = 2048,
            User = user,
            Failure = failed ? new CallFailure("ServerError", "503 The model is overloaded, please try again later.", 503) : null,
        };
        var span = script.Begin("chat gemini-2.5-flash", root, SpanRole.Client);
        script.Pass(failed ? 0.6 : call.Seconds);
        script.End(span);
        GenAi.Write(span, call, dice, content: false);
        return !failed;
    }
}
