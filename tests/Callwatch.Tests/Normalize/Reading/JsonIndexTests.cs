using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Normalize.Reading;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Callwatch.Tests.Normalize.Reading;

public sealed class JsonIndexTests
{
    [Theory]
    [InlineData("""{"a":[1,-2.5e3,true,false,null,"x\"y\u00e9\n"],"b":{}}""")]
    [InlineData("  [ ]  ")]
    [InlineData("""{"a":{"b":{"c":[[],[{}]]}}}""")]
    [InlineData("12345678901234567890.5")]
    [InlineData("\"\\ud83d\\udc0e\"")]
    public void Reads_what_the_framework_reads(string json) => AssertSame(json);

    [Theory]
    [InlineData("")]
    [InlineData("[cached] What is")]
    [InlineData("{\"a\":1,}")]
    [InlineData("[1 2]")]
    [InlineData("{\"a\" 1}")]
    [InlineData("{a:1}")]
    [InlineData("[1]x")]
    [InlineData("{\"a\":\"b\\")]
    [InlineData("[01a]")]
    [InlineData("[01]")]
    [InlineData("[-00]")]
    [InlineData("-")]
    [InlineData("tru")]
    [InlineData("[1.]")]
    public void Refuses_prose_and_broken_json(string text) => Assert.Equal(-1, Index(text, out _));

    [Fact]
    public void Refuses_what_is_nested_too_deep() => Assert.Equal(-1, Index(new string('[', 65) + new string(']', 65), out _));

    [Fact]
    public void Half_a_surrogate_is_replaced()
    {
        Index("\"a\\ud800b\"", out var view);
        Assert.Equal("a\uFFFDb", view.ToText());
    }

    [Fact]
    public void The_first_of_equal_keys_counts()
    {
        Index("""{"a":1,"a":2}""", out var view);
        Assert.Equal("1", view["a"u8].ToText());
        Assert.Equal("""{"a":1}""", view.ToNode()!.ToJsonString());
    }

    [Fact]
    public void Any_json_is_read_as_the_framework_reads_it() =>
        Prop.ForAll(Trees().ToArbitrary(), node => AssertSame(node?.ToJsonString() ?? "null")).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_text_is_json_to_both_readers_or_to_none() =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), text =>
        {
            // Ours lets control characters stand in text, as half of the senders do.
            if (text.Get.Any(char.IsControl)) return;
            Assert.Equal(FrameworkReads(text.Get), Index(text.Get, out _) >= 0);
        }).QuickCheckThrowOnFailure();

    private static Gen<JsonNode?> Trees() => Gen.Sized(size => Tree(Math.Min(size, 20)));

    private static Gen<JsonNode?> Tree(int size)
    {
        var leaf = Gen.OneOf(
            Gen.Constant<JsonNode?>(null), ArbMap.Default.GeneratorFor<bool>().Select(JsonNode? (flag) => JsonValue.Create(flag)),
            ArbMap.Default.GeneratorFor<long>().Select(JsonNode? (number) => JsonValue.Create(number)),
            ArbMap.Default.GeneratorFor<NonNull<string>>().Select(JsonNode? (text) => JsonValue.Create(Whole(text.Get))));
        if (size <= 1) return leaf;
        return Gen.OneOf(
            leaf,
            Tree(size / 3).ListOf(3).Select(JsonNode? (items) => new JsonArray([.. items.Select(item => item?.DeepClone())])),
            Tree(size / 3).ListOf(3).Select(JsonNode? (items) => new JsonObject(items.Select((item, i) => KeyValuePair.Create("k\"" + i, item?.DeepClone())))));
    }

    // Only text that has a UTF-8 form can be written at all.
    private static string Whole(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static void AssertSame(string json)
    {
        Assert.True(Index(json, out var view) >= 0, json);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), view.ToNode()), json);
    }

    private static bool FrameworkReads(string text)
    {
        try
        {
            JsonDocument.Parse(Encoding.UTF8.GetBytes(text)).Dispose();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static int Index(string text, out JsonView view)
    {
        var (bytes, tokens, count) = (Encoding.UTF8.GetBytes(text), new JsonToken[1], 0);
        var root = JsonIndex.Add(bytes, ref tokens, ref count);
        view = root < 0 ? default : new JsonView(bytes, tokens, root);
        return root;
    }
}
