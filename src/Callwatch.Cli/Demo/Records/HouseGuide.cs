using System.Globalization;
using System.Text.Json.Nodes;
using Callwatch.Spans;

namespace Callwatch.Cli.Demo.Records;

/// <summary>
/// What the shop's own staff ask: a chat application on a platform that hands over business records, with moderation, retrieval, tools,
/// a workflow for some answers, suggested questions, names of conversations, and thumbs up and down.
/// </summary>
internal sealed class HouseGuide : IRecordApp
{
    private const string App = "house-guide";
    private const string Release = "1.9.1";
    private const string Provider = "anthropic";
    private const string Model = "claude-haiku-4-5";

    private readonly List<Conversation> open = [];

    public double PerMinute => 0.2;

    public IReadOnlyList<DemoRecord> Begin(Dice dice, Timestamp start)
    {
        var talk = Next(dice);
        talk.Began ??= start;
        var turn = talk.Topic.Turns[talk.Turn];
        var message = dice.Uuid();
        var shared = new JsonObject { ["message_id"] = message, ["conversation_id"] = talk.Id, ["user_id"] = talk.User, ["tags"] = new JsonArray("staff", talk.Topic.Language) };
        // Its makers try it out now and then; that is marked, and counted nowhere.
        if (dice.Chance(0.015)) shared["metadata"] = new JsonObject { ["invoke_from"] = "debugger" };
        var script = new RecordScript(App, Release, dice, start, shared);

        var refused = dice.Chance(0.008);
        var asked = script.Now;
        script.Pass(dice.Around(0.16));
        script.Tell("moderation", asked, new JsonObject { ["inputs"] = turn.Question, ["flagged"] = refused, ["action"] = refused ? "direct_output" : "pass", ["query"] = turn.Question, ["preset_response"] = refused ? HouseTopics.Refusal : null });
        var failed = refused ? null : turn.ByWorkflow ? AnswerByWorkflow(script, talk, turn, start) : Answer(script, talk, turn, start);
        if (refused) Message(script, turn.Question, HouseTopics.Refusal, start, null, new JsonObject { ["conversation_mode"] = "chat", ["from_source"] = "api" });
        if (failed is null && !refused) After(script, talk, turn, message);
        if (failed is null) GoOn(script, talk);
        return script.Records;
    }

    private Conversation Next(Dice dice)
    {
        if (open.Count > 0 && dice.Chance(0.58)) return dice.Pick(open);
        var talk = new Conversation(dice.Pick(HouseTopics.All), "emp_" + dice.Whole(100, 419).ToString(CultureInfo.InvariantCulture), dice.Uuid());
        open.Add(talk);
        return talk;
    }

    // The answer of one model, with what it looked up before; what failed, or null.
    private static string? Answer(RecordScript script, Conversation talk, HouseTurn turn, Timestamp start)
    {
        var dice = script.Dice;
        Retrieve(script, turn);
        if (turn.Tool is { } tool)
        {
            var from = script.Now;
            var broken = dice.Chance(0.05);
            script.Pass(broken ? 5 : dice.Around(0.42));
            script.Tell("tool", from, new JsonObject
            {
                ["tool_name"] = tool.Name,
                ["tool_inputs"] = JsonNode.Parse(tool.Arguments),
                ["tool_outputs"] = broken ? null : JsonNode.Parse(tool.Result),
                ["time_cost"] = Math.Round((script.Now.UnixNanoseconds - from.UnixNanoseconds) / 1e9, 3),
                ["error"] = broken ? "The HR system did not answer within 5 s." : null,
            });
        }

        var overloaded = dice.Chance(0.012);
        var (input, output) = (dice.Tokens(2_300 + (talk.Turn * 240)), dice.Tokens(150, 0.3));
        var (first, waited) = (dice.Around(0.6, 0.25), script.Now);
        script.Pass(overloaded ? dice.Around(1.2) : first + (output / dice.Around(140, 0.15)));
        var model = new JsonObject
        {
            ["conversation_mode"] = "agent-chat",
            ["from_source"] = "api",
            ["provider"] = Provider,
            ["model"] = Model,
            ["temperature"] = 0.2,
            ["is_streaming_request"] = true,
        };
        if (!overloaded)
        {
            model["message_tokens"] = input;
            model["answer_tokens"] = output;
            model["finish_reason"] = "end_turn";
            model["gen_ai_server_time_to_first_token"] = Math.Round(first + ((waited.UnixNanoseconds - start.UnixNanoseconds) / 1e9), 3);
        }

        var error = overloaded ? "[anthropic] Server unavailable: 529 Overloaded" : null;
        Message(script, new JsonArray(Said("system", HouseTopics.System), Said("user", turn.Question)), overloaded ? null : turn.Answer, start, error, model);
        return error;
    }

    private static string? AnswerByWorkflow(RecordScript script, Conversation talk, HouseTurn turn, Timestamp start)
    {
        var dice = script.Dice;
        var run = dice.Uuid();
        var nodes = new RunNodes(script);
        nodes.Step("start", "Start", 0.004, new JsonObject { ["sys.query"] = turn.Question }, null);
        nodes.Ask("Which rule is meant", Provider, Model, dice.Tokens(610), dice.Tokens(24), 0.35, dice.Around(0.6), new JsonArray(Said("user", turn.Question)), talk.Topic.Name);
        nodes.Step("knowledge-retrieval", "Look it up", dice.Around(0.33), turn.Question, Passages(turn));
        var (input, output, failed) = (dice.Tokens(2_900), dice.Tokens(190, 0.3), dice.Chance(0.012));
        var first = dice.Around(0.6, 0.25);
        const string Error = "[anthropic] Rate limit: 429 Number of request tokens has exceeded your per-minute limit";
        nodes.Ask("Answer", Provider, Model, input, output, first, failed ? 0.5 : first + (output / dice.Around(140, 0.15)), new JsonArray(Said("system", HouseTopics.System), Said("user", turn.Question)), turn.Answer, failed ? Error : null);
        if (!failed) nodes.Step("answer", "Reply", 0.003, null, new JsonObject { ["answer"] = turn.Answer });
        var error = failed ? Error : null;
        nodes.Tell("wf-house-rules", new JsonObject { ["sys.query"] = turn.Question }, new JsonObject { ["answer"] = turn.Answer }, error, new JsonObject { ["workflow_run_id"] = run });
        script.Pass(0.02);
        Message(script, turn.Question, failed ? null : turn.Answer, start, error, new JsonObject { ["conversation_mode"] = "advanced-chat", ["from_source"] = "api", ["workflow_run_id"] = run });
        return error;
    }

    private static void Retrieve(RecordScript script, HouseTurn turn)
    {
        if (turn.Passages.Count == 0) return;
        var from = script.Now;
        script.Pass(script.Dice.Around(0.29));
        script.Tell("dataset_retrieval", from, new JsonObject { ["query"] = turn.Question, ["documents"] = Passages(turn) });
    }

    private static void Message(RecordScript script, JsonNode asked, string? answer, Timestamp start, string? error, JsonObject more)
    {
        var message = new JsonObject { ["inputs"] = asked, ["outputs"] = answer, ["status"] = error is null ? "normal" : "error", ["error"] = error };
        foreach (var (name, value) in more) message[name] = value?.DeepClone();
        script.Tell("message", start, message);
    }

    private static void After(RecordScript script, Conversation talk, HouseTurn turn, string message)
    {
        var dice = script.Dice;
        var answered = script.Now;
        if (dice.Chance(0.6))
        {
            script.Pass(dice.Around(0.8));
            script.Tell("suggested_question", answered, new JsonObject
            {
                ["inputs"] = turn.Question,
                ["suggested_question"] = new JsonArray([.. talk.Topic.Next.Select(question => JsonValue.Create(question))]),
                ["provider"] = Provider,
                ["model"] = Model,
                ["usage"] = new JsonObject { ["input_tokens"] = dice.Tokens(520), ["output_tokens"] = dice.Tokens(46) },
            });
        }

        if (talk.Turn == 0)
        {
            var from = script.Now;
            script.Pass(dice.Around(0.5));
            script.Tell("generate_conversation_name", from, new JsonObject
            {
                ["inputs"] = turn.Question,
                ["outputs"] = talk.Topic.Name,
                ["provider"] = Provider,
                ["model"] = Model,
                ["usage"] = new JsonObject { ["input_tokens"] = dice.Tokens(210), ["output_tokens"] = dice.Tokens(9) },
            });
        }

        if (dice.Chance(0.13)) script.Judge(message, liked: true, null, TimeSpan.FromSeconds(dice.Whole(5, 90)));
        else if (dice.Chance(0.045)) script.Judge(message, liked: false, dice.Chance(0.5) ? dice.Pick(HouseTopics.Complaints) : null, TimeSpan.FromSeconds(dice.Whole(5, 90)));
    }

    private void GoOn(RecordScript script, Conversation talk)
    {
        if (++talk.Turn < talk.Topic.Turns.Count) return;
        open.Remove(talk);
        script.Tell("conversation", talk.Began!.Value, new JsonObject { ["message_id"] = null, ["outputs"] = talk.Topic.Name, ["metadata"] = new JsonObject { ["messages"] = talk.Turn } });
    }

    private static JsonArray Passages(HouseTurn turn) => new([.. turn.Passages.Select((passage, i) => new JsonObject
    {
        ["id"] = $"handbook-{i + 1}",
        ["title"] = "Handbook",
        ["score"] = Math.Round(0.89 - (i * 0.06), 2),
        ["content"] = passage,
    })]);

    private static JsonObject Said(string role, string text) => new() { ["role"] = role, ["content"] = text };

    private sealed record Conversation(HouseTopic Topic, string User, string Id)
    {
        public Timestamp? Began { get; set; }

        public int Turn { get; set; }
    }
}
