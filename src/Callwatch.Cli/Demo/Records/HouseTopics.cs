namespace Callwatch.Cli.Demo.Records;

/// <summary>What the shop's staff ask, and what they are told.</summary>
/// <param name="Next">What is suggested to be asked next.</param>
internal sealed record HouseTopic(string Name, string Language, IReadOnlyList<string> Next, IReadOnlyList<HouseTurn> Turns);

internal sealed record HouseTurn(string Question, string Answer, IReadOnlyList<string> Passages, HouseTool? Tool = null, bool ByWorkflow = false);

internal sealed record HouseTool(string Name, string Arguments, string Result);

internal static class HouseTopics
{
    public const string System =
        """
        You answer questions of the staff of Nordlicht Outdoor about the house: holidays, expenses, sickness, equipment, discounts.
        Use only the passages of the handbook and the tools. Say in which chapter it stands. Where the handbook is silent, name the person to ask.
        """;

    public const string Refusal = "I cannot help with that here. For anything personal, please write to people@nordlicht.example.";

    public static readonly IReadOnlyList<string> Complaints = ["That is the rule of last year.", "Does not answer my question.", "Too long.", "The link does not work."];

    public static readonly IReadOnlyList<HouseTopic> All =
    [
        new("Holidays left this year", "en", ["Can I carry days over?", "Who approves my holidays?", "What about half days?"],
        [
            new("How many days of holiday do I have left?", "You have 11 days left this year; 3 of them are carried over and end on 31 March (handbook 4.2).",
                ["4.2 Days of the year before can be taken until 31 March."], new("get_absences", """{"year":2026}""", """{"entitled":30,"taken":19,"carried_over":3}""")),
            new("And can I take them all in August?", "Yes, if your team agrees: in July and August one person of each counter has to be there (handbook 4.5).",
                ["4.5 In July and August each counter stays staffed; teams agree among themselves.", "4.6 More than 15 days in a row need the manager’s consent."]),
        ]),
        new("Expenses for a train journey", "en", ["How long does it take?", "Is first class paid?", "Where do I hand in receipts?"],
        [
            new("Which receipts do I need for my trip to the trade fair?", "The ticket, the hotel bill and the fair’s badge. Meals are paid by the day, without receipts (handbook 6.1 and 6.3).",
                ["6.1 Travel: tickets and hotel bills as files.", "6.3 Meals: the daily allowance, no receipts."], ByWorkflow: true),
            new("Is a taxi paid as well?", "Yes, when no bus or train goes within an hour, up to €40 a ride (handbook 6.2).", ["6.2 Taxis up to €40 where nothing else goes within the hour."], ByWorkflow: true),
        ]),
        new("Calling in sick", "en", ["When is a certificate needed?", "Whom do I tell?"],
        [
            new("My child is ill, what do I have to do?", "Tell your manager before your shift begins. You have ten days a year for it; a certificate is needed from the first day (handbook 5.4).",
                ["5.4 Illness of a child: ten days a year for each parent, certificate from the first day."]),
        ]),
        new("A new headset", "en", ["How long does an order take?", "May I choose another model?"],
        [
            new("My headset is broken, how do I get a new one?", "I have ordered one for you; it can be fetched at the service desk tomorrow from ten.",
                ["9.1 Equipment is ordered by the assistant or at the service desk."], new("order_equipment", """{"item":"headset"}""", """{"order":"EQ-20771","ready":"tomorrow 10:00"}""")),
            new("Thanks. What about the old one?", "Please bring it along: it is repaired or recycled.", ["9.4 Broken equipment goes back to the service desk."]),
        ]),
        new("Rabatt für Angehörige", "de", ["Gilt das auch online?", "Wie oft im Jahr?"],
        [
            new("Gilt der Personalrabatt auch für meine Schwester?", "Nein: Er gilt für Sie und Menschen, die mit Ihnen in einem Haushalt leben (Handbuch 8.1).", ["8.1 Personalrabatt: Beschäftigte und Haushaltsangehörige, 30 %."]),
            new("Und auf reduzierte Ware?", "Auf reduzierte Ware gibt es 10 %, auf Räumungsware keinen (Handbuch 8.2).", ["8.2 Reduzierte Ware 10 %, Räumungsware 0 %."], ByWorkflow: true),
        ]),
        new("产假申请", "zh", ["可以延长吗?", "需要哪些材料?"],
        [
            new("产假需要提前多久申请?", "请至少提前七周书面申请,并附上预产期证明(手册 5.7)。", ["5.7 产假至少提前七周书面申请。"], ByWorkflow: true),
            new("期间工资照发吗?", "法定产假期间工资照发,之后按父母津贴计算。具体金额请咨询人事部(手册 5.8)。", ["5.8 法定产假期间全额工资。"]),
        ]),
        new("Working from home", "en", ["Is there money for a desk?", "Can I work from abroad?"],
        [
            new("How many days a week may I work from home?", "Up to two in the offices; counters and the warehouse not at all (handbook 3.6).", ["3.6 Up to two days a week at home, in agreement with the team."]),
            new("Can I work from Spain for two weeks?", "Up to 20 days a year within the European Union, after the form A1 has come (handbook 3.8).", ["3.8 Abroad: 20 days a year within the EU; form A1 first."], ByWorkflow: true),
            new("Who asks for that form?", "The people team does. I have sent them your request with the dates.", [], new("open_ticket", """{"team":"people","about":"A1"}""", """{"ticket":"P-4418"}""")),
        ]),
        new("Sample sale", "en", ["When is the next one?"],
        [
            new("When is the sample sale?", "On the first Friday of the month, from four to six, in hall B. Cash or card.", ["8.5 Sample sale: first Friday of the month, 16:00 to 18:00, hall B."]),
        ]),
    ];
}
