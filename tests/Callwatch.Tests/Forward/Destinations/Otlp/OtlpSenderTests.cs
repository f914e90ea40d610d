using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Receive.Otlp;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Otlp;

/// <summary>How answers of OTLP receivers are read, byte by byte.</summary>
public sealed class OtlpSenderTests
{
    private const string Protobuf = "application/x-protobuf";

    [Fact]
    public async Task A_partial_success_is_read_however_long_its_words_are()
    {
        for (var length = 0; length <= 200; length++)
        {
            var words = new string('x', length);
            foreach (var type in (string?[])[Protobuf, null])
            {
                Assert.Equal(2, Assert.IsType<Delivery.Dropped>(await SendAsync(() => Answer(200, Partial(2, words), type))).Count);
                Assert.Equal(length == 0 ? null : words, Assert.IsType<Delivery.Accepted>(await SendAsync(() => Answer(200, Partial(0, words), type))).Warning?.Message);
            }
        }
    }

    [Theory]
    [InlineData("text/html", "Please log in")]
    [InlineData("application/xhtml+xml", "")]
    [InlineData(Protobuf, "<html>")]
    [InlineData(null, "<!DOCTYPE html>")]
    [InlineData("text/plain", "\r\n <html>")]
    [InlineData("application/json", "\n\n<!DOCTYPE html>")]
    [InlineData("application/problem+json", "\uFEFF<html>")]
    public async Task A_page_in_place_of_an_answer_is_none(string? type, string body) =>
        Assert.Contains("HTML page", Assert.IsType<Delivery.Blocked>(await SendAsync(() => Answer(200, Encoding.UTF8.GetBytes(body), type))).Words.Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(false, Protobuf)]
    [InlineData(false, "application/json")]
    [InlineData(true, "text/plain")]
    public async Task A_plan_that_is_used_up_and_a_proxy_that_wants_credentials_cost_nothing_that_is_sent(bool grpc, string type)
    {
        var protocol = grpc ? OtlpProtocol.Grpc : OtlpProtocol.HttpProtobuf;
        Assert.Equal(TimeSpan.FromHours(1), Assert.IsType<Delivery.Blocked>(await SendAsync(() => Answer(402, [], type), protocol)).After);
        Assert.Equal(TimeSpan.FromSeconds(90), Assert.IsType<Delivery.Blocked>(await SendAsync(
            () =>
            {
                var answer = Answer(402, [], type);
                answer.Headers.TryAddWithoutValidation("Retry-After", "90");
                return answer;
            },
            protocol)).After);
        Assert.Null(Assert.IsType<Delivery.Blocked>(await SendAsync(() => Answer(407, [], type), protocol)).After);
    }

    private static async Task<Delivery> SendAsync(Func<HttpResponseMessage> answer, OtlpProtocol protocol = OtlpProtocol.HttpProtobuf)
    {
        using var http = new HttpClient(new Answering(answer));
        var target = new OtlpTarget(protocol, new Uri("http://receiver.example/v1/traces"), new Dictionary<string, string>(), Gzip: false);
        return await new OtlpSender(http, target, new PlatformAnswer(new Secrets(), new ManualTime())).SendAsync(body => body.Write([10, 0]), 3, OtlpJsonShape.Traces, "/Export", TestContext.Current.CancellationToken);
    }

    // ExportTraceServiceResponse { partial_success 1 { rejected_spans 1, error_message 2 } }.
    private static byte[] Partial(byte rejected, string words)
    {
        byte[] inner = [.. rejected > 0 ? [0x08, rejected] : Array.Empty<byte>(), 0x12, .. Length(words.Length), .. Encoding.UTF8.GetBytes(words)];
        return [0x0A, .. Length(inner.Length), .. inner];
    }

    private static byte[] Length(int length) => length < 128 ? [(byte)length] : [(byte)((length & 127) | 128), (byte)(length >> 7)];

    private static HttpResponseMessage Answer(int status, byte[] body, string? type)
    {
        var answer = new HttpResponseMessage((HttpStatusCode)status) { Content = new ByteArrayContent(body) };
        if (type is not null) answer.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return answer;
    }

    private sealed class Answering(Func<HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(answer());
    }
}
