using System.Text.Json.Nodes;

namespace Callwatch.Cli.Demo.Apps;

/// <summary>What customers of the made-up shop ask, and what the assistant says.</summary>
internal sealed record SupportTopic(string Intent, string Agent, string Language, IReadOnlyList<SupportTurn> Turns);

internal sealed record SupportTurn(string Question, string Answer, SupportTool? Tool = null);

internal sealed record SupportTool(string Name, string Arguments, string Result);

internal static class SupportTopics
{
    public const string System =
        """
        You are the support assistant of Nordlicht Outdoor, a shop for tents, boots, bicycles and everything else one needs outside.
        Answer in the language of the customer, in at most five sentences, friendly and exact. Amounts carry their currency, dates their weekday.
        Look orders, parcels and refunds up with the tools; never guess a state. What the tools do not know, you do not know either: say so and offer a colleague.
        Returns are free for 60 days if the goods are unused. Refunds go back the way the customer paid and take banks 3 to 5 working days.
        Tents are tested for leaks when they come back; a leak within two years is a warranty case. Bicycles are collected, never sent by parcel.
        Discount codes cannot be combined and do not count for gift cards. Addresses can be changed until the parcel leaves the warehouse.
        Never ask for a password, a card number or a bank account. If somebody is upset, say what you do next before you say anything else.
        """;

    public static readonly JsonArray Tools =
    [
        Tool("get_order", "Reads an order.", "order_id"),
        Tool("get_refund", "Reads the state of a refund.", "order_id"),
        Tool("track_parcel", "Finds a parcel.", "order_id"),
        Tool("check_code", "Says whether a discount code is valid.", "code"),
    ];

    public static readonly IReadOnlyList<string> Passages =
    [
        "Refunds are approved within two working days after the goods have arrived, and go back the way the customer paid.",
        "Unused goods can be returned free of charge within 60 days. A label can be printed from the order's page.",
        "Parcels within the country take one to three working days; bicycles are brought by a carrier who calls the day before.",
    ];

    public static readonly IReadOnlyList<SupportTopic> All =
    [
        new("refund_status", "refund-agent", "en",
        [
            new("When do I get my money back for order 88412-B? I sent it back two weeks ago.",
                "Your refund of €46.90 was approved on Monday. It goes back to the card you paid with; banks need 3 to 5 working days.",
                new("get_refund", """{"order_id":"88412-B"}""", """{"state":"approved","amount_eur":46.90,"method":"card"}""")),
            new("Can you send me a receipt for that?", "Of course. I have sent the receipt to the e-mail address of your account; it should arrive within a few minutes."),
            new("Thanks! And is the blue jacket available in M again?", "The blue Fjell jacket is back in size M, with nine left. Would you like me to put one aside until tomorrow?",
                new("get_order", """{"order_id":"88412-B"}""", """{"items":["Fjell jacket, blue, L"],"total_eur":46.90}""")),
        ]),
        new("parcel", "parcel-agent", "en",
        [
            new("Where is my parcel? It should have come on Tuesday.", "I am sorry for the wait. Your parcel left the sorting centre this morning and comes tomorrow before noon.",
                new("track_parcel", """{"order_id":"90117-A"}""", """{"state":"in_transit","expected":"tomorrow","hub":"Hamburg"}""")),
            new("Nobody is at home before noon. Can it go to a neighbour?", "Yes. I have noted your neighbour as the other recipient; the carrier sees it on the label."),
        ]),
        new("discount_code", "order-agent", "en",
        [
            new("My discount code does not work. It says not valid, but I got it in your newsletter yesterday.",
                "The code HERBST10 begins on Sunday, so the shop refuses it until then. Shall I remind you on Sunday morning?",
                new("check_code", """{"code":"HERBST10"}""", """{"valid":false,"from":"Sunday"}""")),
        ]),
        new("account", "order-agent", "en",
        [
            new("I was charged twice for the same order!", "I see two captures of €29.00 on Tuesday. The second was an error of ours and has been sent back; it disappears within three working days.",
                new("get_order", """{"order_id":"77031-C"}""", """{"captures":[29.00,29.00],"reversed":true}""")),
            new("How can I be sure that this does not happen again?", "The payment page lost its answer and was asked again. That way round has been closed, and we have credited €5.00 to your account."),
        ]),
        new("refund_status", "refund-agent", "zh",
        [
            new("退款什么时候到账?我已经等了两周。", "您的退款 €64.50 已于周一批准,将退回原支付卡,银行通常需要三到五个工作日。如果周五仍未到账,请再联系我们。",
                new("get_refund", """{"order_id":"66310-K"}""", """{"state":"approved","amount_eur":64.50,"method":"card"}""")),
            new("可以退到支付宝吗?", "很抱歉,退款只能按原路退回您付款时使用的银行卡。"),
        ]),
        new("returns", "refund-agent", "de",
        [
            new("Kann ich das Zelt zurückgeben, obwohl ich es einmal aufgebaut habe?", "Ja, das geht: Einmal zur Probe aufbauen ist kein Gebrauch. Das Rücksendeetikett liegt auf der Seite Ihrer Bestellung und gilt 60 Tage."),
            new("Und wann bekomme ich mein Geld?", "Sobald das Zelt bei uns ist, prüfen wir es innerhalb von zwei Werktagen. Danach braucht Ihre Bank drei bis fünf Werktage.",
                new("get_refund", """{"order_id":"55902-D"}""", """{"state":"waiting_for_goods"}""")),
        ]),
        new("parcel", "parcel-agent", "en",
        [
            new("Can I change the delivery address? I am moving this weekend.", "Yes, until the parcel leaves our warehouse, which is tomorrow at six. Please tell me the new address.",
                new("get_order", """{"order_id":"81267-F"}""", """{"state":"packed","leaves":"tomorrow 06:00"}""")),
            new("12 Harbour Lane, third floor, same city.", "Done: the parcel goes to 12 Harbour Lane, third floor. You get a message when it is on its way."),
            new("Do I have to be there to sign?", "No signature is needed for this parcel; the carrier may leave it at the door."),
        ]),
        new("other", "order-agent", "en",
        [
            new("Can I speak to a human please", "I have asked a colleague to take over; she writes to you here within ten minutes. Everything you told me she can read."),
        ]),
    ];

    private static JsonObject Tool(string name, string description, string argument) => new()
    {
        ["type"] = "function",
        ["name"] = name,
        ["description"] = description,
        ["parameters"] = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject { [argument] = new JsonObject { ["type"] = "string" } },
            ["required"] = new JsonArray(argument),
        },
    };
}
