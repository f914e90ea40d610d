using System.Text;
using Callwatch.Testing;

namespace Callwatch.Benchmarks;

/// <summary>
/// Model calls of many chats at once: each call brings the whole history so far and adds a question and an answer to it, about a kilobyte together, until the chat
/// has had its eighteen turns and another begins; 10 KB a call on the average. The words are those of a language: some frequent, most rare.
/// </summary>
internal sealed class Chats(int sessions, int seed)
{
    private const int Turns = 18;

    private static readonly string System = "You are the assistant of a shop. " + Text(new Random(1), 150);

    private readonly Random random = new(seed);
    private readonly Chat?[] chats = new Chat?[sessions];
    private long clock = 1_790_000_000_000_000_000;

    /// <summary>A request with so many calls, of any chats.</summary>
    public byte[] Request(int calls)
    {
        var scope = new ProtobufBytes().Message(1, new ProtobufBytes().Text(1, "bench").Text(2, "1.0"));
        for (var i = 0; i < calls; i++) scope.Message(2, Call());
        var resource = new ProtobufBytes().Attribute(1, "service.name", "bench").Attribute(1, "deployment.environment.name", "load").Attribute(1, "host.name", "web-3");
        return new ProtobufBytes().Message(1, new ProtobufBytes().Message(1, resource).Message(2, scope)).ToArray();
    }

    private ProtobufBytes Call()
    {
        ref var slot = ref chats[random.Next(chats.Length)];
        // The first ones are at any turn, so that not all chats end together.
        if (slot is null || slot.Turn == Turns) slot = new Chat(random, slot is null ? random.Next(Turns) : 0);
        var chat = slot;
        var (input, output) = chat.Next(random);
        var (start, trace, span) = (clock += random.Next(1_000_000), new byte[16], new byte[8]);
        random.NextBytes(trace);
        random.NextBytes(span);
        return new ProtobufBytes().Bytes(1, trace).Bytes(2, span).Text(5, "chat gpt-4o-mini").Varint(6, 3).Fixed64(7, (ulong)start).Fixed64(8, (ulong)(start + random.Next(900_000_000)))
            .Attribute(9, "gen_ai.operation.name", "chat").Attribute(9, "gen_ai.provider.name", "openai").Attribute(9, "gen_ai.request.model", "gpt-4o-mini")
            .Attribute(9, "gen_ai.response.model", "gpt-4o-mini-2024-07-18").Attribute(9, "gen_ai.conversation.id", chat.Id).Attribute(9, "user.id", chat.User)
            .Attribute(9, "gen_ai.usage.input_tokens", input.Length / 4).Attribute(9, "gen_ai.usage.output_tokens", output.Length / 4)
            .Attribute(9, "gen_ai.input.messages", input).Attribute(9, "gen_ai.output.messages", output);
    }

    private static string Text(Random random, int words)
    {
        var text = new StringBuilder(words * 7);
        for (var i = 0; i < words; i++) text.Append(i == 0 ? "" : " ").Append(Words.Any(random));
        return text.ToString();
    }

    private static string Message(string role, string text) => $$"""{"role":"{{role}}","parts":[{"type":"text","content":"{{text}}"}]}""";

    private sealed class Chat
    {
        private readonly StringBuilder history = new(Message("system", System));

        public Chat(Random random, int turns)
        {
            Id = Guid.NewGuid().ToString();
            User = "user-" + random.Next(500).ToString(global::System.Globalization.CultureInfo.InvariantCulture);
            for (var i = 0; i < turns; i++) Next(random);
        }

        public string Id { get; }

        public string User { get; }

        public int Turn { get; private set; }

        public (string Input, string Output) Next(Random random)
        {
            history.Append(',').Append(Message("user", Text(random, 40)));
            var input = "[" + history + "]";
            var answer = Message("assistant", Text(random, 100));
            history.Append(',').Append(answer);
            Turn++;
            return (input, "[" + answer + "]");
        }
    }

    private static class Words
    {
        private static readonly string[] All = [.. Enumerable.Range(0, 4000).Select(Word)];

        // Zipf's law, nearly: the logarithm of the rank is evenly spread.
        public static string Any(Random random) => All[(int)Math.Exp(random.NextDouble() * Math.Log(All.Length)) % All.Length];

        private static string Word(int rank)
        {
            var random = new Random(rank);
            var word = new StringBuilder();
            for (var syllables = 1 + (rank > 50 ? 1 : 0) + random.Next(3); syllables > 0; syllables--) word.Append("bcdfghklmnprstvw"[random.Next(16)]).Append("aeiou"[random.Next(5)]);
            return word.ToString();
        }
    }
}
