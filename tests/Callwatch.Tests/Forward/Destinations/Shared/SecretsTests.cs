using System.Text;
using Callwatch.Forward.Destinations.Shared;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Shared;

public sealed class SecretsTests
{
    private const string Key = "sk/with+odd~\"letters\"?";

    public static TheoryData<string> Forms =>
    [
        Key, Key.ToUpperInvariant(), Uri.EscapeDataString(Key), System.Net.WebUtility.UrlEncode(Key), Convert.ToBase64String(Encoding.UTF8.GetBytes(Key)),
        Convert.ToBase64String(Encoding.UTF8.GetBytes(Key)).TrimEnd('='), System.Text.Json.JsonEncodedText.Encode(Key).Value,
    ];

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_secret_is_hidden_in_whatever_form_a_platform_says_it_again(string form) =>
        Assert.Equal("the key *** is unknown", new Secrets(Key).HideIn($"the key {form} is unknown"));

    [Fact]
    public void What_stands_behind_the_scheme_of_a_header_is_a_secret_by_itself()
    {
        Assert.Equal("unknown token ***", new Secrets("Bearer abcdef-123").HideIn("unknown token abcdef-123"));
        var basic = new Secrets("Basic " + Convert.ToBase64String("anna:open sesame"u8));
        Assert.Equal("no such password: ***; sent: ***", basic.HideIn("no such password: open sesame; sent: anna:open sesame"));
    }

    [Fact]
    public void What_is_shorter_than_any_key_is_left_alone() => Assert.Equal("a b c", new Secrets("a", "", null, "b c").HideIn("a b c"));
}
