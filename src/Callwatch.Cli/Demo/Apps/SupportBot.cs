using System.Globalization;
using System.Text.Json.Nodes;
using Callwatch.Cli.Demo.Dialects;
using Callwatch.Spans;

namespace Callwatch.Cli.Demo.Apps;

/// <summary>The support assistant of a shop: conversations that grow, an agent with tools and retrieval, streamed answers, retries. Prompt v7 is its story.</summary>
internal sealed class SupportBot : IDemoApp
{
    private static readonly DemoService Service = new("support-bot", "2026.9.3", "production", "python");

    private readonly List<Conversation> open = [];

    public double TracesPerMinute => 2.9;

    public IReadOnlyList<DemoSpan> Trace(Story story, Dice dice, Timestamp start)
    {
        var talk = Next(dice);
        var turn = talk.Topic.Turns[talk.Turn];
        var script = new TraceScript(Service, "nordlicht.support", dice, start);
        var root = script.Begin("handle-message", role: SpanRole.Server).With("gen_ai.operation.name", "invoke_workflow").With("gen_ai.workflow.name", "handle-message");
        Whose(root, talk).With("input.value", turn.Question);
        script.Step("moderate-input", root, dice.Around(0.18)).With("openinference.span.kind", "GUARDRAIL").With("output.value", "allowed");
        Chat(script, root, "classify-intent", Classify(story, dice, talk, turn, script.Now));

        var agent = Whose(script.Begin("invoke_agent " + talk.Topic.Agent, root), talk).With("gen_ai.operation.name", "invoke_agent").With("gen_ai.agent.name", talk.Topic.Agent);
        var messages = new List<Said>(talk.History) { new("user", turn.Question) };
        if (turn.Tool is { } tool)
        {
            var asked = $"call_{dice.Word(8)}";
            Chat(script, agent, "plan", Plan(story, dice, talk, messages, (asked, tool.Name, tool.Arguments), script.Now));
            if (dice.Chance(0.55)) SearchPolicy(script, agent, turn.Question);
            UseTool(script, agent, asked, tool, story);
            messages.Add(new Said("assistant", tool.Arguments, asked, tool.Name));
            messages.Add(new Said("tool", tool.Result, asked));
        }

        var answered = Answer(script, agent, story, talk, messages, turn.Answer);
        script.End(agent);
        if (answered && dice.Chance(0.4)) Chat(script, root, "check-answer", Check(dice, talk, turn, script.Now));
        if (answered) script.Step("moderate-output", root, dice.Around(0.17)).With("openinference.span.kind", "GUARDRAIL").With("output.value", "allowed");
        script.End(root);
        if (answered) root.With("output.value", turn.Answer);
        else root.Fail("No answer could be given.");
        GoOn(talk, messages, turn.Answer, answered);
        return script.Spans;
    }

    private Conversation Next(Dice dice)
    {
        if (open.Count > 0 && dice.Chance(0.62)) return dice.Pick(open);
        var talk = new Conversation(
            dice.Pick(SupportTopics.All), "u_" + dice.Whole(10_000, 12_400).ToString(CultureInfo.InvariantCulture), "conv_" + dice.Word(8).ToLowerInvariant());
        open.Add(talk);
        return talk;
    }

    private void GoOn(Conversation talk, List<Said> messages, string answer, bool answered)
    {
        if (!answered) return;
        talk.History.Clear();
        talk.History.AddRange(messages);
        talk.History.Add(new Said("assistant", answer));
        if (++talk.Turn >= talk.Topic.Turns.Count) open.Remove(talk);
    }

    private static ModelCall Classify(Story story, Dice dice, Conversation talk, SupportTurn turn, Timestamp at)
    {
        var call = new ModelCall
        {
            Provider = "openai",
            Model = "gpt-4.1-mini",
            PromptName = "classify-intent",
            PromptVersion = 3,
            Input = dice.Tokens(760),
            Output = dice.Tokens(36),
            Seconds = dice.Around(0.9) * story.MiniSlowness(at),
            Temperature = 0,
            MaxTokens = 64,
            Messages = [new("system", "Name the intent of the last message: refund_status, parcel, discount_code, account, returns, other."), new("user", turn.Question)],
            Answer = talk.Topic.Intent,
            User = talk.User,
            Session = talk.Session,
        };
        if (story.OldKeyInUse(at) && dice.Chance(0.08)) return call with { Seconds = dice.Around(0.2), Failure = new("AuthenticationError", "Incorrect API key provided.", 401) };
        return dice.Chance(0.0025) ? call with { Failure = new("APIConnectionError", "Connection reset while reading the stream.", null) } : call;
    }

    private static ModelCall Plan(Story story, Dice dice, Conversation talk, List<Said> messages, (string, string, string) asked, Timestamp at)
    {
        var call = Large(story, dice, talk, messages, at, "support-plan", 4, 4_100, 44) with { Answer = null, ToolCall = asked, Finish = "tool_calls", Tools = SupportTopics.Tools };
        return dice.Chance(0.004) ? call with { Seconds = 30, Failure = CallFailure.Timeout(30) } : call;
    }

    private static ModelCall Check(Dice dice, Conversation talk, SupportTurn turn, Timestamp at) => new()
    {
        Provider = "openai",
        Model = "gpt-4.1-mini",
        PromptName = "check-answer",
        PromptVersion = 2,
        Input = dice.Tokens(2_700),
        CacheRead = at.UnixNanoseconds % 3 == 0 ? 0 : 1_024,
        Output = dice.Tokens(42),
        Seconds = dice.Around(0.85),
        Temperature = 0,
        MaxTokens = 128,
        Messages = [new("system", "Does the answer follow the policy? Say ok, or what is wrong with it."), new("user", turn.Answer)],
        Answer = "ok",
        User = talk.User,
        Session = talk.Session,
    };

    /// <summary>Tries as the application does: a refused call waits as long as it was told and is made again.</summary>
    private static bool Answer(TraceScript script, DemoSpan agent, Story story, Conversation talk, List<Said> messages, string text)
    {
        var dice = script.Dice;
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            var version = story.AnswerPromptVersion(script.Now);
            var call = Large(story, dice, talk, messages, script.Now, "support-answer", version, 8_400, version == 6 ? 262 : 311) with { Answer = text };
            if (dice.Chance(story.RateLimited(script.Now)))
            {
                var wait = dice.Whole(2, 4);
                Chat(script, agent, "answer", call with
                {
                    Seconds = dice.Around(0.35),
                    Failure = new("RateLimitError", $"Rate limit: token limit of the deployment reached, retry after {wait} s.", 429),
                });
                script.Pass(wait + dice.Between(0, 0.4));
                continue;
            }

            call = dice.Between(0, 1) switch
            {
                < 0.006 => call with { Seconds = 30, Failure = CallFailure.Timeout(30) },
                < 0.009 => call with { Seconds = dice.Around(0.9), Failure = new("ContentFilterError", "The response was filtered by the content management policy.", 400) },
                < 0.016 => call with { Seconds = dice.Around(5), Failure = CallFailure.Cancelled },
                _ => call,
            };
            Chat(script, agent, "answer", call);
            return call.Failure is null;
        }

        return false;
    }

    // What is cached is read at once; the rest takes its time. That is the whole story of v7.
    private static ModelCall Large(Story story, Dice dice, Conversation talk, List<Said> messages, Timestamp at, string prompt, int version, long median, double output)
    {
        var input = dice.Tokens(median, 0.08) + (messages.Count * 62);
        var helps = prompt != "support-answer" || story.CacheHelps(at);
        var cached = dice.Chance(helps ? 0.965 : 0.14) ? (long)(input * dice.Between(0.72, 0.84)) / 128 * 128 : 0;
        var first = 0.15 + ((input - cached) * 0.00042 * dice.Around(1, 0.22)) + (cached * 0.00003);
        var tokens = dice.Tokens(output, 0.25);
        var system = version == 7 && prompt == "support-answer"
            ? $"Today is {at.ToDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}. {SupportTopics.System}"
            : SupportTopics.System;
        return new ModelCall
        {
            Provider = "azure.ai.openai",
            Model = "gpt-4.1",
            PromptName = prompt,
            PromptVersion = version,
            Input = input,
            CacheRead = cached,
            Output = tokens,
            FirstToken = first,
            Seconds = first + (tokens / dice.Around(115, 0.15)),
            Temperature = 0.2,
            MaxTokens = 1024,
            Messages = [new("system", system), .. messages],
            User = talk.User,
            Session = talk.Session,
        };
    }

    private static void Chat(TraceScript script, DemoSpan parent, string name, ModelCall call)
    {
        var span = script.Begin(name, parent, SpanRole.Client);
        script.Pass(call.Seconds);
        script.End(span);
        GenAi.Write(span, call, script.Dice);
    }

    private static void SearchPolicy(TraceScript script, DemoSpan agent, string query)
    {
        var dice = script.Dice;
        var search = script.Begin("search-policy", agent).With("gen_ai.operation.name", "retrieval").With("gen_ai.retrieval.query.text", query);
        var embed = script.Step("embeddings text-embedding-3-large", search, dice.Around(0.11), SpanRole.Client);
        embed.With("gen_ai.operation.name", "embeddings").With("gen_ai.provider.name", "openai").With("gen_ai.request.model", "text-embedding-3-large")
            .With("gen_ai.response.model", "text-embedding-3-large").With("gen_ai.usage.input_tokens", dice.Tokens(26)).With("gen_ai.embeddings.dimension.count", 3072);
        script.Step("SELECT policy_passages", search, dice.Around(0.32), SpanRole.Client).With("db.system.name", "postgresql").With("db.query.summary", "SELECT policy_passages");
        script.End(search);
        search.With("gen_ai.retrieval.documents", Json.Text(new JsonArray([.. SupportTopics.Passages.Select((passage, i) =>
            new JsonObject { ["id"] = $"policy-{i + 1}", ["score"] = Math.Round(0.91 - (i * 0.07), 2), ["content"] = passage })])));
    }

    private static void UseTool(TraceScript script, DemoSpan agent, string id, SupportTool tool, Story story)
    {
        var dice = script.Dice;
        var span = script.Begin("execute_tool " + tool.Name, agent).With("gen_ai.operation.name", "execute_tool").With("gen_ai.tool.name", tool.Name)
            .With("gen_ai.tool.call.id", id).With("gen_ai.tool.call.arguments", tool.Arguments).With("gen_ai.tool.call.result", tool.Result);
        for (var attempt = 1; attempt < 3 && dice.Chance(story.OrderServiceFails(script.Now)); attempt++)
        {
            var slow = dice.Chance(0.4);
            var failed = script.Step("GET", span, slow ? 3 : dice.Around(1), SpanRole.Client).With("http.request.method", "GET").With("server.address", "orders.internal");
            if (slow) failed.With("error.type", "timeout").Fail("No answer within 3 s.");
            else failed.With("http.response.status_code", 503).With("error.type", "503").Fail("503 Service Unavailable");
            script.Pass(0.5 * attempt);
        }

        script.Step("GET", span, dice.Around(0.24), SpanRole.Client).With("http.request.method", "GET").With("server.address", "orders.internal").With("http.response.status_code", 200);
        script.End(span);
    }

    private static DemoSpan Whose(DemoSpan span, Conversation talk) =>
        span.With("user.id", talk.User).With("gen_ai.conversation.id", talk.Session).With("tag.tags", new[] { "support", talk.Topic.Language });

    private sealed record Conversation(SupportTopic Topic, string User, string Session)
    {
        public List<Said> History { get; } = [];

        public int Turn { get; set; }
    }
}
