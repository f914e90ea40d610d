using System.Net;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Diagnose;
using Callwatch.Query;
using Callwatch.Search;
using Callwatch.Server.Tests.Reading;
using Callwatch.Server.Tests.Receive;
using Callwatch.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Durability.Damage;

/// <summary>Files of the full-text index harmed under a running server, and before a start: questions are answered from the rest, and the index mends itself.</summary>
public sealed class HarmedIndexTests : IDisposable
{
    private static readonly (string, string?)[] Settings = [("Callwatch:Store:BatchDelay", "00:00:00"), ("Callwatch:Journal:BallastBytes", "0")];

    private readonly TempFolder data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => data.Dispose();

    [Theory]
    [InlineData("zeros")]
    [InlineData("cut")]
    [InlineData("emptied")]
    [InlineData("gone")]
    [InlineData("another thing")]
    [InlineData("a folder in its place")]
    [InlineData("closed to everybody")]
    [InlineData("tables that are none")]
    public async Task A_file_of_the_index_that_is_harmed_under_a_running_server_is_made_anew_and_search_goes_on(string harm)
    {
        await using var server = await RunningServer.StartAsync(data.Path, Settings);
        await FillAsync(server);
        var file = DayFile();
        Do(harm, file);
        // What was open before may go on for a moment: nobody is told less than there is.
        var files = server.Services.GetRequiredService<SearchIndex>().Folder!;
        foreach (var known in files.Contents.Files) files.Forget(known);

        Assert.Equal(3, await FoundAsync(server, "question"));
        Assert.Equal(1, await FoundAsync(server, "samarkand"));
        using (var sent = await server.SendTracesAsync(Call(9, 0, "And where is Bukhara?"))) Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
        await Eventually.AnswersAsync(
            async () => await FoundAsync(server, "zugspitze") == 4 && await FoundAsync(server, "bukhara") == 1 ? "" : null, () => "the day is indexed again");
        if (harm is "closed to everybody" && MayReadAnything(file)) return;
        Assert.True(1 <= (long)(await server.GetAsync("/api/v1/system"))["counters"]!["damaged_search_file"]!);
        await Eventually.AnswersAsync(
            async () => (await server.GetAsync($"/api/v1/calls?q=zugspitze&{Range}"))["text_left_out"] is null ? "" : null, () => "nothing is left out: the journal has all of the day");
    }

    [Fact]
    public async Task What_is_not_to_be_there_stays_out_of_the_answer_that_finds_the_damage()
    {
        await using var server = await RunningServer.StartAsync(data.Path, Settings);
        await FillAsync(server);
        Do("zeros", DayFile());
        var files = server.Services.GetRequiredService<SearchIndex>().Folder!;
        foreach (var known in files.Contents.Files) files.Forget(known);
        // Every preview has the word; of the index's silence nothing may be concluded.
        Assert.Equal(0, await FoundAsync(server, "-question"));
    }

    [Theory]
    [InlineData("catalog.db", "zeros")]
    [InlineData("catalog.db", "a folder in its place")]
    [InlineData("catalog.db", "tables that are none")]
    [InlineData("2026-09-17.0001.db", "a folder in its place")]
    [InlineData("2026-09-17.0001.db", "emptied")]
    [InlineData("2026-09-17.0001.db", "tables that are none")]
    public async Task A_start_makes_anew_what_is_harmed_of_the_index(string name, string harm)
    {
        await using (var server = await RunningServer.StartAsync(data.Path, Settings)) await FillAsync(server);
        Do(harm, data.At("search", name));
        await using var again = await RunningServer.StartAsync(data.Path, Settings);
        Assert.Equal(3, await FoundAsync(again, "question"));
        await Eventually.AnswersAsync(async () => await FoundAsync(again, "zugspitze") == 3 ? "" : null, () => "the day is indexed again");
        Assert.Equal("running", (string)(await again.GetAsync("/api/v1/system"))["readers"]!.AsArray().Single(reader => (string)reader!["name"]! == "search")!["state"]!);
    }

    [Fact]
    public async Task Where_the_journal_does_not_reach_back_answers_and_system_say_what_is_left_out()
    {
        await using (var server = await RunningServer.StartAsync(data.Path, Settings)) await FillAsync(server);
        Directory.Delete(data.At("journal"), recursive: true);
        Directory.CreateDirectory(data.At("journal"));
        Do("zeros", DayFile());
        await using var again = await RunningServer.StartAsync(data.Path, Settings);
        // Another journal: somebody says where the readers go on.
        await ChooseAsync(again, "store");
        await ChooseAsync(again, "search");
        // Nothing of the day comes any more, so that no file of it is made.
        await Eventually.AnswersAsync(
            async () => (await again.GetAsync("/api/v1/system"))["search"]!["left_out"] is JsonArray { Count: 1 } ? "" : null, () => "System says what is left out");
        Assert.False(File.Exists(DayFile()));
        var findings = await again.Services.GetRequiredService<DoctorOfItself>().ExamineAsync(deep: false, new ReadScope(Tenants.DefaultId), Cancel);
        var said = Assert.Single(findings, finding => finding.Check == "full_text");
        Assert.Equal(FindingLevel.Warning, said.Level);
        Assert.Contains("Of 2026-09-17 a file of the full-text index was lost", said.What, StringComparison.Ordinal);
        using (var sent = await again.SendTracesAsync(Call(9, 0, "And where is Bukhara?"))) Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
        await again.IndexedAsync();
        // Names and previews are looked through.
        var page = await Eventually.AnswersAsync(
            async () => await again.GetAsync($"/api/v1/calls?q=question&{Range}") is { } found && found["text_left_out"] is JsonArray { Count: 1 } ? found : null, () => "the answer says what is left out");
        Assert.Equal("2026-09-17", (string)page["text_left_out"]![0]!);
        Assert.Equal(4, page["items"]!.AsArray().Count);
        Assert.Equal(1, await FoundAsync(again, "bukhara"));
        var left = (await again.GetAsync("/api/v1/system"))["search"]!["left_out"]!.AsArray().Single()!;
        Assert.Equal("2026-09-17", (string)left["day"]!);
        Assert.True((long)left["from"]! > 1);
    }

    private const string Range = "from=2026-09-17T00:00:00Z&to=2026-09-20T00:00:00Z";

    private string DayFile() => data.At("search", "2026-09-17.0001.db");

    private static void Do(string harm, string file)
    {
        var length = (int)new FileInfo(file).Length;
        switch (harm)
        {
            case "zeros":
                File.WriteAllBytes(file, new byte[Math.Max(length, 4096)]);
                File.Delete(file + "-wal");
                break;
            case "cut":
                using (var cut = new FileStream(file, FileMode.Open)) cut.SetLength(length / 3);
                File.Delete(file + "-wal");
                break;
            case "emptied":
                File.WriteAllBytes(file, []);
                File.Delete(file + "-wal");
                break;
            case "gone":
                File.Delete(file);
                File.Delete(file + "-wal");
                break;
            case "another thing":
                File.WriteAllText(file, new string('?', 9000));
                File.Delete(file + "-wal");
                break;
            case "a folder in its place":
                File.Delete(file);
                File.Delete(file + "-wal");
                Directory.CreateDirectory(file);
                break;
            case "closed to everybody":
                if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.None);
                break;
            case "tables that are none":
                File.Delete(file);
                File.Delete(file + "-wal");
                File.Delete(file + "-shm");
                using (var other = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={file};Pooling=False"))
                {
                    other.Open();
                    using var command = other.CreateCommand();
                    command.CommandText = "CREATE TABLE things (name TEXT); PRAGMA user_version = 1; PRAGMA application_id = 1";
                    command.ExecuteNonQuery();
                }

                break;
        }
    }

    // Root is not kept out by the rights of a file: then nothing is wrong with it.
    private static bool MayReadAnything(string file)
    {
        try
        {
            using var opened = File.OpenRead(file);
            return true;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return false;
        }
    }

    private static async Task FillAsync(RunningServer server)
    {
        foreach (var (trace, day, text) in ((ulong, int, string)[])[(1, 0, "Where is Samarkand, by the way?"), (2, 0, "Where is Lima?"), (3, 1, "Where is Nairobi?")])
        {
            using var sent = await server.SendTracesAsync(Call(trace, day, text));
            Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
        }

        await server.StoredAsync();
        await server.IndexedAsync();
        Assert.Equal(3, await FoundAsync(server, "zugspitze"));
    }

    /// <summary>Its text begins with what a preview shows and ends with what only the index knows.</summary>
    private static byte[] Call(ulong trace, int day, string text) => A.Resource("shop").Holding(
        A.Span("chat gpt-4o").Trace(trace).Id(1).Kind(3).At((day * 86_400_000.0) + (trace * 1_000), 500).With(
            ("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "gpt-4o"),
            ("gen_ai.input.messages", $$"""[{"role":"user","parts":[{"type":"text","content":"A question: {{text}}"}]}]"""),
            ("gen_ai.output.messages", $$"""[{"role":"assistant","parts":[{"type":"text","content":"{{new string('x', 400)}} Zugspitze"}],"finish_reason":"stop"}]"""))).Traces();

    private static async Task<int> FoundAsync(RunningServer server, string words)
    {
        var path = $"/api/v1/calls?q={words}&{Range}";
        using var response = await Eventually.AnswersAsync(
            async () =>
            {
                var asked = await server.AskAsync(path);
                // Whoever meets a damaged file in the middle of an answer is asked to come again.
                if (asked.StatusCode == HttpStatusCode.OK) return asked;
                Assert.Equal(HttpStatusCode.ServiceUnavailable, asked.StatusCode);
                asked.Dispose();
                return null;
            },
            () => path + " is answered");
        return JsonNode.Parse(await response.TextAsync())!["items"]!.AsArray().Count;
    }

    private static async Task ChooseAsync(RunningServer server, string reader)
    {
        using var choice = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/system/readers/{reader}/continue");
        choice.Headers.Authorization = new("Bearer", (await File.ReadAllTextAsync(Path.Combine(server.DataFolder, "admin.key"), Cancel)).Trim());
        choice.Content = new StringContent("""{"at": "first"}""", System.Text.Encoding.UTF8, "application/json");
        await Eventually.AnswersAsync(
            async () => (string?)(await server.GetAsync("/api/v1/system"))["readers"]!.AsArray().Single(known => (string)known!["name"]! == reader)!["state"] is "stopped" ? "" : null, () => reader + " waits");
        using var answer = await server.Http.SendAsync(choice, Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}
