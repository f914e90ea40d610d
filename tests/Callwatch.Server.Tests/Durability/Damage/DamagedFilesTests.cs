using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Journal;
using Callwatch.Search;
using Callwatch.Server.Tests.Media;
using Callwatch.Server.Tests.Reading;
using Callwatch.Server.Tests.Receive;
using Callwatch.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Durability.Damage;

/// <summary>
/// Every file of a data folder harmed in every way, one at a time: the program starts, serves what is not harmed, takes and stores what comes, and loses
/// no more than what was hit. More rounds with other dice: <c>CALLWATCH_DAMAGE_ROUNDS=20</c>.
/// </summary>
public sealed class DamagedFilesTests : IAsyncLifetime
{
    private const int Days = 3, TracesADay = 12;

    private const ulong Picture = 8_888;

    // Alone in a folder that is otherwise whole these may stop the start, with one line that says what to do.
    private static readonly string[] MayRefuse = ["format", "control.db", "control.db-wal"];

    private readonly TempFolder running = new();
    private readonly TempFolder stopped = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        using var data = new TempFolder();
        await using (var server = await StartAsync(data.Path))
        {
            for (var day = 0; day < Days; day++)
            {
                for (var trace = 0; trace < TracesADay; trace++)
                {
                    using var response = await server.SendTracesAsync(Trace(Number(day, trace), day));
                    Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                }
            }

            using (var response = await server.SendTracesAsync(A.Traces(Pictures.Call(Picture, Pictures.Url(Pictures.Png(40_000)))))) Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            await server.StoredAsync();
            var journal = server.Services.GetRequiredService<IJournal>();
            await server.Services.GetRequiredService<SearchProgress>().ReachedAsync(journal.Head.Number, Cancel);
            // More than four windows do not wait for what the store has still to make safe; one segment stays as it is.
            await Eventually.HoldsAsync(() => journal.Status() is { SealedBytes: > 0, ToSealBytes: <= 16_384 }, "full segments are sealed");

            // As for a backup: nothing is taken away while it is copied.
            using (server.Services.GetRequiredService<DataHold>().Take()) Copy(data.Path, running.Path);
        }

        Copy(data.Path, stopped.Path);
    }

    public ValueTask DisposeAsync()
    {
        running.Dispose();
        stopped.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_harm_to_any_one_file_keeps_the_program_from_serving_all_else(bool wasStopped)
    {
        var rounds = int.Parse(Environment.GetEnvironmentVariable("CALLWATCH_DAMAGE_ROUNDS") ?? "1", CultureInfo.InvariantCulture);
        var whole = (wasStopped ? stopped : running).Path;
        var files = Directory.EnumerateFiles(whole, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(whole, file)).Where(IsWorthIt).Order(StringComparer.Ordinal).ToList();
        foreach (var kind in (string[])["journal/*.seg", "journal/*.sealed", "store/20*.db", "search/*.db", "media/1/*/*", "clock", "control.db", "settled/*.db", "forward.db"])
            Assert.Contains(files, file => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(kind, file.Replace('\\', '/')));
        List<string> wrong = [];
        for (var round = 0; round < rounds; round++)
        {
            foreach (var file in files)
            {
                // Two ways for each file in a short run, all of them in a long one.
                foreach (var (way, harm) in Harm.Ways.Where((_, i) => rounds > 1 || (i + file.Length + (wasStopped ? 1 : 0)) % 5 == 0))
                {
                    Cancel.ThrowIfCancellationRequested();
                    using var data = new TempFolder();
                    Copy(whole, data.Path);
                    var bytes = await File.ReadAllBytesAsync(data.At(file), Cancel);
                    if (bytes.Length == 0) continue;
                    var left = harm(bytes, new Random((round * 1_000_003) ^ (file.Length * 7919) ^ way.Length));
                    if (left is null) File.Delete(data.At(file));
                    else await File.WriteAllBytesAsync(data.At(file), left, Cancel);
                    var problem = await ProblemAsync(data.Path, file);
                    if (problem is not null) wrong.Add($"{file}: {way}: {problem}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static async Task<string?> ProblemAsync(string data, string harmed)
    {
        try
        {
            await using var server = await StartAsync(data);
            return await ProblemAsync(server, harmed);
        }
        catch (StartRefusedException e)
        {
            return MayRefuse.Contains(harmed) && !e.Message.Contains('\n') ? null : "the start was refused: " + e.Message;
        }
        catch (Exception e) when (e is not OperationCanceledException || !Cancel.IsCancellationRequested)
        {
            return $"{e.GetType().Name}: {e.Message}\n{string.Join('\n', e.StackTrace!.Split('\n').Where(line => line.Contains("Callwatch", StringComparison.Ordinal)).Take(4))}";
        }
    }

    private static async Task<string?> ProblemAsync(RunningServer server, string harmed)
    {
        const ulong New = 9_999;
        using (var response = await server.SendTracesAsync(Trace(New, 0)))
            if (response.StatusCode != HttpStatusCode.OK) return $"a new trace is answered {(int)response.StatusCode}";

        // Where all trace of the newest records is gone, the store has counted further than the journal knows: it asks, and may be told.
        if (harmed.StartsWith("journal", StringComparison.Ordinal) && await HasStoppedAsync(server)) await GoOnAsync(server);
        await server.StoredAsync().WithPatience("all that came is stored");
        foreach (var path in (string[])["api/v1/system", "api/v1/stats?" + Range(0), "api/v1/traces?" + Range(0), "api/v1/facets/model?" + Range(0), "api/v1/errors?" + Range(0), "api/v1/calls?q=question&" + Range(0)])
        {
            // Whoever meets a damaged file first is asked to come again, while it is set aside.
            using var response = await AskedAgainAsync(server, "/" + path);
            if (response.StatusCode != HttpStatusCode.OK) return $"{path} is answered {(int)response.StatusCode} {await response.TextAsync()}";
        }

        if (!harmed.StartsWith("journal", StringComparison.Ordinal) && await SettlesAsync(server, New) is { } unsettled) return unsettled;
        var found = (await server.AllAsync($"/api/v1/calls?{Range(0)}")).Select(call => (string)call["trace_id"]!).ToList();
        var expected = Enumerable.Range(0, Days).SelectMany(day => Enumerable.Range(0, TracesADay).Select(trace => Number(day, trace))).Append(New).ToList();
        var missing = expected.Where(number => !found.Contains(Traffic.TraceId(number))).ToList();
        // What a partition held and the journal still has is stored again, or else only that day is gone.
        if (missing.Contains(New)) return "the new trace is not listed";
        if (found.Count != found.Distinct(StringComparer.Ordinal).Count()) return "calls are listed twice";
        if (missing.Exists(number => !IsOfDay(harmed, number))) return $"{missing.Count} calls are not listed: {string.Join(", ", missing.Take(5))}";

        expected.RemoveAll(missing.Contains);
        var bodies = 0;
        foreach (var number in expected)
        {
            using var response = await server.AskAsync($"/api/v1/spans/{Traffic.TraceId(number)}/{Traffic.SpanId(2)}");
            if (response.StatusCode != HttpStatusCode.OK) return $"span of trace {number} is answered {(int)response.StatusCode}";
            var said = JsonNode.Parse(await response.TextAsync())!["attributes"]?["gen_ai.input.messages"]?.GetValue<string>();
            if (said?.Contains($"question {number}\"", StringComparison.Ordinal) == true) bodies++;
        }

        // Several flipped bytes hit several records; a cut takes all behind it in one segment.
        return harmed.StartsWith("journal", StringComparison.Ordinal) || bodies == expected.Count ? null : $"{expected.Count - bodies} bodies are gone";
    }

    /// <summary>Whatever the sequence held, and whatever lanes know: what comes is gathered.</summary>
    private static async Task<string?> SettlesAsync(RunningServer server, ulong number)
    {
        try
        {
            await Eventually.AnswersAsync(
                async () => (await server.GetAsync($"/api/v1/lookup/{Traffic.TraceId(number)}"))["matches"]!.AsArray().FirstOrDefault() is { } match
                    && match["steps"]!.AsArray().Any(step => (string?)step!["step"] == "settled" && (string?)step["time"] is not null) ? match : null,
                () => "the new trace settles");
            return null;
        }
        catch (TimeoutException e)
        {
            return e.Message;
        }
    }

    private static async Task<JsonNode> StoreAsync(RunningServer server) =>
        (await server.GetAsync("/api/v1/system"))["readers"]!.AsArray().Single(reader => (string)reader!["name"]! == "store")!;

    private static async Task<bool> HasStoppedAsync(RunningServer server)
    {
        var state = "";
        await Eventually.AnswersAsync(async () => (state = (string)(await StoreAsync(server))["state"]!) == "starting" ? null : state, () => "the store has begun");
        return state == "stopped";
    }

    private static async Task GoOnAsync(RunningServer server)
    {
        Assert.NotEmpty((string)(await StoreAsync(server))["reason"]!);
        using var choice = new HttpRequestMessage(HttpMethod.Post, "/api/v1/system/readers/store/continue");
        choice.Headers.Authorization = new("Bearer", (await File.ReadAllTextAsync(Path.Combine(server.DataFolder, "admin.key"), Cancel)).Trim());
        choice.Content = new StringContent("""{"at": "first"}""", Encoding.UTF8, "application/json");
        using var answer = await server.Http.SendAsync(choice, Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static async Task<HttpResponseMessage> AskedAgainAsync(RunningServer server, string path)
    {
        return await Eventually.AnswersAsync(
            async () =>
            {
                var response = await server.AskAsync(path);
                if (response.StatusCode != HttpStatusCode.ServiceUnavailable) return response;
                Assert.NotNull(response.Headers.RetryAfter);
                response.Dispose();
                return null;
            },
            () => path + " is answered");
    }

    private static bool IsOfDay(string harmed, ulong number) =>
        harmed.Replace('\\', '/').StartsWith(string.Create(CultureInfo.InvariantCulture, $"store/2026-09-{17 + (number / 100):00}."), StringComparison.Ordinal);

    private static bool IsWorthIt(string file) => Path.GetFileName(file) is not ("ballast" or "next.tmp");

    private static Task<RunningServer> StartAsync(string data) => RunningServer.StartAsync(data,
    [
        ("Callwatch:Store:BatchDelay", "00:00:00"), ("Callwatch:Journal:SegmentBytes", "16384"), ("Callwatch:Journal:BallastBytes", "0"),
        ("Callwatch:Journal:MinFreeBytes", "0"), ("Callwatch:Journal:MinFreePercent", "0"), ("Callwatch:Journal:SealWindowBytes", "4096"), ("Callwatch:Journal:SealAge", "00:00:00"),
        ("Callwatch:Journal:SealShare", "1"), ("Callwatch:Settle:QuietAfterRoot", "00:00:00.1"),
    ]);

    private static ulong Number(int day, int trace) => (ulong)((day * 100) + trace + 1);

    private static string Range(int skip) => string.Create(CultureInfo.InvariantCulture, $"from=2026-09-{17 + skip:00}T00:00:00Z&to=2026-09-30T00:00:00Z");

    private static byte[] Trace(ulong number, int day)
    {
        var at = day * 86_400_000;
        return A.Resource("shop").Holding(
            A.Span("answer").Trace(number).Id(1).Kind(2).At(at, 900),
            A.Span("chat gpt-4o").Trace(number).Id(2, under: 1).Kind(3).At(at + (int)number, 500).With(
                ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o"), ("gen_ai.usage.input_tokens", 100), ("gen_ai.usage.output_tokens", 10),
                ("gen_ai.input.messages", $$"""[{"role":"user","parts":[{"type":"text","content":"{{new string('x', 600)}} question {{number}}"}]}]"""))).Traces();
    }

    private static void Copy(string from, string to)
    {
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories)) Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) is "clock" || !file.EndsWith("lock", StringComparison.Ordinal))) File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
    }
}
