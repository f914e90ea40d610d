using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Server.Tests.Access;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Durability;

public sealed class BackupApiTests : IDisposable
{
    private readonly TempFolder temp = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task A_backup_is_begun_by_a_request_and_asked_for_until_it_is_done()
    {
        await using var server = await RunningServer.StartAsync();
        Assert.Equal("idle", (string?)(await GetAsync(server, "api/v1/backup"))["state"]);
        var begun = await PostAsync(server, "api/v1/backup", new JsonObject { ["directory"] = temp.At("backup") });
        Assert.Equal(HttpStatusCode.Accepted, begun.Status);
        JsonNode status;
        do status = await GetAsync(server, "api/v1/backup");
        while ((string?)status["state"] == "running");
        Assert.Equal("done", (string?)status["state"]);
        Assert.Equal((await GetAsync(server, "api/v1/system"))["epoch"]!.ToString(), (string?)status["epoch"]);
        Assert.True(File.Exists(temp.At("backup", "manifest.json")));

        var again = await PostAsync(server, "api/v1/backup", new JsonObject { ["directory"] = temp.At("backup") });
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "directory"), (again.Status, (string?)again.Body["field"]));
    }

    [Theory]
    [InlineData("relative/path")]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("{data}")]
    [InlineData("{data}/journal/../backup")]
    [InlineData("/proc/backup")]
    public async Task A_folder_that_will_not_do_is_refused_by_name(string? directory)
    {
        await using var server = await RunningServer.StartAsync();
        var answer = await PostAsync(server, "api/v1/backup", new JsonObject { ["directory"] = directory?.Replace("{data}", server.DataFolder, StringComparison.Ordinal) });
        if (directory == "/proc/backup")
        {
            // Found out while it is made.
            Assert.Equal(HttpStatusCode.Accepted, answer.Status);
            JsonNode status;
            do status = await GetAsync(server, "api/v1/backup");
            while ((string?)status["state"] == "running");
            Assert.Equal("failed", (string?)status["state"]);
            return;
        }

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "directory"), (answer.Status, (string?)answer.Body["field"]));
        Assert.False(Directory.Exists(Path.Combine(server.DataFolder, "backup")));
    }

    [Fact]
    public async Task From_elsewhere_a_folder_may_be_named_only_below_the_one_that_is_set()
    {
        await using var none = await RunningServer.StartAsync();
        var elsewhere = ("X-Forwarded-For", "192.0.2.1");
        var refused = await PostAsync(none, "api/v1/backup", new JsonObject { ["directory"] = temp.At("backup") }, elsewhere);
        Assert.Equal((HttpStatusCode.Forbidden, "folder_not_allowed"), (refused.Status, (string?)refused.Body["code"]));

        await using var some = await RunningServer.StartAsync(settings: [("Callwatch:Backup:Folder", temp.At("allowed"))]);
        foreach (var path in new[] { temp.At("backup"), temp.At("allowed", "..", "backup"), temp.At("allowed-not") })
            Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync(some, "api/v1/backup", new JsonObject { ["directory"] = path }, elsewhere)).Status);
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync(some, "api/v1/backup", new JsonObject { ["directory"] = temp.At("allowed", "one") }, elsewhere)).Status);
    }

    [Fact]
    public async Task A_store_of_another_journal_is_shown_and_goes_on_at_a_persons_word()
    {
        var data = temp.At("data");
        await using (var server = await RunningServer.StartAsync(data))
        {
            await SendAsync(server, 1);
            await Eventually.AnswersAsync(async () => await StoreAsync(server) is var one && (long)one["position"]! >= 1 ? one : null, () => "the store has the first");
        }

        Directory.Delete(Path.Combine(data, "journal"), recursive: true);
        await using var again = await RunningServer.StartAsync(data);
        await SendAsync(again, 2);
        var reader = await Eventually.AnswersAsync(async () => await StoreAsync(again) is var one && (string?)one["state"] != "starting" && one["waits"] is not null ? one : null, () => "the store waits for a word");
        Assert.Equal(("stopped", "other_epoch"), ((string?)reader["state"], (string?)reader["waits"]));
        Assert.Contains("readers continue store", (string?)reader["reason"], StringComparison.Ordinal);

        const string Continue = "api/v1/system/readers/store/continue";
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync(again, "api/v1/system/readers/none/continue", new JsonObject { ["at"] = "head" })).Status);
        foreach (var at in new JsonNode?[] { null, "middle", 5.5, true, 4_000_000_000_000_000_000 })
            Assert.Equal((HttpStatusCode.UnprocessableEntity, "at"), (await PostAsync(again, Continue, new JsonObject { ["at"] = at?.DeepClone() }) is var wrong ? wrong.Status : default, (string?)wrong.Body["field"]));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(again, Continue, new JsonObject { ["at"] = "first" })).Status);
        Assert.Equal((HttpStatusCode.Conflict, "not_waiting"), (await PostAsync(again, Continue, new JsonObject { ["at"] = "head" }) is var late ? late.Status : default, (string?)late.Body["code"]));
        await Eventually.AnswersAsync(async () => await GetAsync(again, "api/v1/calls") is var calls && calls["items"]!.AsArray().Count >= 2 ? calls : null, () => "both calls are listed");
        var system = await GetAsync(again, "api/v1/system");
        Assert.True((long)system["head"]! > 1_000_000_000);

        // The others wait for a word of their own, and the doctor says so until they have it.
        await Eventually.AnswersAsync(
            async () =>
            {
                var waiting = (await GetAsync(again, "api/v1/system"))["readers"]!.AsArray().Where(one => (string?)one!["state"] is "starting" or "stopped").ToList();
                foreach (var one in waiting.Where(one => (string?)one!["state"] == "stopped")) await PostAsync(again, $"api/v1/system/readers/{one!["name"]}/continue", new JsonObject { ["at"] = "first" });
                return waiting.Count == 0 ? waiting : null;
            }, () => "all readers go on");
        var problems = (await GetAsync(again, "api/v1/doctor"))["findings"]!.AsArray().Where(finding => (string?)finding!["check"] != "disk" && (string?)finding["level"] == "problem");
        Assert.Empty(problems.Select(finding => finding!.ToJsonString()));
    }

    private static async Task SendAsync(RunningServer server, ulong id)
    {
        var now = Callwatch.Spans.Timestamp.From(TimeProvider.System.GetUtcNow());
        using var content = new ByteArrayContent(A.Resource("shop").Holding(A.Span("chat").Trace(new Callwatch.Spans.TraceId(1, id)).Id(id).Between(now.Plus(TimeSpan.FromSeconds(-1)), now)
            .With(("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "gpt-4o"))).Traces());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        using var answer = await server.Http.PostAsync(new Uri("v1/traces", UriKind.Relative), content, Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static async Task<JsonNode> StoreAsync(RunningServer server) =>
        (await GetAsync(server, "api/v1/system"))["readers"]!.AsArray().First(reader => (string?)reader!["name"] == "store")!;

    private static async Task<JsonNode> GetAsync(RunningServer server, string path)
    {
        using var request = Key.With(Key.AdminOf(server), HttpMethod.Get, "/" + path);
        using var answer = await server.Http.SendAsync(request, Cancel);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!;
    }

    private static async Task<(HttpStatusCode Status, JsonNode Body)> PostAsync(RunningServer server, string path, JsonObject body, params (string Name, string Value)[] headers)
    {
        using var request = Key.With(Key.AdminOf(server), HttpMethod.Post, "/" + path, headers);
        request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var answer = await server.Http.SendAsync(request, Cancel);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!);
    }
}
