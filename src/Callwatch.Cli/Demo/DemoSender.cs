using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;

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
    public async Task<DemoDelivery> SendAsync(IReadOnlyList<DemoSpan> spans, CancellationToken cancel)
    {
        var body = Compressed(DemoPayload.Of(spans));
        while (true)
        {
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-protobuf"), ContentEncoding = { "gzip" } } };
            using var response = await http.PostAsync(new Uri("v1/traces", UriKind.Relative), content, cancel);
            if (response.IsSuccessStatusCode) return new DemoDelivery.Accepted();
            if (response.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)) return new DemoDelivery.Refused((int)response.StatusCode);
            await Task.Delay(response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1), time, cancel);
        }
    }

    private static byte[] Compressed(byte[] payload)
    {
        using var result = new MemoryStream();
        using (var gzip = new GZipStream(result, CompressionLevel.Fastest)) gzip.Write(payload);
        return result.ToArray();
    }
}
