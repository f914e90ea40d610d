using System.Globalization;
using System.Text.Json.Nodes;
using Callwatch.Spans;

namespace Callwatch.Cli.Demo.Records;

/// <summary>Reads receipts and checks them against the rules: runs of a workflow that nobody chats with.</summary>
internal sealed class ExpenseCheck : IRecordApp
{
    private const string Model = "deepseek-chat";

    private static readonly (string File, string Text, string Kind, double Amount, string Verdict)[] Receipts =
    [
        ("hotel-bremen.pdf", "Hotel am Wall, Bremen. 2 nights, breakfast. Total 214.00 EUR", "hotel", 214, "paid"),
        ("ticket-0917.pdf", "Rail ticket Hamburg–Munich, 2nd class. 129.90 EUR", "travel", 129.90, "paid"),
        ("taxi.jpg", "Taxi, 17 September, 23:40. 58.20 EUR", "travel", 58.20, "asked: more than €40 for a ride"),
        ("dinner.jpg", "Trattoria Sole. 4 persons. 176.50 EUR", "meals", 176.50, "refused: meals are paid by the day"),
        ("usb-hub.pdf", "USB hub, 7 ports. 39.00 EUR", "equipment", 39, "asked: equipment is ordered at the service desk"),
    ];

    public double PerMinute => 0.06;

    public IReadOnlyList<DemoRecord> Begin(Dice dice, Timestamp start)
    {
        var (file, text, kind, amount, verdict) = dice.Pick(Receipts);
        var user = "emp_" + dice.Whole(100, 240).ToString(CultureInfo.InvariantCulture);
        var script = new RecordScript("expense-check", "0.7.0", dice, start, new JsonObject { ["workflow_run_id"] = dice.Uuid(), ["user_id"] = user });
        var inputs = new JsonObject { ["receipt"] = file, ["purpose"] = "trade fair" };
        var nodes = new RunNodes(script);
        nodes.Step("start", "Start", 0.004, inputs, null);
        var unreadable = dice.Chance(0.025);
        nodes.Step("document-extractor", "Read the receipt", dice.Around(0.7), file, unreadable ? null : text, unreadable ? "The document has no text and no picture that can be read." : null);
        var error = unreadable ? "Read the receipt: the document has no text and no picture that can be read." : Check(nodes, dice, text, kind, amount, verdict);
        nodes.Tell("wf-expenses", inputs, new JsonObject { ["kind"] = kind, ["amount_eur"] = amount, ["verdict"] = verdict }, error, new JsonObject());
        return script.Records;
    }

    private static string? Check(RunNodes nodes, Dice dice, string text, string kind, double amount, string verdict)
    {
        var read = new JsonObject { ["kind"] = kind, ["amount_eur"] = amount };
        var slow = dice.Chance(0.012);
        var seconds = slow ? 60 : dice.Around(2.1);
        var error = slow ? "[deepseek] Request timed out after 60 s" : null;
        nodes.Ask("What is on it", "deepseek", Model, dice.Tokens(1_450), dice.Tokens(88), 0.9, seconds, text, read, error);
        if (slow) return "What is on it: " + error;
        nodes.Step("code", "Apply the rules", dice.Around(0.02), read, new JsonObject { ["verdict"] = verdict });
        var asks = verdict.StartsWith("paid", StringComparison.Ordinal);
        nodes.Step("if-else", "Clear case?", 0.002, null, new JsonObject { ["result"] = asks });
        if (!asks) nodes.Ask("Write to the employee", "deepseek", Model, dice.Tokens(900), dice.Tokens(140), 0.8, dice.Around(3.2), verdict, "Thank you for handing this in. " + verdict);
        nodes.Step("end", "End", 0.002, null, new JsonObject { ["verdict"] = verdict });
        return null;
    }
}
