using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Callwatch.Server.Tests.Durability.PowerLoss;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Media;

/// <summary>
/// The real program, killed or without power at any moment while pictures come: what was acknowledged can be fetched, what was not is at most
/// a file that nobody refers to. More rounds: <c>CALLWATCH_KILL_ROUNDS=500</c>.
/// </summary>
public sealed class MediaKillTests
{
    private const int Senders = 4;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="end">How the program ends: killed, or by a power cut that takes of what was not synced all, some, or parts.</param>
    [Theory]
    [InlineData("kill")]
    [InlineData("all")]
    [InlineData("some")]
    [InlineData("torn")]
    public async Task Every_acknowledged_picture_is_whole_whatever_the_moment_of_the_end(string end)
    {
        var library = end == "kill" ? "" : await PowerLossLibrary.PathAsync(Cancel);
        var rounds = Math.Max(3, int.Parse(Environment.GetEnvironmentVariable("CALLWATCH_KILL_ROUNDS") ?? "50", CultureInfo.InvariantCulture) / 10);
        var random = new Random();
        using var temp = new TempFolder();
        var data = Directory.CreateDirectory(temp.At("data")).FullName;
        Directory.CreateDirectory(temp.At("lost"));
        var acknowledged = new List<int>();
        for (var round = 0; round < rounds; round++)
        {
            var cut = end == "kill" ? null : new PowerCut(library, temp, end, Seed: random.Next());
            await using var server = await CallwatchProcess.ServeAsync(data, [], [.. cut?.Environment ?? []]);
            using var http = server.NewHttp();
            var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var wanted = random.Next(1, 20);
            var sending = Enumerable.Range(0, Senders).Select(sender => Task.Run(async () =>
            {
                for (var number = (round * 1_000_000) + (sender * 100_000); ; number++)
                {
                    if (await SendAsync(http, number) is not { } isTaken) return;
                    if (!isTaken) continue;
                    lock (acknowledged)
                    {
                        acknowledged.Add(number);
                        if (--wanted == 0) enough.TrySetResult();
                    }
                }
            })).ToArray();
            await enough.Task.WithPatience("pictures are acknowledged");
            if (cut is null) await server.KillAsync();
            else Assert.NotNull(await cut.CutAsync(server));
            await Task.WhenAll(sending);
        }

        await using var last = await CallwatchProcess.ServeAsync(data);
        using var reading = last.NewHttp();
        foreach (var number in acknowledged)
        {
            var picture = Pictures.Png(40_000, number);
            Assert.Equal(picture, await reading.GetByteArrayAsync(new Uri("/api/v1/media/" + Convert.ToHexStringLower(SHA256.HashData(picture)), UriKind.Relative), Cancel));
        }

        // Nothing half written is left, and every file is what its name says.
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(data, "media", "incoming")));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(data, "media", "1"), "*", SearchOption.AllDirectories).Where(file => !Path.HasExtension(file)))
            Assert.Equal(Path.GetFileName(file), Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(file, Cancel))));
    }

    /// <summary>Whether it was acknowledged; null when the server has gone.</summary>
    private static async Task<bool?> SendAsync(HttpClient http, int number)
    {
        try
        {
            using var content = new ByteArrayContent(A.Traces(Pictures.Call((ulong)number + 1, Pictures.Url(Pictures.Png(40_000, number)))));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
            using var answer = await http.PostAsync(new Uri("/v1/traces", UriKind.Relative), content, Cancel);
            if (answer.StatusCode == HttpStatusCode.OK) return true;
            // It has too much to do for the moment, or its disk is said to be gone.
            await Task.Delay(20, Cancel);
            return false;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return null;
        }
    }
}
