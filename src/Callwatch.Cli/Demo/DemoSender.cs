using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Cli.Demo.Dialects;
using Callwatch.Cli.Demo.Records;

namespace Callwatch.Cli.Demo;

/// <summary>How a request of the demo ended for good.</summary>
internal abstract record DemoDelivery
{
    private DemoDelivery()
    {
    }

    public sealed record Accepted : DemoDelivery;

    /// <summary>The server does not want it: no key, or the wrong one.</summary>
    public sealed record Refused(int Status) : DemoDelivery;
}

/// <summary>Sends as a well-behaved exporter does: gzip, and again when the server is busy.</summary>
internal sealed class DemoSender(HttpClient http, TimeProvider time)
{
    public Task<DemoDelivery> SendAsync(IReadOnlyList<DemoSpan> spans, CancellationToken cancel) =>
        PostAsync("v1/traces", "application/x-protobuf", Compressed(DemoPayload.Of(spans)), "gzip", cancel);

    /// <summary>Business records, as <c>POST /api/v1/traces</c> takes them.</summary>
    public Task<DemoDelivery> HandOverAsync(IReadOnlyList<DemoRecord> records, CancellationToken cancel) =>
        PostAsync("api/v1/traces", "application/json", Compressed(Utf8(new JsonArray([.. records.Select(record => record.Body)]))), "gzip", cancel);

    /// <summary>What a user thought of a message.</summary>
    public Task<DemoDelivery> JudgeAsync(DemoRecord judgement, CancellationToken cancel) =>
        PostAsync("api/v1/feedback", "application/json", Utf8(judgement.Body), coding: null, cancel);

    private async Task<DemoDelivery> PostAsync(string path, string type, byte[] body, string? coding, CancellationToken cancel)
    {
        while (true)
        {
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
            if (coding is not null) content.Headers.ContentEncoding.Add(coding);
            using var response = await http.PostAsync(new Uri(path, UriKind.Relative), content, cancel);
            if (response.IsSuccessStatusCode) return new DemoDelivery.Accepted();
            if (response.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)) return new DemoDelivery.Refused((int)response.StatusCode);
            await Task.Delay(response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1), time, cancel);
        }
    }

    private static byte[] Utf8(JsonNode body) => Encoding.UTF8.GetBytes(Json.Text(body));

    private static byte[] Compressed(byte[] payload)
    {
        using var result = new MemoryStream();
        using (var gzip = new GZipStream(result, CompressionLevel.Fastest)) gzip.Write(payload);
        return result.ToArray();
    }
}
