using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Text.Json.Nodes;
using Callwatch.Server.Tests.Reading;
using Callwatch.Server.Tests.Receive;
using Callwatch.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Xunit;

namespace Callwatch.Server.Tests.Durability;

/// <summary>
/// Data folders written by programs that were delivered once, killed at work, with what they answered then (<c>tests/fixtures/data-folders</c>, named by
/// the number in the file <c>format</c> and a count): opened by today's program they give the same answers.
/// </summary>
public sealed class OlderFolderTests
{
    // When the folder was written: what is kept for a time would be gone otherwise.
    private static readonly DateTimeOffset Written = new(2026, 11, 22, 13, 20, 0, TimeSpan.Zero);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("1")]
    public async Task A_folder_of_an_older_program_gives_the_same_answers(string name)
    {
        using var temp = new TempFolder();
        var files = Path.Combine(Fixtures.Root, "data-folders");
        await using (var packed = new GZipStream(File.OpenRead(Path.Combine(files, name + ".data.tar.gz")), CompressionMode.Decompress))
            await TarFile.ExtractToDirectoryAsync(packed, temp.Path, overwriteFiles: false, Cancel);
        await using var recorded = new GZipStream(File.OpenRead(Path.Combine(files, name + ".answers.json.gz")), CompressionMode.Decompress);
        var told = (await JsonNode.ParseAsync(recorded, cancellationToken: Cancel))!;

        // Twice: once to bring everything up to date, once on what that has made.
        for (var start = 0; start < 2; start++)
        {
            await using var server = await RunningServer.StartAsync(
                temp.At("data"),
                [("Callwatch:Journal:BallastBytes", "0"), ("Callwatch:Journal:MinFreeBytes", "0"), ("Callwatch:Journal:MinFreePercent", "0")],
                services => services.Replace(ServiceDescriptor.Singleton<TimeProvider>(new ManualTime(Written))));
            await server.StoredAsync();
            List<string> wrong = [];
            foreach (var (path, expected) in told["answers"]!.AsObject()) wrong.AddRange(Differences(path, expected, await server.GetAsync(path)));
            Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(20)));
            using var sent = await server.SendTracesAsync(A.Traces(), key: (string)told["key"]!);
            Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
        }
    }

    /// <summary>What was told then and is not told now; fields that are new are no difference, nor are a page's marks, and with time a trace has settled.</summary>
    private static IEnumerable<string> Differences(string where, JsonNode? then, JsonNode? now)
    {
        switch (then, now)
        {
            case (JsonObject before, JsonObject after):
                foreach (var (name, value) in before.Where(field => field.Key is not ("next" or "searched_until" or "source" or "settled")))
                    foreach (var difference in Differences($"{where}.{name}", value, after[name])) yield return difference;
                break;
            case (JsonArray before, JsonArray after) when before.Count == after.Count:
                for (var i = 0; i < before.Count; i++)
                    foreach (var difference in Differences($"{where}[{i}]", before[i], after[i])) yield return difference;
                break;
            default:
                if (!JsonNode.DeepEquals(then, now)) yield return $"{where}: {Short(then)} has become {Short(now)}";
                break;
        }
    }

    private static string Short(JsonNode? node) => node?.ToJsonString() is { } text ? text[..Math.Min(text.Length, 80)] : "null";
}
