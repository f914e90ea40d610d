using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Server.Tests.Access;
using Callwatch.Server.Tests.Reading;
using Callwatch.Server.Tests.Receive;
using Callwatch.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Media;

/// <summary>The whole way of a picture: sent in a message, kept in a file, fetched by its hash.</summary>
public sealed class MediaApiTests
{
    private static readonly byte[] Picture = Pictures.Png(3 << 20);
    private static readonly string Hash = Convert.ToHexStringLower(SHA256.HashData(Picture));
    private static readonly string Address = "/api/v1/media/" + Hash;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("application/x-protobuf")]
    [InlineData("application/json")]
    public async Task A_picture_comes_back_byte_for_byte_also_after_a_restart(string type)
    {
        using var data = new TempFolder();
        await using (var server = await RunningServer.StartAsync(data.Path))
        {
            var body = A.Traces(Pictures.Call(1, Pictures.Url(Picture)));
            using var answer = await server.SendTracesAsync(type == "application/json" ? Json(Picture) : body, type, key: Key.AdminOf(server));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.True(server.Journaled().Sum(record => record.Payload.Length) < 4096);
            await server.StoredAsync();
            await AssertShownAsync(server);
            Assert.Equal(Picture, await BytesAsync(server, Address));
            var system = await server.GetAsync("/api/v1/system", Key.AdminOf(server));
            Assert.Equal((1, Picture.Length, 1), ((int)system["media"]!["files"]!, (int)system["media"]!["size_bytes"]!, (int)system["counters"]!["media_stored"]!));
        }

        await using (var server = await RunningServer.StartAsync(data.Path))
        {
            await AssertShownAsync(server);
            Assert.Equal(Picture, await BytesAsync(server, Address));
        }
    }

    [Fact]
    public async Task Media_are_there_for_their_tenant_and_their_app_alone()
    {
        await using var server = await RunningServer.StartAsync();
        var acme = server.Services.GetRequiredService<Tenants>().Create("acme")!;
        using (var sent = await server.SendTracesAsync(A.Traces(Pictures.Call(1, Pictures.Url(Picture))), key: Key.Make(server, KeyScopes.Ingest, "shop", acme.Id)))
            Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, Address, Key.Make(server, KeyScopes.Read, null, acme.Id)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, Address, Key.Make(server, KeyScopes.Read, "shop", acme.Id)));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(server, Address, Key.Make(server, KeyScopes.Read, "other", acme.Id)));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(server, Address, Key.AdminOf(server)));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(server, Address, null));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(server, Address, Key.Make(server, KeyScopes.Ingest, "shop", acme.Id)));
        foreach (var none in new[] { new string('0', 64), Hash.ToUpperInvariant(), "nothing", "..%2F..%2Fcontrol.db", Hash[..63] })
            Assert.Equal("media_not_found", (string?)(await server.ProblemAsync("/api/v1/media/" + none, HttpStatusCode.NotFound, Key.AdminOf(server)))["code"]);
    }

    [Fact]
    public async Task They_are_served_as_what_they_are_in_a_sandbox_and_by_ranges()
    {
        await using var server = await RunningServer.StartAsync();
        (await server.SendTracesAsync(A.Traces(Pictures.Call(1, Pictures.Url(Picture))))).Dispose();
        using var whole = await server.AskAsync(Address);
        Assert.Equal("image/png", whole.Content.Headers.ContentType!.ToString());
        Assert.Equal(Picture.Length, whole.Content.Headers.ContentLength);
        Assert.Equal($"inline; filename=\"callwatch-{Hash[..12]}.png\"", whole.Content.Headers.ContentDisposition!.ToString());
        Assert.Equal("sandbox; default-src 'none'", Assert.Single(whole.Headers.GetValues("Content-Security-Policy")));
        Assert.Equal("nosniff", Assert.Single(whole.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("same-origin", Assert.Single(whole.Headers.GetValues("Cross-Origin-Resource-Policy")));
        Assert.Equal((true, true), (whole.Headers.CacheControl!.Private, whole.Headers.CacheControl.Extensions.Any(extension => extension.Name == "immutable")));
        Assert.Equal($"\"{Hash}\"", whole.Headers.ETag!.Tag);

        using var range = new HttpRequestMessage(HttpMethod.Get, Address);
        range.Headers.Range = new RangeHeaderValue(1000, 1999);
        using var part = await server.Http.SendAsync(range, Cancel);
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(Picture[1000..2000], await part.BytesAsync());

        using var again = new HttpRequestMessage(HttpMethod.Get, Address);
        again.Headers.IfNoneMatch.Add(new EntityTagHeaderValue($"\"{Hash}\""));
        using var unchanged = await server.Http.SendAsync(again, Cancel);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }

    [Theory]
    [InlineData("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")]
    [InlineData("text/html", "<!doctype html><script>alert(1)</script>")]
    [InlineData("image/png", "<html><script>alert(1)</script>")]
    public async Task What_could_run_is_only_for_saving_whatever_its_sender_calls_it(string type, string start)
    {
        await using var server = await RunningServer.StartAsync();
        var bytes = Encoding.ASCII.GetBytes(start + new string(' ', 20_000));
        (await server.SendTracesAsync(A.Traces(Pictures.Call(1, $"data:{type};base64,{Convert.ToBase64String(bytes)}")))).Dispose();
        using var answer = await server.AskAsync("/api/v1/media/" + Convert.ToHexStringLower(SHA256.HashData(bytes)));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType!.ToString());
        Assert.StartsWith("attachment;", answer.Content.Headers.ContentDisposition!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Expired_media_leave_a_part_that_says_so()
    {
        await using var server = await RunningServer.StartAsync();
        (await server.SendTracesAsync(A.Traces(Pictures.Call(1, Pictures.Url(Picture))))).Dispose();
        await server.StoredAsync();
        File.Delete(Path.Combine(server.DataFolder, "media", "1", Hash[..2], Hash));
        await AssertShownAsync(server, "expired");
        Assert.Equal("media_not_found", (string?)(await server.ProblemAsync(Address, HttpStatusCode.NotFound))["code"]);
    }

    [Fact]
    public async Task Media_that_are_too_large_are_a_part_that_says_so_and_are_counted()
    {
        await using var server = await RunningServer.StartAsync(settings: [("Callwatch:Media:MaxItemBytes", "1048576")]);
        (await server.SendTracesAsync(A.Traces(Pictures.Call(1, Pictures.Url(Picture))))).Dispose();
        await server.StoredAsync();
        await AssertShownAsync(server, "not_kept");
        Assert.Equal(1, (int)(await server.GetAsync("/api/v1/system"))["counters"]!["media_too_large"]!);
    }

    [Fact]
    public async Task An_export_keeps_the_reference_and_can_be_sent_again()
    {
        await using var server = await RunningServer.StartAsync();
        (await server.SendTracesAsync(A.Traces(Pictures.Call(1, Pictures.Url(Picture))))).Dispose();
        await server.StoredAsync();
        using var export = await server.AskAsync("/api/v1/export?format=otlp");
        Assert.Contains("callwatch-media:" + Hash, await export.TextAsync(), StringComparison.Ordinal);
        await AssertShownAsync(server);
    }

    [Fact]
    public async Task What_cannot_be_written_is_not_acknowledged_and_other_requests_are()
    {
        await using var server = await RunningServer.StartAsync();

        // A file where the tenant's folder would be: as a disk that refuses.
        var folder = Path.Combine(server.DataFolder, "media", "1");
        File.WriteAllText(folder, "");
        using var refused = await server.SendTracesAsync(A.Traces(Pictures.Call(1, Pictures.Url(Picture))));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Empty(server.Journaled());
        using var small = await server.SendTracesAsync(A.Traces(Pictures.Call(2, Pictures.Url(Pictures.Png(900)))));
        Assert.Equal(HttpStatusCode.OK, small.StatusCode);
        Assert.Equal(1, (int)(await server.GetAsync("/api/v1/system"))["counters"]!["media_unavailable"]!);
        File.Delete(folder);
        using var taken = await server.SendTracesAsync(A.Traces(Pictures.Call(1, Pictures.Url(Picture))));
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        Assert.Equal(Picture, await BytesAsync(server, Address));
    }

    [Fact]
    public async Task Large_media_pass_within_the_memory_of_all_requests()
    {
        await using var server = await RunningServer.StartAsync(settings: [("Callwatch:Receive:MaxInFlightBytes", "134217728")]);
        var pictures = Enumerable.Range(0, 3).Select(seed => Pictures.Png(24 << 20, seed)).ToArray();
        // Refused for now, they come again, as any sender does.
        await Task.WhenAll(pictures.Select((picture, number) => Eventually.AnswersAsync(
            async () =>
            {
                using var answer = await server.SendTracesAsync(A.Traces(Pictures.Call((ulong)number + 1, Pictures.Url(picture))));
                if (answer.StatusCode == HttpStatusCode.OK) return picture;
                Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.TooManyRequests, HttpStatusCode.ServiceUnavailable });
                return null;
            },
            () => "each is taken")));
        foreach (var picture in pictures) Assert.Equal(picture, await BytesAsync(server, "/api/v1/media/" + Convert.ToHexStringLower(SHA256.HashData(picture))));
    }

    private static async Task AssertShownAsync(RunningServer server, string state = "present")
    {
        var trace = A.TraceId(1).ToString();
        var span = await server.GetAsync($"/api/v1/spans/{trace}/0000000000000001", Key.AdminOf(server));
        Assert.Equal("present", (string?)span["content"]);
        var parts = span["messages"]!["input"]![0]!["parts"]!.AsArray();
        Assert.Equal("What is this?", (string?)parts[0]!["text"]);
        Assert.Equal(("image", "image/png", Picture.Length), ((string?)parts[1]!["type"], (string?)parts[1]!["mime_type"], (int)parts[1]!["size_bytes"]!));
        var expected = new JsonObject { ["hash"] = Hash, ["mime_type"] = "image/png", ["bytes"] = Picture.Length, ["url"] = Address, ["state"] = state };
        Assert.True(JsonNode.DeepEquals(expected, parts[1]!["media"]), parts[1]!.ToJsonString());
    }

    private static byte[] Json(byte[] picture)
    {
        var end = (TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var value = new JsonObject
        {
            ["messages"] = new JsonArray(new JsonObject
            {
                ["role"] = "user",
                ["content"] = new JsonArray(
                    new JsonObject { ["type"] = "text", ["text"] = "What is this?" },
                    new JsonObject { ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = Pictures.Url(picture) } }),
            }),
        };
        return Encoding.UTF8.GetBytes(new JsonObject
        {
            ["resourceSpans"] = new JsonArray(new JsonObject
            {
                ["scopeSpans"] = new JsonArray(new JsonObject
                {
                    ["spans"] = new JsonArray(new JsonObject
                    {
                        ["traceId"] = A.TraceId(1).ToString(),
                        ["spanId"] = "0000000000000001",
                        ["name"] = "chat",
                        ["startTimeUnixNano"] = end,
                        ["endTimeUnixNano"] = end,
                        ["attributes"] = new JsonArray(
                            new JsonObject { ["key"] = "openinference.span.kind", ["value"] = new JsonObject { ["stringValue"] = "LLM" } },
                            new JsonObject { ["key"] = "input.value", ["value"] = new JsonObject { ["stringValue"] = value.ToJsonString() } }),
                    }),
                }),
            }),
        }.ToJsonString());
    }

    private static async Task<byte[]> BytesAsync(RunningServer server, string address)
    {
        using var answer = await server.AskAsync(address, Key.AdminOf(server));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.BytesAsync();
    }

    private static async Task<HttpStatusCode> StatusAsync(RunningServer server, string address, string? key)
    {
        using var answer = await server.AskAsync(address, key);
        return answer.StatusCode;
    }
}
