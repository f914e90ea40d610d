using System.Text.Json;
using Callwatch.Media;
using Callwatch.Receive.Otlp;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Receive.MediaParts;

/// <summary>What is taken for media and what is not, and how little else of a request changes.</summary>
public sealed class TakingOutTests
{
    private static readonly byte[] Image = TakenOut.Png(3000);
    private static readonly string Base64 = Convert.ToBase64String(Image);

    [Fact]
    public void All_around_the_media_stays_byte_for_byte()
    {
        var text = "one " + "data:image/png;base64," + Base64 + " two ![three](data:image/png;base64," + Base64 + ") four é";
        var taken = TakenOut.OfText(text);
        Assert.Equal(text.Replace("data:image/png;base64," + Base64, TakenOut.Reference(Image, "image/png"), StringComparison.Ordinal), taken.Text());
        Assert.Equal(Image, Assert.Single(taken.Media).Value);
        Assert.Equal(2, taken.Changed[Reason.MediaStored]);
    }

    [Fact]
    public void The_span_says_where_media_were_taken_out()
    {
        var request = A.Traces(A.Span().With("input.value", "data:image/png;base64," + Base64), A.Span("other").Id(2));
        var spans = OtlpDump.Spans(TakenOut.Of(request).Payload);
        Assert.Contains("media_stored:input.value", spans, StringComparison.Ordinal);
        Assert.Equal(1, spans.Split("callwatch.changed").Length - 1);
    }

    [Fact]
    public void A_payload_that_went_through_goes_through_unchanged()
    {
        var once = TakenOut.OfText("data:image/png;base64," + Base64);
        var again = TakenOut.Of(once.Payload);
        Assert.Equal(once.Payload, again.Payload);
        Assert.Empty(again.Media);
        Assert.Empty(again.Changed);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Json_within_json_stays_json_however_deep_and_however_escaped(int depth)
    {
        // The default of System.Text.Json writes \u002B for +, that of PHP \/ for /.
        var text = JsonSerializer.Serialize(new { url = "data:image/png;base64," + Base64, after = "<end>" }).Replace("/", "\\/", StringComparison.Ordinal);
        for (var i = 1; i < depth; i++) text = JsonSerializer.Serialize(new { inner = text });
        var taken = TakenOut.OfText(text);
        Assert.Equal(Image, Assert.Single(taken.Media).Value);
        var read = taken.Text()!;
        for (var i = 1; i < depth; i++) read = JsonDocument.Parse(read).RootElement.GetProperty("inner").GetString()!;
        var innermost = JsonDocument.Parse(read).RootElement;
        Assert.Equal(TakenOut.Reference(Image, "image/png"), innermost.GetProperty("url").GetString());
        Assert.Equal("<end>", innermost.GetProperty("after").GetString());
    }

    [Fact]
    public void A_data_url_is_taken_out_before_the_text_is_cut()
    {
        var limits = new OtlpLimits { MaxTextBytes = 2048 };
        var taken = TakenOut.OfText(JsonSerializer.Serialize(new { before = "b", url = "data:image/png;base64," + Base64, after = new string('z', 500) }), limits);
        Assert.Equal(Image, Assert.Single(taken.Media).Value);
        Assert.False(taken.Changed.ContainsKey(Reason.TextCut));
        Assert.Equal(new string('z', 500), JsonDocument.Parse(taken.Text()!).RootElement.GetProperty("after").GetString());
    }

    [Fact]
    public void What_is_still_too_long_without_its_media_is_cut()
    {
        var taken = TakenOut.OfText(JsonSerializer.Serialize(new { url = "data:image/png;base64," + Base64, text = new string('z', 9000) }), new OtlpLimits { MaxTextBytes = 2048 });
        Assert.Equal((1, 1), (taken.Changed[Reason.TextCut], taken.Changed[Reason.MediaStored]));
        Assert.Equal(TakenOut.Reference(Image, "image/png"), JsonDocument.Parse(taken.Text()!).RootElement.GetProperty("url").GetString());
    }

    [Theory]
    [InlineData(1023, false)]
    [InlineData(1024, true)]
    [InlineData(1025, true)]
    [InlineData(1026, true)]
    public void Media_are_taken_out_from_the_size_of_the_setting(int size, bool isTaken)
    {
        var image = TakenOut.Png(size);
        foreach (var padded in new[] { true, false })
        {
            var base64 = Convert.ToBase64String(image);
            var taken = TakenOut.OfText("data:image/png;base64," + (padded ? base64 : base64.TrimEnd('=')));
            Assert.Equal(isTaken ? 1 : 0, taken.Media.Count);
            if (!isTaken) continue;
            Assert.Equal(image, taken.Media.Values.Single());
            Assert.Equal(TakenOut.Reference(image, "image/png"), taken.Text());
        }
    }

    [Fact]
    public void Smaller_media_and_ordinary_text_leave_the_request_as_it_was_sent()
    {
        string[] texts =
        [
            "data:image/png;base64," + Convert.ToBase64String(TakenOut.Png(900)),
            new string('a', 20_000),
            JsonSerializer.Serialize(new { type = "text", content = new string('A', 20_000) }),
            JsonSerializer.Serialize(new { data = Convert.ToBase64String(TakenOut.Noise(4000)), note = "no type" }),
            string.Concat(Enumerable.Range(0, 3000).Select(number => number + " ")),
            "data:text/plain," + new string('a', 20_000),
            ";base64," + new string('A', 20_000),
            JsonSerializer.Serialize(new { hash = "iVBORw0KGgo" + new string('!', 20_000) }),
        ];
        foreach (var text in texts)
        {
            var request = A.Traces(A.Span().With("input.value", text));
            var taken = TakenOut.Of(request);
            Assert.Equal(request, taken.Payload);
            Assert.Empty(taken.Media);
        }
    }

    [Fact]
    public void Base64_without_a_word_beside_it_is_media_when_it_begins_as_a_known_format_does()
    {
        var taken = TakenOut.OfText(JsonSerializer.Serialize(new { b64_json = Base64 }));
        Assert.Equal(TakenOut.Reference(Image, "image/png"), JsonDocument.Parse(taken.Text()!).RootElement.GetProperty("b64_json").GetString());
        Assert.Equal(TakenOut.Reference(Image, "image/png"), TakenOut.OfText(Base64).Text());
    }

    [Fact]
    public void Base64_in_lines_is_read_without_them()
    {
        var lines = Convert.ToBase64String(Image, Base64FormattingOptions.InsertLineBreaks);
        Assert.Equal(Image, Assert.Single(TakenOut.OfText(JsonSerializer.Serialize(new { type = "image", data = lines })).Media).Value);
        Assert.Equal(Image, Assert.Single(TakenOut.OfText(lines).Media).Value);
    }

    [Theory]
    [InlineData("A")]
    [InlineData("!AAA")]
    [InlineData("%2B%2B")]
    public void A_data_url_that_is_no_base64_stays_as_it_is_and_is_counted(string tail)
    {
        var request = A.Traces(A.Span().With("input.value", "data:image/png;base64," + new string('A', 4000) + tail));
        var taken = TakenOut.Of(request);
        Assert.Equal(request, taken.Payload);
        Assert.Equal((1, 0), (taken.Malformed, taken.Media.Count));
    }

    [Fact]
    public void Media_that_are_too_large_leave_a_reference_that_says_so()
    {
        var large = TakenOut.Png(TakenOut.Options.MaxItemBytes + 1);
        var taken = TakenOut.OfText("data:image/png;base64," + Convert.ToBase64String(large));
        Assert.Empty(taken.Media);
        Assert.Equal(1, taken.Changed[Reason.MediaTooLarge]);
        Assert.True(MediaReference.TryParse(taken.Text(), out var reference));
        Assert.Equal((false, "image/png", large.Length), (reference.IsKept, reference.Type, reference.Bytes));
    }

    [Theory]
    [InlineData("data:;base64,", "image/png")]
    [InlineData("data:IMAGE/SVG+xml;charset=utf-8;base64,", "image/svg+xml")]
    [InlineData("data:image\\/svg\\u002Bxml;base64,", "image/svg+xml")]
    [InlineData("data:no type at all;base64,", null)]
    [InlineData("data:nonsense;base64,", "image/png")]
    public void The_type_is_the_declared_one_else_that_of_the_first_bytes(string start, string? type)
    {
        var taken = TakenOut.OfText(start + Base64);
        Assert.Equal(type is null ? 0 : 1, taken.Media.Count);
        if (type is not null) Assert.Equal(TakenOut.Reference(Image, type), taken.Text());
    }

    [Fact]
    public void The_same_media_many_times_are_one_file()
    {
        var taken = TakenOut.OfText(string.Concat(Enumerable.Repeat("data:image/png;base64," + Base64 + "\n", 50)));
        Assert.Single(taken.Media);
        Assert.Equal(50, taken.Changed[Reason.MediaStored]);
    }

    [Fact]
    public void Media_of_refused_spans_are_not_kept()
    {
        var span = OtlpBytes.Join(OtlpBytes.Id(2, 8, 1), OtlpBytes.Fixed64(7, OtlpBytes.Start), OtlpBytes.Attribute("input.value", "data:image/png;base64," + Base64));
        Assert.Empty(TakenOut.Of(OtlpBytes.Request(span, OtlpBytes.Span(2))).Media);
    }
}
