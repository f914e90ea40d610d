using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Receive.Otlp;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Xunit;
using static Callwatch.Testing.OtlpBytes;

namespace Callwatch.Tests.Receive.Otlp;

public sealed class OtlpCanonicalTests
{
    private static readonly byte[] Unknown = Message(4000, [1, 2, 3]);

    [Fact]
    public void A_request_in_order_stays_the_senders_own_bytes()
    {
        var request = Join(Request(Span(1, Attribute("a", "b"), Unknown), Span(2)), Request(Span(3)), Unknown);
        var canonical = Canonical.Traces(request);
        Assert.Equal(request, canonical.Payload);
        Assert.Equal(3, canonical.Parts.Single().Items);
    }

    public static TheoryData<string, byte[], Reason> RefusedSpans => new()
    {
        { "a short trace id", Join(Id(1, 15, 1), Id(2, 8, 1), Fixed64(7, Start), Fixed64(8, Start)), Reason.BadTraceId },
        { "a long trace id", Join(Id(1, 17, 1), Id(2, 8, 1), Fixed64(7, Start), Fixed64(8, Start)), Reason.BadTraceId },
        { "no trace id", Join(Id(2, 8, 1), Fixed64(7, Start), Fixed64(8, Start)), Reason.BadTraceId },
        { "a trace id of zeros", Join(Id(1, 16, 0), Id(2, 8, 1), Fixed64(7, Start), Fixed64(8, Start)), Reason.BadTraceId },
        { "a span id of zeros", Join(Id(1, 16, 1), Id(2, 8, 0), Fixed64(7, Start), Fixed64(8, Start)), Reason.BadSpanId },
        { "a long span id", Join(Id(1, 16, 1), Id(2, 16, 1), Fixed64(7, Start), Fixed64(8, Start)), Reason.BadSpanId },
        { "no time", Join(Id(1, 16, 1), Id(2, 8, 1)), Reason.BadTime },
        { "a time beyond 2262", Join(Id(1, 16, 1), Id(2, 8, 1), Fixed64(7, Start), Fixed64(8, ulong.MaxValue)), Reason.BadTime },
        { "the announcement of a span", Span(9, Attribute("logfire.span_type", "pending_span")), Reason.PendingSpan },
    };

    [Theory]
    [MemberData(nameof(RefusedSpans))]
    public void Refuses_one_span_and_keeps_the_rest(string about, byte[] span, Reason reason)
    {
        Assert.NotEmpty(about);
        var canonical = Canonical.Traces(Request(Span(1, Unknown), span, Span(2)));
        Assert.Equal(1, canonical.Refused[reason]);
        Assert.Equal(Request(Span(1, Unknown), Span(2)), canonical.Payload);
        Assert.Equal(2, canonical.Parts.Single().Items);
    }

    [Fact]
    public void A_request_with_nothing_left_has_no_payload() => Assert.Empty(Canonical.Traces(Request(Join(Id(2, 8, 1)))).Parts);

    [Fact]
    public void An_empty_request_is_one_with_nothing_in_it()
    {
        Assert.True(Canonical.Traces([]).IsOtlp);
        Assert.Empty(Canonical.Traces([]).Parts);
        Assert.Empty(Canonical.Traces(Join(Resource("shop"), Unknown)).Parts);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(16)]
    public void Clears_a_parent_that_is_no_id(int length)
    {
        var canonical = Canonical.Traces(Request(Span(1, Id(4, length, 5), Unknown)));
        Assert.Equal(1, canonical.Changed[Reason.BadParentId]);
        Assert.Equal(Request(Span(1, Unknown, Changed("bad_parent_id:parent_span_id"))), canonical.Payload);
    }

    [Fact]
    public void Clears_a_parent_that_is_the_span_itself() => Assert.Equal(1, Canonical.Traces(Request(Span(1, Id(4, 8, 1)))).Changed[Reason.BadParentId]);

    [Fact]
    public void A_parent_of_zeros_is_a_root_and_needs_no_mending() => Assert.Empty(Canonical.Traces(Request(Span(1, Id(4, 8, 0)))).Changed);

    [Fact]
    public void Repairs_text_that_is_not_utf_8_wherever_it_stands()
    {
        byte[] bad = [(byte)'a', 0xC3, (byte)'b', 0xED, 0xA0, 0x80];
        var canonical = Canonical.Traces(Request(Span(1, Message(5, bad), Message(9, Text(1, "key"), Message(2, Message(1, bad))), Message(15, Message(2, bad)))));
        Assert.Equal(3, canonical.Changed[Reason.InvalidUtf8]);
        var text = OtlpDump.Spans(canonical.Payload);
        Assert.Contains("name a\uFFFDb\uFFFD", text, StringComparison.Ordinal);
        Assert.Contains("key = \"a\uFFFDb\uFFFD", text, StringComparison.Ordinal);
        Assert.Contains("invalid_utf8:key", text, StringComparison.Ordinal);
        Assert.Empty(Canonical.Traces(canonical.Payload).Changed);
    }

    [Fact]
    public void Of_attributes_with_one_key_the_last_stays()
    {
        var canonical = Canonical.Traces(Request(Span(1, Attribute("a", "first"), Attribute("b", 1), Attribute("a", "last"))));
        Assert.Equal(1, canonical.Changed[Reason.DuplicateKey]);
        Assert.Equal(Request(Span(1, Attribute("b", 1), Attribute("a", "last"), Changed("duplicate_key:a"))), canonical.Payload);
    }

    [Fact]
    public void Pairs_of_a_value_with_one_key_keep_the_last_too()
    {
        var list = Message(6, Attribute("a", 1, field: 1), Attribute("a", 2, field: 1));
        var canonical = Canonical.Traces(Request(Span(1, AttributeOf("k", list))));
        Assert.Contains("k = {a: 2, }", OtlpDump.Spans(canonical.Payload), StringComparison.Ordinal);
        Assert.Equal(1, canonical.Changed[Reason.DuplicateKey]);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_number_that_is_none_becomes_no_value(double number)
    {
        var canonical = Canonical.Traces(Request(Span(1, Attribute("cost", number), Attribute("fine", 1.5))));
        Assert.Equal(1, canonical.Changed[Reason.NotANumber]);
        Assert.Equal(Request(Span(1, AttributeOf("cost", []), Attribute("fine", 1.5), Changed("not_a_number:cost"))), canonical.Payload);
    }

    [Fact]
    public void Keeps_a_span_that_ends_before_it_starts()
    {
        var span = Join(Id(1, 16, 1), Id(2, 8, 1), Fixed64(7, Start), Fixed64(8, Start - 1));
        Assert.Equal(Request(span), Canonical.Traces(Request(span)).Payload);
    }

    [Fact]
    public void Attributes_beyond_the_limit_are_dropped_and_named()
    {
        var limits = new OtlpLimits { MaxAttributes = 16 };
        var attributes = Enumerable.Range(0, 20).Select(i => Attribute("key" + i, i)).ToArray();
        var canonical = Canonical.Traces(Request(Span(1, attributes)), limits);
        Assert.Equal(4, canonical.Changed[Reason.TooManyAttributes]);
        Assert.Equal(
            Request(Span(1, [.. attributes[..16], Changed([.. Enumerable.Range(16, 4).Select(i => "too_many_attributes:key" + i)])])), canonical.Payload);
    }

    [Fact]
    public void Spans_beyond_the_limit_are_refused()
    {
        var canonical = Canonical.Traces(Join(Request(Span(1), Span(2)), Request(Span(3), Span(4))), new OtlpLimits { MaxItems = 3 });
        Assert.Equal(1, canonical.Refused[Reason.TooManySpans]);
        Assert.Equal(3, canonical.Parts.Single().Items);
    }

    [Theory]
    [InlineData(64, 0)]
    [InlineData(65, 1)]
    public void What_lies_deeper_than_the_limit_is_removed(int levels, int cut)
    {
        var value = Text(1, "deep");
        for (var i = 1; i < levels; i++) value = i % 2 == 0 ? Message(5, Message(1, value)) : Message(6, Message(1, Text(1, "k"), Message(2, value)));
        var canonical = Canonical.Traces(Request(Span(1, AttributeOf("nested", value))));
        Assert.Equal(cut, canonical.Changed.GetValueOrDefault(Reason.NestingTooDeep));
        Assert.Equal(cut == 0, OtlpDump.Spans(canonical.Payload).Contains("deep\"", StringComparison.Ordinal));
    }

    [Fact]
    public void Long_text_is_cut_at_a_rune()
    {
        var canonical = Canonical.Traces(Request(Span(1, Attribute("text", new string('x', 2000) + string.Concat(Enumerable.Repeat("🐎", 1000))))), new OtlpLimits { MaxTextBytes = 4096 });
        Assert.Equal(1, canonical.Changed[Reason.TextCut]);
        var text = AttributeText(canonical.Payload, "text");
        Assert.InRange(Encoding.UTF8.GetByteCount(text), 4090, 4096);
        Assert.EndsWith("🐎…", text, StringComparison.Ordinal);
        Assert.Contains("text_cut:text", OtlpDump.Spans(canonical.Payload), StringComparison.Ordinal);
    }

    [Fact]
    public void Long_message_json_is_cut_inside_its_longest_strings_and_stays_json()
    {
        var messages = new JsonArray(
            new JsonObject { ["role"] = "system", ["content"] = "Be brief." },
            new JsonObject { ["role"] = "user", ["content"] = string.Concat(Enumerable.Repeat("\"\\\n\U0001F40E", 2000)) },
            new JsonObject { ["role"] = "assistant", ["content"] = new string('y', 30_000) });
        var canonical = Canonical.Traces(Request(Span(1, Attribute("gen_ai.input.messages", messages.ToJsonString()))), new OtlpLimits { MaxTextBytes = 10_000 });
        var cut = JsonNode.Parse(AttributeText(canonical.Payload, "gen_ai.input.messages"))!.AsArray();
        Assert.Equal("Be brief.", (string)cut[0]!["content"]!);
        Assert.Equal("assistant", (string)cut[2]!["role"]!);
        Assert.EndsWith("…", (string)cut[1]!["content"]!, StringComparison.Ordinal);
        Assert.InRange(Encoding.UTF8.GetByteCount(AttributeText(canonical.Payload, "gen_ai.input.messages")), 9_900, 10_000);
    }

    [Fact]
    public void Json_of_very_many_small_values_is_closed_where_it_is_full()
    {
        var json = new JsonArray([.. Enumerable.Range(0, 5000).Select(i => (JsonNode)new JsonObject { ["n"] = i })]);
        var canonical = Canonical.Traces(Request(Span(1, Attribute("m", json.ToJsonString()))), new OtlpLimits { MaxTextBytes = 2000 });
        var cut = JsonNode.Parse(AttributeText(canonical.Payload, "m"))!.AsArray();
        Assert.InRange(cut.Count, 150, 250);
    }

    [Fact]
    public void Mends_resource_scope_and_event_and_marks_them_where_they_are()
    {
        var request = Message(1, Message(1, Attribute("r", double.NaN, 1)), Message(2, Message(1, Text(1, "lib"), Attribute("s", double.NaN, 3)), Message(2, Span(1, Message(11, Attribute("e", double.NaN, 3))))));
        var canonical = Canonical.Traces(request);
        Assert.Equal(3, canonical.Changed[Reason.NotANumber]);
        var text = OtlpDump.Spans(canonical.Payload);
        Assert.Contains(" resource callwatch.changed = [\"not_a_number:r\", ]", text, StringComparison.Ordinal);
        Assert.Contains(" scope callwatch.changed = [\"not_a_number:s\", ]", text, StringComparison.Ordinal);
        Assert.Contains(" callwatch.changed = [\"not_a_number:e\", ]", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_large_request_becomes_records_that_each_hold_their_resource()
    {
        var limits = new OtlpLimits { MaxRecordBytes = 4096 };
        var spans = Enumerable.Range(1, 100).Select(i => Span(i, Attribute("text", new string('x', 200)))).ToArray();
        var canonical = Canonical.Traces(Join(Request(Span(1000)), Request(spans), Request(Span(1001))), limits);
        Assert.InRange(canonical.Parts.Count, 7, 10);
        Assert.All(canonical.Parts, part => Assert.InRange(part.Payload.Length, 1, 4096 + 300));
        Assert.Equal(102, canonical.Parts.Sum(part => part.Items));
        var ids = new List<string>();
        foreach (var (_, payload, _) in canonical.Parts)
        {
            foreach (var span in OtlpSpan.In(payload))
            {
                ids.Add(span.SpanId.ToString());
                Assert.False(span.Resource.IsEmpty);
                Assert.Equal("tests", Encoding.UTF8.GetString(span.ScopeName));
            }
        }

        Assert.Equal(102, ids.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void One_request_becomes_a_payload_per_app()
    {
        var a = Resource("a", Span(1));
        var b = Resource("b", Span(2), Span(3));
        var canonical = Canonical.Traces(Join(a, b, b, a), owners: new ByService());
        Assert.Equal(['a', 'b'], canonical.Parts.Select(part => (char)part.App).Order());
        Assert.Equal(Join(a, a), canonical.Parts.Single(part => part.App == 'a').Payload);
        Assert.Equal(Join(b, b), canonical.Parts.Single(part => part.App == 'b').Payload);
        Assert.Equal(4, canonical.Parts.Single(part => part.App == 'b').Items);
    }

    [Theory]
    [InlineData("0A")]
    [InlineData("0A05")]
    [InlineData("0A0212FF")]
    [InlineData("0B")]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFF")]
    [InlineData("0A0412021202")]
    public void What_is_not_protobuf_is_not_otlp(string hex) => Assert.False(Canonical.Traces(Convert.FromHexString(hex)).IsOtlp);

    private static byte[] Changed(params string[] marks) =>
        AttributeOf("callwatch.changed", Message(5, [.. marks.Select(mark => Message(1, Text(1, mark)))]));

    private static string AttributeText(byte[] payload, string key)
    {
        foreach (var span in OtlpSpan.In(payload))
            foreach (var attribute in span.Attributes)
                if (Encoding.UTF8.GetString(attribute.Key) == key) return Encoding.UTF8.GetString(attribute.Value.Raw);
        throw new InvalidOperationException("no attribute " + key);
    }

    private sealed class ByService : IOwners
    {
        public int AppOf(ReadOnlySpan<byte> envelope)
        {
            foreach (var attribute in new OtlpAttributes(OtlpSpan.FirstBytes(envelope, 1), field: 1)) return attribute.Value.Raw[0];
            return 0;
        }
    }
}
