using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Callwatch.Journal;
using Callwatch.Normalize;
using Callwatch.Normalize.Pricing;
using Callwatch.Search;
using Callwatch.Search.Files;
using Callwatch.Search.Finding;
using Callwatch.Search.Words;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callwatch.Benchmarks;

/// <summary>
/// The full-text index alone, on one thread: calls per second, bytes of disk per call, and how long it takes to find a rare, a middling and a
/// common word. Growing chats of <c>--sessions</c> in turn (1,000), whose calls come to some 10 KB each; <c>--calls</c> of them (20,000); <c>--full</c> indexes all of each.
/// </summary>
internal static class SearchBenchmark
{
    private const int Turns = 20;

    public static Task<int> RunAsync(Switches switches)
    {
        var sessions = switches.Number("sessions", 1_000);
        var calls = switches.Number("calls", 20_000);
        using var temp = new TempFolder();
        using var folder = new SearchFolder(temp.At("search"));
        var journal = new InMemoryJournal();
        folder.Catalog.Begin(new Position(journal.Epoch, 0));
        var mode = switches.Has("full") ? SearchMode.Full : SearchMode.New;
        var indexing = new SearchIndexing(folder, mode, new SpanNormalizer(new PriceBooks()), journal, new Counters(), TimeProvider.System, NullLogger.Instance);

        var random = new Random(1);
        var words = Vocabulary(random);
        var chats = Enumerable.Range(0, sessions).Select(_ => new Chat()).ToArray();
        var (number, bytes, clock) = (0L, 0L, new Stopwatch());
        while (number < calls)
        {
            List<JournalRecord> batch = [];
            for (var i = 0; i < 1_000 && number < calls; i++)
            {
                var payload = chats[random.Next(sessions)].Next(random, words, number++);
                bytes += payload.Length;
                batch.Add(new JournalRecord { Number = number, Signal = Signal.Traces, TenantId = 1, AppId = 1, KeyId = 0, ReceivedAt = A.Noon.Plus(TimeSpan.FromDays(1)), ItemCount = 1, Payload = payload });
            }

            clock.Start();
            indexing.Write(indexing.Build(batch));
            clock.Stop();
        }

        var unmerged = SizeOf(folder);
        var merging = Stopwatch.StartNew();
        foreach (var file in folder.Contents.Files)
        {
            while (indexing.Merge(file))
            {
                // Until there is nothing left to merge.
            }
        }

        merging.Stop();
        indexing.Dispose();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{calls / clock.Elapsed.TotalSeconds:N0} calls/s of {bytes / calls:N0} B; {unmerged / calls:N0} B of disk a call as written, {SizeOf(folder) / calls:N0} B once merged, which takes {merging.Elapsed.TotalMicroseconds / calls:N0} µs a call"));
        using var index = new SearchIndex();
        foreach (var (name, text) in ((string, string)[])[("in one call", "rareword7"), ("in some", words[2_000]), ("in every call", words[0]), ("phrase of two common", words[0] + " " + words[1]), ("in none", "nowhere")])
            Ask(index, folder, name, text);
        return Task.FromResult(0);
    }

    private static long SizeOf(SearchFolder folder) => folder.Contents.Files.Sum(file => new FileInfo(folder.PathOf(file)).Length);

    private static void Ask(SearchIndex index, SearchFolder folder, string name, string text)
    {
        var began = Stopwatch.GetTimestamp();
        using var search = new WordSearch(index, folder, static () => false);
        var hits = search.Hits(WordQuery.All([], [text], [])!);
        var found = folder.Contents.Files.Select(file => file.Day).Distinct().Select(hits.All).ToList();
        var count = found.Exists(all => all is null) ? "many" : found.Sum(all => all!.Count).ToString(CultureInfo.InvariantCulture);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-22} {count,8} found in {Stopwatch.GetElapsedTime(began).TotalMilliseconds:N1} ms"));
    }

    // As often as words of a language: the first in every text, the last hardly ever.
    private static string[] Vocabulary(Random random) => [.. Enumerable.Range(0, 20_000).Select(_ => new string([.. Enumerable.Range(0, random.Next(2, 11)).Select(_ => (char)random.Next('a', 'z' + 1))]))];

    private sealed class Chat
    {
        private JsonArray messages = [];
        private int session;

        public byte[] Next(Random random, string[] words, long number)
        {
            if (messages.Count == 0) session = random.Next();
            messages.Add(Message("user", Text(random, words, 60) + (number % 1_000 == 7 ? " rareword" + number.ToString(CultureInfo.InvariantCulture) : "")));
            var answer = Text(random, words, 120);
            var output = new JsonArray(Message("assistant", answer));
            var at = number * 10.0;
            var payload = A.Resource("shop").Holding(A.Span("chat gpt-4o").Trace((ulong)number + 1).Id(1).Kind(3).At(at, 500).With(
                ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o"), ("session.id", "s-" + session.ToString(CultureInfo.InvariantCulture)),
                ("gen_ai.response.id", "chatcmpl-" + number.ToString("x12", CultureInfo.InvariantCulture)),
                ("gen_ai.input.messages", messages.ToJsonString()), ("gen_ai.output.messages", output.ToJsonString()))).Traces();
            messages.Add(Message("assistant", answer));
            if (messages.Count >= Turns * 2) messages = [];
            return payload;
        }

        private static JsonObject Message(string role, string text) =>
            new() { ["role"] = role, ["parts"] = new JsonArray(new JsonObject { ["type"] = "text", ["content"] = text }) };

        private static string Text(Random random, string[] words, int count) =>
            string.Join(' ', Enumerable.Range(0, count).Select(_ => words[(int)Math.Min(words.Length - 1, Math.Pow(words.Length, random.NextDouble()) - 1)]));
    }
}
