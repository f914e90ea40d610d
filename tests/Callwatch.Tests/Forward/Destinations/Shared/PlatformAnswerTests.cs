using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Shared;

/// <summary>What is read of platforms' answers, whatever stands between them and us.</summary>
public sealed class PlatformAnswerTests
{
    private const string Key = "sk-0123456789-of-many-letters";

    private readonly ManualTime time = new();
    private readonly PlatformAnswer answers;

    public PlatformAnswerTests() => answers = new PlatformAnswer(new Secrets(Key), time);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("gzip")]
    [InlineData("x-gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("GZIP")]
    public async Task Words_that_were_compressed_on_the_way_are_read(string coding)
    {
        using var response = Answer(HttpStatusCode.BadGateway, Packed("""{"message":"try later"}""", coding), coding: coding);
        Assert.Equal("try later", (await answers.WordsAsync(response, Cancel)).Message);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task What_is_not_as_its_coding_says_has_no_words_and_its_status_decides(string coding)
    {
        using var response = Answer(HttpStatusCode.BadGateway, [7, 7, 7, 7], coding: coding);
        Assert.Equal("Bad Gateway", Assert.IsType<Delivery.TryAgain>(await answers.UsualAsync(response, Cancel)).Words.Message);
        using var taken = Answer(HttpStatusCode.OK, [7, 7, 7, 7], coding: coding);
        Assert.IsType<Delivery.Accepted>(await answers.UsualAsync(taken, Cancel));
    }

    [Theory]
    [InlineData(0x11, 0, 40)]
    [InlineData(0xFF, 0xFF, 15)]
    public async Task What_was_taken_is_taken_whatever_stands_behind_a_coding(byte first, byte others, int count)
    {
        byte[] body = [first, .. Enumerable.Repeat(others, count)];
        using var taken = Answer(HttpStatusCode.OK, body, coding: "br");
        Assert.IsType<Delivery.Accepted>(await answers.UsualAsync(taken, Cancel));
        using var read = Answer(HttpStatusCode.OK, body, coding: "br");
        Assert.Empty(await PlatformAnswer.BytesAsync(read, Cancel));
        using var refused = Answer(HttpStatusCode.BadRequest, body, coding: "br");
        Assert.Equal("Bad Request", Assert.IsType<Delivery.Refused>(await answers.UsualAsync(refused, Cancel)).Words.Message);
    }

    [Fact]
    public async Task A_body_that_grows_a_thousandfold_is_read_as_far_as_anybody_reads()
    {
        using var response = Answer(HttpStatusCode.BadRequest, Packed(new string('x', 50_000_000), "gzip"), coding: "gzip");
        Assert.Equal(2_001, (await answers.WordsAsync(response, Cancel)).Message.Length);
    }

    [Fact]
    public async Task A_key_cut_in_half_by_the_end_of_what_is_read_is_not_shown()
    {
        // Hidden, the keys before it shrink so far that the end comes into sight.
        var whole = string.Concat(Enumerable.Repeat(Key, (64 * 1024 / Key.Length) + 1));
        using var response = Answer(HttpStatusCode.BadRequest, Encoding.UTF8.GetBytes(whole));
        var words = (await new PlatformAnswer(new Secrets(string.Concat(Enumerable.Repeat(Key, 100)), Key), time).WordsAsync(response, Cancel)).Message;
        Assert.DoesNotContain(Key[..8], words, StringComparison.Ordinal);
    }

    [Fact]
    public void Words_stay_on_one_line_and_move_no_cursor() =>
        Assert.Equal("bad [31m red key *** next", answers.Words(400, $$"""{"message":"bad \u001b[31m\tred\r\nkey {{Key}}\u0007\u009b next"}""").Message);

    [Fact]
    public void Words_are_cut_between_letters()
    {
        var message = answers.Words(400, new string('x', 1_999) + "😀 and more").Message;
        Assert.Equal(new string('x', 1_999) + "…", message);
    }

    [Theory]
    [InlineData("text/html", "Please log in")]
    [InlineData("text/html; charset=utf-8", "")]
    [InlineData("application/xhtml+xml", "<?xml version=\"1.0\"?>")]
    [InlineData("application/json", "<html>")]
    [InlineData("text/plain", "\r\n \t<!DOCTYPE html>")]
    [InlineData(null, "\uFEFF<html>")]
    public async Task A_page_behind_a_status_of_success_is_no_success(string? type, string body)
    {
        using var response = Answer(HttpStatusCode.OK, Encoding.UTF8.GetBytes(body), type);
        Assert.Contains("HTML page", Assert.IsType<Delivery.Blocked>(await answers.UsualAsync(response, Cancel)).Words.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, "{}")]
    [InlineData(200, "")]
    [InlineData(200, "OK")]
    [InlineData(201, "")]
    [InlineData(202, """{"message":"queued"}""")]
    [InlineData(204, "")]
    public async Task Anything_else_behind_a_status_of_success_is_taken_for_what_it_says(int status, string body)
    {
        using var response = Answer((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), "application/json");
        Assert.Null(Assert.IsType<Delivery.Accepted>(await answers.UsualAsync(response, Cancel)).Warning);
    }

    [Fact]
    public async Task Half_an_answer_is_none()
    {
        using var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new Torn()) };
        await Assert.ThrowsAsync<IOException>(() => answers.UsualAsync(response, Cancel));
    }

    [Fact]
    public async Task A_plan_that_is_used_up_is_asked_once_an_hour_unless_the_platform_says_when()
    {
        using var silent = Answer(HttpStatusCode.PaymentRequired, []);
        Assert.Equal(TimeSpan.FromHours(1), Assert.IsType<Delivery.Blocked>(await answers.UsualAsync(silent, Cancel)).After);
        using var told = Answer(HttpStatusCode.PaymentRequired, []);
        told.Headers.TryAddWithoutValidation("Retry-After", "90");
        Assert.Equal(TimeSpan.FromSeconds(90), Assert.IsType<Delivery.Blocked>(await answers.UsualAsync(told, Cancel)).After);
    }

    [Theory]
    [InlineData(-1, 120)]
    [InlineData(1, 120)]
    [InlineData(400, 120)]
    [InlineData(0, -120)]
    public void A_date_to_come_again_at_is_read_by_the_platforms_own_clock(int daysOff, int seconds)
    {
        using var response = Answer(HttpStatusCode.ServiceUnavailable, []);
        var theirs = time.GetUtcNow().AddDays(daysOff);
        response.Headers.TryAddWithoutValidation("Date", theirs.ToString("R"));
        response.Headers.TryAddWithoutValidation("Retry-After", theirs.AddSeconds(seconds).ToString("R"));
        Assert.Equal(TimeSpan.FromSeconds(Math.Max(0, seconds)), answers.RetryAfter(response));
    }

    [Fact]
    public void Where_the_platform_does_not_tell_its_clock_ours_counts()
    {
        using var response = Answer(HttpStatusCode.ServiceUnavailable, []);
        response.Headers.TryAddWithoutValidation("Date", "yesterday");
        response.Headers.TryAddWithoutValidation("Retry-After", time.GetUtcNow().AddSeconds(45).ToString("R"));
        Assert.Equal(TimeSpan.FromSeconds(45), answers.RetryAfter(response));
    }

    private static HttpResponseMessage Answer(HttpStatusCode status, byte[] body, string? type = null, string? coding = null)
    {
        var response = new HttpResponseMessage(status) { Content = new ByteArrayContent(body) };
        if (type is not null) response.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (coding is not null) response.Content.Headers.ContentEncoding.Add(coding);
        return response;
    }

    private static byte[] Packed(string text, string coding)
    {
        using var packed = new MemoryStream();
        using (Stream packing = coding.ToUpperInvariant() switch
        {
            "DEFLATE" => new ZLibStream(packed, CompressionLevel.Fastest),
            "BR" => new BrotliStream(packed, CompressionLevel.Fastest),
            _ => new GZipStream(packed, CompressionLevel.Fastest),
        }) packing.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }

    private sealed class Torn : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("The connection was reset.");
    }
}
