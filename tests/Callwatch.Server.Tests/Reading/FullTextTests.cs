using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Search;
using Callwatch.Server.Tests.Receive;
using Callwatch.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Reading;

public sealed class FullTextTests
{
    private const string Refund = "I would like my money back, what is your refund policy?";

    [Fact]
    public async Task Words_of_prompts_and_answers_are_found_in_any_script()
    {
        await using var server = await Traffic.ServerAsync();
        await SendAsync(server,
            Call(1, Refund, "Refunds take five days; see order-12345_ab.7 for more, " + new string('x', 300) + " Zugspitze"),
            Call(2, "请问怎么申请退款?订单还没有到。", "您可以在订单页面申请退款。"),
            Call(3, "返金ポリシーを教えてください", "ご返金は五日以内に行われます。"),
            Call(4, "환불 정책이 뭐예요?", "Your crème brûlée was excellent."));
        await server.IndexedAsync();

        await CallsAsync(server, "\"refund policy\"", 1);
        await CallsAsync(server, "REFUND money", 1);
        await CallsAsync(server, "\"policy refund\"");
        await CallsAsync(server, "zugspitze", 1);
        await CallsAsync(server, "order-12345_ab.7", 1);
        await CallsAsync(server, "12345", 1);
        await CallsAsync(server, "退款", 2);
        await CallsAsync(server, "申请退款", 2);
        await CallsAsync(server, "款", 2);
        await CallsAsync(server, "到", 2);
        await CallsAsync(server, "ポリシー", 3);
        await CallsAsync(server, "返金", 3);
        await CallsAsync(server, "환불", 4);
        await CallsAsync(server, "creme brulee", 4);
        await CallsAsync(server, "brul*", 4);
        await CallsAsync(server, "-refund", 2, 3, 4);
        await CallsAsync(server, "-退款", 1, 3, 4);
        await CallsAsync(server, "five -退款", 1);
        await CallsAsync(server, "refund -five");
        await CallsAsync(server, "退款 model:gpt-4o", 2);
        await CallsAsync(server, "退款 outcome:error");
    }

    [Fact]
    public async Task Traces_are_found_by_what_was_said_in_any_of_their_spans()
    {
        await using var server = await Traffic.ServerAsync();
        await SendAsync(server, A.Span("POST /ask").Trace(1).Id(9).Kind(2).At(0, 5_000), Call(1, "Where is Zanzibar?", "In Tanzania.", under: 9), Call(2, "Where is Lima?", "In Peru."));
        await server.IndexedAsync();
        await TracesAsync(server, "zanzibar", 1);
        await TracesAsync(server, "zanzibar model:gpt-4o", 1);
        await TracesAsync(server, "zanzibar lima");
        await TracesAsync(server, "-zanzibar", 2);
        await TracesAsync(server, "where", 1, 2);
        await TracesAsync(server, "\"post /ask\"", 1);
    }

    [Fact]
    public async Task Of_a_conversation_that_grows_each_word_is_found_where_it_was_said_first()
    {
        await using var server = await Traffic.ServerAsync();
        await SendChatAsync(server, 50);
        await server.IndexedAsync();
        await CallsAsync(server, "question1", 1);
        await CallsAsync(server, "answer1", 1);
        await CallsAsync(server, "question25", 25);
        await CallsAsync(server, "answer50", 50);
        // The instructions once, with the first call of the day.
        await CallsAsync(server, "\"helpful librarian\"", 1);
    }

    [Fact]
    public async Task With_full_every_call_is_found_by_everything_in_it()
    {
        await using var server = await Traffic.ServerAsync(("Callwatch:Search", "full"));
        await SendChatAsync(server, 20);
        await server.IndexedAsync();
        await CallsAsync(server, "question1", [.. Enumerable.Range(1, 20)]);
        await CallsAsync(server, "question10", [.. Enumerable.Range(10, 11)]);
        await CallsAsync(server, "librarian", [.. Enumerable.Range(1, 20)]);
    }

    [Fact]
    public async Task What_is_not_indexed_yet_is_looked_for_in_previews_and_names()
    {
        await using var server = await Traffic.ServerAsync(("Callwatch:Search", "off"));
        await SendAsync(server, Call(1, Refund, "Five days. " + new string('x', 300) + " Zugspitze"));
        await CallsAsync(server, "refund", 1);
        await CallsAsync(server, "zugspitze");
        Assert.DoesNotContain(((await server.GetAsync("/api/v1/system"))["readers"]!).AsArray(), reader => (string?)reader!["name"] == "search");
    }

    [Fact]
    public async Task Switching_it_off_and_on_again_leaves_nothing_out_and_nothing_double()
    {
        using var folder = new TempFolder();
        foreach (var (mode, trace) in ((string, int)[])[("new", 1), ("off", 2), ("full", 3), ("new", 4)])
        {
            await using var server = await RunningServer.StartAsync(folder.Path, [("Callwatch:Store:BatchDelay", "00:00:00"), ("Callwatch:Search", mode)]);
            await SendAsync(server, Call(trace, $"Tell me of Timbuktu, part {trace}", "A town."));
            if (mode != "off") await server.IndexedAsync();
            if (trace < 4) continue;
            await CallsAsync(server, "timbuktu", 1, 2, 3, 4);
            var index = server.Services.GetRequiredService<SearchIndex>();
            Assert.Equal(4, index.Folder!.Contents.Files.Sum(file => file.Documents));
        }
    }

    [Fact]
    public async Task A_damaged_file_is_set_aside_and_made_anew_from_the_journal()
    {
        using var folder = new TempFolder();
        await using (var server = await RunningServer.StartAsync(folder.Path, [("Callwatch:Store:BatchDelay", "00:00:00")]))
        {
            await SendAsync(server, Call(1, "Tell me of Timbuktu", "A town."));
            await server.IndexedAsync();
        }

        var file = Directory.EnumerateFiles(Path.Combine(folder.Path, "search"), "2026-*.db").Single();
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        Array.Fill(bytes, (byte)0x5A, 0, Math.Min(bytes.Length, 20_000));
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);

        await using var again = await RunningServer.StartAsync(folder.Path, [("Callwatch:Store:BatchDelay", "00:00:00")]);
        await SendAsync(again, Call(2, "And of Samarkand", "Another."));
        // Until it is read again, the previews are what is looked through.
        await CallsAsync(again, "timbuktu", 1);
        await Eventually.HoldsAsync(() => File.Exists(file + ".damaged"), "the damaged file is set aside");
        await again.IndexedAsync();
        await CallsAsync(again, "timbuktu", 1);
        await CallsAsync(again, "samarkand", 2);
        Assert.Equal(1, (long)(await again.GetAsync("/api/v1/system"))["counters"]!["damaged_search_file"]!);
    }

    [Fact]
    public async Task The_reader_and_its_lag_are_shown()
    {
        await using var server = await Traffic.ServerAsync();
        await SendAsync(server, Call(1, "hello", "hi"));
        await server.IndexedAsync();
        var reader = ((await server.GetAsync("/api/v1/system"))["readers"]!).AsArray().Single(reader => (string?)reader!["name"] == "search")!;
        Assert.Equal("running", (string?)reader["state"]);
        Assert.Equal(0, (long)reader["lag"]!);
        Assert.Contains("callwatch_reader_lag_seconds{reader=\"search\"}", await server.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static async Task SendChatAsync(RunningServer server, int turns)
    {
        JsonArray messages = [Message("system", "You are a helpful librarian.")];
        for (var turn = 1; turn <= turns; turn++)
        {
            messages.Add(Message("user", $"Here is my question{turn}, please."));
            await SendAsync(server, A.Span("chat gpt-4o").Trace((ulong)turn).Id(1).Kind(3).At(turn * 1_000, 500)
                .With(("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "gpt-4o"), ("session.id", "chat-1"))
                .With(("gen_ai.input.messages", messages.ToJsonString()), ("gen_ai.output.messages", new JsonArray(Message("assistant", $"My answer{turn}.", finish: true)).ToJsonString())));
            messages.Add(Message("assistant", $"My answer{turn}."));
        }
    }

    private static JsonObject Message(string role, string text, bool finish = false)
    {
        var message = new JsonObject { ["role"] = role, ["parts"] = new JsonArray(new JsonObject { ["type"] = "text", ["content"] = text }) };
        if (finish) message["finish_reason"] = "stop";
        return message;
    }

    private static SpanBuilder Call(int trace, string question, string answer, ulong under = 0) =>
        A.Span("chat gpt-4o").Trace((ulong)trace).Id(1, under).Kind(3).At(trace * 1_000, 500)
            .With(("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "gpt-4o"))
            .With(("gen_ai.input.messages", $$"""[{"role":"user","parts":[{"type":"text","content":{{JsonSerializer.Serialize(question)}}}]}]"""))
            .With(("gen_ai.output.messages", $$"""[{"role":"assistant","parts":[{"type":"text","content":{{JsonSerializer.Serialize(answer)}}}],"finish_reason":"stop"}]"""));

    private static async Task SendAsync(RunningServer server, params SpanBuilder[] spans)
    {
        using var response = await server.SendTracesAsync(A.Resource("shop").Holding(spans).Traces());
        Assert.True(response.IsSuccessStatusCode);
        await server.StoredAsync();
    }

    private static Task CallsAsync(RunningServer server, string filter, params int[] traces) => FindsAsync(server, "calls", filter, traces);

    private static Task TracesAsync(RunningServer server, string filter, params int[] traces) => FindsAsync(server, "traces", filter, traces);

    private static async Task FindsAsync(RunningServer server, string list, string filter, int[] traces)
    {
        var found = (await server.AllAsync($"/api/v1/{list}?{Traffic.Range}&q={Uri.EscapeDataString(filter)}"))
            .Select(item => int.Parse(((string)item!["trace_id"]!)[16..], System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal((filter, string.Join(' ', traces)), (filter, string.Join(' ', found.Order())));
    }
}
