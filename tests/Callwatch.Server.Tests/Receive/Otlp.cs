using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Callwatch.Journal;
using Callwatch.Receive.Otlp;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Receive;

/// <summary>Sends OTLP to a running server by hand: what is sent and what comes back is all there is.</summary>
internal static class Otlp
{
    public const string TraceExport = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    public const string LogExport = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
    public const string MetricExport = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static Task<HttpResponseMessage> SendTracesAsync(this RunningServer server, byte[] body, string type = "application/x-protobuf", string? coding = null, string? key = null) =>
        server.SendAsync("/v1/traces", body, type, coding, key);

    public static async Task<HttpResponseMessage> SendAsync(this RunningServer server, string path, byte[] body, string? type, string? coding = null, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        if (type is not null) request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (coding is not null) request.Content.Headers.ContentEncoding.Add(coding);
        if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return await server.Http.SendAsync(request, Cancel);
    }

    public static byte[] Gzip(byte[] bytes) => Compressed(bytes, stream => new GZipStream(stream, CompressionLevel.Fastest));

    public static byte[] Compressed(byte[] bytes, Func<Stream, Stream> by)
    {
        using var result = new MemoryStream();
        using (var stream = by(result)) stream.Write(bytes);
        return result.ToArray();
    }

    public static byte[] Framed(byte[] message, bool compressed = false) =>
        [compressed ? (byte)1 : (byte)0, (byte)(message.Length >> 24), (byte)(message.Length >> 16), (byte)(message.Length >> 8), (byte)message.Length, .. message];

    public static async Task<GrpcAnswer> CallAsync(this RunningServer server, string method, byte[] body, params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient { BaseAddress = server.GrpcUrl };
        using var request = new HttpRequestMessage(HttpMethod.Post, method)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.ParseAdd("trailers");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await client.SendAsync(request, Cancel);
        var answer = await response.Content.ReadAsByteArrayAsync(Cancel);
        string? Find(string name) =>
            response.TrailingHeaders.TryGetValues(name, out var values) || response.Headers.TryGetValues(name, out values) ? string.Join(",", values) : null;
        return new GrpcAnswer((int)response.StatusCode, Find("grpc-status"), Find("grpc-message"), answer, Find);
    }

    /// <summary>Everything in the journal, in order.</summary>
    public static IReadOnlyList<JournalRecord> Journaled(this RunningServer server)
    {
        var journal = server.Services.GetRequiredService<IJournal>();
        return [.. Enumerable.Range(1, (int)journal.Head.Number).Select(number => journal.Find(number)!)];
    }

    /// <summary>The count and message of a protobuf response's partial success; null when there is none.</summary>
    public static (long Rejected, string Message)? PartialSuccess(byte[] response)
    {
        var fields = new ProtobufReader(response);
        if (!fields.Read() || fields.Field != 1) return null;
        var (rejected, message) = (0L, "");
        var partial = new ProtobufReader(fields.Bytes);
        while (partial.Read())
        {
            if (partial.Field == 1) rejected = (long)partial.Number;
            else if (partial.Field == 2) message = Encoding.UTF8.GetString(partial.Bytes);
        }

        return (rejected, message);
    }

    /// <summary>Code and message of a google.rpc.Status.</summary>
    public static (int Code, string Message) Status(byte[] response)
    {
        var (code, message) = (0, "");
        var fields = new ProtobufReader(response);
        while (fields.Read())
        {
            if (fields.Field == 1) code = (int)fields.Number;
            else if (fields.Field == 2) message = Encoding.UTF8.GetString(fields.Bytes);
        }

        Assert.False(fields.Malformed);
        return (code, message);
    }

    public static async Task<byte[]> BytesAsync(this HttpResponseMessage response) => await response.Content.ReadAsByteArrayAsync(Cancel);

    public static async Task<string> TextAsync(this HttpResponseMessage response) => await response.Content.ReadAsStringAsync(Cancel);
}

/// <param name="Status">From the trailers, or the headers where there is nothing else.</param>
internal sealed record GrpcAnswer(int HttpStatus, string? Status, string? Message, byte[] Body, Func<string, string?> Header);
