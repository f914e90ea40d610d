namespace Callwatch.Benchmarks.History;

/// <summary>Previews: of some ninety characters, no two alike, with words that a search can look for.</summary>
internal static class Sentences
{
    private static readonly string[] Openings = ["Please summarise", "How do I change", "Could you explain", "Write a short note on", "Compare", "Find out what became of", "Translate", "Why was I charged for"];
    private static readonly string[] Things = ["the refund of order", "my delivery of parcel", "the contract with customer", "the invoice", "the meeting about ticket", "the report for quarter", "退款 for 订单", "the warranty of device"];
    private static readonly string[] Ends = ["and say what remains to be done", "in three sentences", "as politely as possible", "with the latest figures", "for somebody new to it", "without giving any names"];
    private static readonly string[] Answers = ["The agent agreed to it and will send a confirmation about", "Here is what we know of", "There are three points to consider with", "I could not find anything on", "As of yesterday nothing has changed in", "The following was decided about"];

    public static string Question(Random random) =>
        $"{Openings[random.Next(Openings.Length)]} {Things[random.Next(Things.Length)]} {random.Next(1_000_000)} {Ends[random.Next(Ends.Length)]}";

    public static string Answer(Random random) => $"{Answers[random.Next(Answers.Length)]} {Things[random.Next(Things.Length)]} {random.Next(1_000_000)}, {Ends[random.Next(Ends.Length)]}.";
}
