using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Callwatch.Media;
using Callwatch.Receive.Otlp;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Receive.MediaParts;

/// <summary>Texts put together at random from all that media and their neighbours are made of.</summary>
public sealed partial class AnyTextTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly int Runs = int.Parse(Environment.GetEnvironmentVariable("CALLWATCH_FUZZ_RUNS") ?? "400", CultureInfo.InvariantCulture);

    [Fact]
    public void Whatever_the_text_the_result_is_otlp_goes_through_again_unchanged_and_with_its_media_put_back_is_what_was_sent()
    {
        var random = new Random(4711);
        for (var run = 0; run < Runs; run++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => Piece(random)));
            var request = A.Traces(A.Span().With("before", 1).With("input.value", text).With("after", "end").Event("e", ("gen_ai.prompt", text)));
            var taken = TakenOut.Of(request);
            var again = TakenOut.Of(taken.Payload);
            Assert.Equal(taken.Payload, again.Payload);
            Assert.Empty(again.Media);
            if (taken.Media.Count == 0)
            {
                Assert.Equal(request, taken.Payload);
                continue;
            }

            Assert.Equal("end", taken.Text("after"));
            Assert.Equal(text, PutBack(taken, text));
        }
    }

    [Fact]
    public void Json_of_any_shape_stays_json_of_that_shape()
    {
        var random = new Random(17);
        for (var run = 0; run < Runs; run++)
        {
            var text = JsonSerializer.Serialize(Value(random, depth: 0));
            var taken = TakenOut.OfText(text);
            using var before = JsonDocument.Parse(text);
            using var after = JsonDocument.Parse(taken.Text()!);
            AssertAlike(before.RootElement, after.RootElement, taken);
        }
    }

    [Fact]
    public void Damaged_requests_with_media_never_throw()
    {
        var random = new Random(99);
        var request = A.Traces(A.Span().With("input.value", Piece(random) + "data:image/png;base64," + Convert.ToBase64String(TakenOut.Png(2000))).With("b", TakenOut.Noise(2000)));
        for (var run = 0; run < Runs; run++)
        {
            var bytes = request[..random.Next(request.Length / 2, request.Length + 1)];
            for (var i = random.Next(6); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            using var rewritten = new Callwatch.Receive.Bodies.PayloadBuffer(budget: null, int.MaxValue);
            var taking = new Callwatch.Receive.MediaParts.MediaTaking(TakenOut.Options, bytes);
            foreach (var part in new OtlpCanonical(new OtlpLimits(), new SpanRules(), taking).Of(bytes, new Nobody(), rewritten) ?? [])
                Assert.NotNull(Canonical(part.Payload.ToArray()));
        }

        static string Canonical(byte[] payload) => OtlpDump.Spans(payload);
    }

    private static string PutBack(TakenOut taken, string sent)
    {
        // The leftmost first: up to there both are alike.
        var back = taken.Text()!;
        while (taken.Media.Select(media => (Media: media, At: back.IndexOf(MediaReference.Scheme + media.Key, StringComparison.Ordinal))).Where(found => found.At >= 0).OrderBy(found => found.At).FirstOrDefault() is { Media.Value: { } bytes, At: var at })
        {
            var count = ";bytes=" + bytes.Length.ToString(CultureInfo.InvariantCulture);
            var end = back.IndexOf(count, at, StringComparison.Ordinal) + count.Length;
            var written = Written().Match(sent, at);
            Assert.Equal(at, written.Index);
            var plain = Regex.Replace(written.Groups["base64"].Value, @"\\+u002[Bb]", "+", RegexOptions.None, Patience);
            plain = Regex.Replace(plain, @"\\+[nr]|[\r\n=]|\\", "", RegexOptions.None, Patience).Replace('-', '+').Replace('_', '/');
            Assert.Equal(bytes, Convert.FromBase64String(plain + new string('=', (4 - (plain.Length % 4)) % 4)));
            back = back[..at] + written.Value + back[end..];
        }

        return back;
    }

    [GeneratedRegex("""data:[^,"]*;base64,(?<base64>(?:[A-Za-z0-9+/_-]|\\{1,15}(?:/|u002[Bb]))*={0,2})|(?<base64>(?:[A-Za-z0-9+/_\r\n-]|\\{1,15}(?:[/nr]|u002[Bb]))*={0,2})""", RegexOptions.CultureInvariant, 300_000)]
    private static partial Regex Written();

    private static string Piece(Random random)
    {
        var base64 = Convert.ToBase64String(random.Next(2) == 0 ? TakenOut.Png(random.Next(500, 3000), random.Next(5)) : TakenOut.Noise(random.Next(500, 3000), random.Next(5)));
        return random.Next(14) switch
        {
            0 => "data:image/png;base64," + base64,
            1 => "data:image/png;base64," + base64.TrimEnd('='),
            2 => "\"data:audio/wav;base64," + base64.Replace("/", "\\/", StringComparison.Ordinal) + "\"",
            3 => "\"" + base64 + "\"",
            4 => "{\"type\":\"blob\",\"mime_type\":\"image/png\",\"content\":\"" + base64.Replace('+', '-').Replace('/', '_') + "\"}",
            5 => "data:;base64,",
            6 => base64[..random.Next(base64.Length)],
            7 => new string("aA+/=\\\"\n -_"[random.Next(11)], random.Next(2000)),
            8 => "data:image/png;base64," + base64[..random.Next(base64.Length)],
            9 => "\\u002B\\/\\\\\\n",
            10 => "callwatch-media:" + new string('0', 64) + ";type=image/png;bytes=1",
            11 => "é中😀 ",
            12 => "\"data:image/png;base64," + base64.Replace("+", "\\u002B", StringComparison.Ordinal) + "\"",
            _ => " some words, \"quoted\" and [not]; ",
        };
    }

    private static object? Value(Random random, int depth) => random.Next(depth > 3 ? 5 : 8) switch
    {
        0 => random.Next(),
        1 => "short",
        2 => Convert.ToBase64String(TakenOut.Png(random.Next(500, 3000), random.Next(5))),
        3 => "data:image/png;base64," + Convert.ToBase64String(TakenOut.Noise(random.Next(500, 3000), random.Next(5))),
        4 => Convert.ToBase64String(TakenOut.Noise(random.Next(500, 3000), random.Next(5))),
        5 => Enumerable.Range(0, random.Next(4)).Select(_ => Value(random, depth + 1)).ToArray(),
        6 => JsonSerializer.Serialize(Value(random, depth + 1)),
        _ => new Dictionary<string, object?>
        {
            [random.Next(2) == 0 ? "type" : "kind"] = random.Next(2) == 0 ? "blob" : "text",
            [random.Next(2) == 0 ? "data" : "text"] = Value(random, depth + 1),
            ["image"] = Value(random, depth + 1),
        },
    };

    private static void AssertAlike(JsonElement before, JsonElement after, TakenOut taken)
    {
        Assert.Equal(before.ValueKind, after.ValueKind);
        switch (before.ValueKind)
        {
            case JsonValueKind.Object:
                Assert.Equal(before.EnumerateObject().Select(property => property.Name), after.EnumerateObject().Select(property => property.Name));
                foreach (var property in before.EnumerateObject()) AssertAlike(property.Value, after.GetProperty(property.Name), taken);
                break;
            case JsonValueKind.Array:
                Assert.Equal(before.GetArrayLength(), after.GetArrayLength());
                for (var i = 0; i < before.GetArrayLength(); i++) AssertAlike(before[i], after[i], taken);
                break;
            case JsonValueKind.String when MediaReference.TryParse(after.GetString(), out var reference):
                var sent = before.GetString()!;
                Assert.Equal(sent[(sent.IndexOf(',', StringComparison.Ordinal) + 1)..], Convert.ToBase64String(taken.Media[reference.Hash.ToString()]));
                break;
            case JsonValueKind.String when before.GetString() is ['{' or '[' or '"', ..] inner:
                using (var innerBefore = JsonDocument.Parse(inner))
                using (var innerAfter = JsonDocument.Parse(after.GetString()!)) AssertAlike(innerBefore.RootElement, innerAfter.RootElement, taken);
                break;
            default:
                Assert.Equal(before.GetRawText(), after.GetRawText());
                break;
        }
    }

    private sealed class Nobody : IOwners
    {
        public int AppOf(ReadOnlySpan<byte> envelope) => 1;
    }
}
