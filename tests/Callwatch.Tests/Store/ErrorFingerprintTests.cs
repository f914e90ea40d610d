using Callwatch.Spans;
using Callwatch.Store.Rollups;
using Xunit;

namespace Callwatch.Tests.Store;

public sealed class ErrorFingerprintTests
{
    [Theory]
    [InlineData("Rate limit reached: limit 500, used 497", "Rate limit reached: limit #, used #")]
    [InlineData("Request req_8f3a77c1 failed", "Request # failed")]
    [InlineData("The model 'gpt-9' does not exist", "The model '…' does not exist")]
    [InlineData("It isn't there, isn't it", "It isn't there, isn't it")]
    [InlineData("429 Too Many Requests", "429 Too Many Requests")]
    [InlineData("Error: 503 after 500 ms", "Error: 503 after # ms")]
    [InlineData("Request failed with status code 404", "Request failed with status code 404")]
    [InlineData("  a\r\n\t b  ", "a b")]
    [InlineData("未找到会话 \"你好\" 第12次", "未找到会话 \"…\" #")]
    [InlineData("", "")]
    [InlineData(null, "")]
    public void What_differs_from_call_to_call_is_replaced(string? message, string expected) => Assert.Equal(expected, ErrorFingerprint.Normalize(message));

    [Fact]
    public void The_same_failure_has_the_same_fingerprint_and_another_type_another()
    {
        var one = ErrorFingerprint.Of(new SpanError { Type = "TimeoutError", Group = "timeout", Message = "after 30 s" });
        Assert.Equal(one, ErrorFingerprint.Of(new SpanError { Type = "TimeoutError", Group = "timeout", Message = "after 60 s" }));
        Assert.NotEqual(one, ErrorFingerprint.Of(new SpanError { Type = "OtherError", Group = "timeout", Message = "after 30 s" }));
        Assert.True(one.Value > 0);
    }

    [Fact]
    public void A_long_message_is_cut_and_costs_little()
    {
        var message = string.Concat(Enumerable.Repeat("'unclosed 17 ", 50_000));
        Assert.InRange(ErrorFingerprint.Normalize(message).Length, 1, 200);
    }
}
