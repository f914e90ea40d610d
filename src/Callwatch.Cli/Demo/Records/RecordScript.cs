using System.Text.Json.Nodes;
using Callwatch.Spans;

namespace Callwatch.Cli.Demo.Records;

/// <summary>Writes down what belongs to one message or run, as it would have happened, on a clock of its own.</summary>
/// <param name="shared">Fields that each of its records has.</param>
internal sealed class RecordScript(string app, string release, Dice dice, Timestamp start, JsonObject shared)
{
    private readonly List<DemoRecord> records = [];

    public Timestamp Now { get; private set; } = start;

    public Dice Dice => dice;

    public IReadOnlyList<DemoRecord> Records => records;

    public void Pass(double seconds) => Now = Now.Plus(TimeSpan.FromSeconds(seconds));

    /// <summary>A record of what took from <paramref name="from"/> until now.</summary>
    public void Tell(string type, Timestamp from, JsonObject fields)
    {
        var body = new JsonObject { ["type"] = type, ["app"] = app, ["release"] = release, ["environment"] = "production", ["start_time"] = from.ToString(), ["end_time"] = Now.ToString() };
        foreach (var (name, value) in shared.Concat(fields)) body[name] = value?.DeepClone();
        records.Add(new DemoRecord(Now, body));
    }

    /// <summary>A judgement, given some time after the answer.</summary>
    public void Judge(string messageId, bool liked, string? comment, TimeSpan later)
    {
        var body = new JsonObject { ["message_id"] = messageId, ["value"] = liked ? 1 : -1 };
        if (comment is not null) body["comment"] = comment;
        records.Add(new DemoRecord(Now.Plus(later), body, IsFeedback: true));
    }
}
