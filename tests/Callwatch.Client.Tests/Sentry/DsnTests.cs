using System.Text;
using Callwatch.Client.Sentry.Envelopes;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Client.Tests.Sentry;

public sealed class DsnTests
{
    [Theory]
    [InlineData("https://abc@o12.ingest.us.sentry.io/42", "https://o12.ingest.us.sentry.io/api/42/envelope/")]
    [InlineData("https://abc:def@sentry.example.org/prefix/7", "https://sentry.example.org/prefix/api/7/envelope/")]
    [InlineData("http://abc@[::1]:9000/7/", "http://[::1]:9000/api/7/envelope/")]
    [InlineData("  https://abc@sentry.example.org/a/b/7  ", "https://sentry.example.org/a/b/api/7/envelope/")]
    public void A_dsn_says_where_envelopes_go(string text, string address)
    {
        var dsn = Dsn.Parse(text);
        Assert.Equal((address, "abc"), (dsn!.Envelopes.AbsoluteUri, dsn.PublicKey));
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("https://sentry.example.org/42")]
    [InlineData("https://abc@sentry.example.org")]
    [InlineData("https://abc@sentry.example.org/")]
    [InlineData("https://@sentry.example.org/42")]
    [InlineData("ftp://abc@sentry.example.org/42")]
    [InlineData("https://a%0Ab@sentry.example.org/42")]
    [InlineData("https://abc@sentry.example.org/42?x=1")]
    [InlineData("https://abc@sentry.example.org/42#x")]
    public void What_is_no_dsn_is_none(string text) => Assert.Null(Dsn.Parse(text));

    [Fact]
    public async Task Harmed_dsns_never_throw_and_never_leave_their_form()
    {
        byte[][] good = [.. ((string[])["https://abc@o12.ingest.us.sentry.io/42", "https://abc:def@sentry.example.org/prefix/7", "http://k@[::1]:9000/7"]).Select(Encoding.UTF8.GetBytes)];
        await Fuzz.ReadAsync(11, 20_000, good, bytes =>
        {
            if (Dsn.Parse(Encoding.UTF8.GetString(bytes)) is not { } dsn) return;
            Assert.EndsWith($"/api/{dsn.Project}/envelope/", dsn.Envelopes.AbsoluteUri, StringComparison.Ordinal);
            Assert.DoesNotContain(dsn.PublicKey + dsn.Secret, letter => !(char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-'));
        });
    }
}
