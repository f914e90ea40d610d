using System.Text;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;
using Callwatch.Testing;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Callwatch.Tests.Receive.Otlp;

/// <summary>Whatever the bytes: no reader throws, and what intake lets through needs no mending a second time.</summary>
public sealed class NothingThrowsTests
{
    private static readonly OtlpLimits Tight = new() { MaxItems = 20, MaxNesting = 4, MaxAttributes = 16, MaxTextBytes = 256, MaxRecordBytes = 2048 };

    private static readonly byte[][] Protobufs =
    [
        .. Fixtures.Otlp.SelectMany(fixture => fixture.Requests).Where(request => request.Protocol != "http/json").Select(request => request.Message()),
        .. Fixtures.Otlp.SelectMany(fixture => fixture.Requests).Where(request => request is { Protocol: "http/json", Signal: "traces" }).Select(FixtureReadingTests.Protobuf),
    ];

    private static readonly byte[][] Jsons =
        [.. Fixtures.Otlp.SelectMany(fixture => fixture.Requests).Where(request => request.Protocol == "http/json").Select(request => request.Message())];

    [Fact]
    public void Random_bytes() => Check.QuickThrowOnFailure(Prop.ForAll((byte[] bytes) => TakeApart(bytes)));

    [Fact]
    public void Random_text_as_json() => Check.QuickThrowOnFailure(Prop.ForAll((NonNull<string> text) => TakeApartJson(Encoding.UTF8.GetBytes(text.Get))));

    [Fact]
    public void Recorded_protobuf_cut_and_flipped()
    {
        var random = new Random(4711);
        foreach (var message in Protobufs)
            for (var i = 0; i < 60; i++) TakeApart(Damaged(message, random));
    }

    [Fact]
    public void Recorded_json_cut_and_flipped()
    {
        var random = new Random(4711);
        foreach (var message in Jsons)
            for (var i = 0; i < 60; i++) TakeApartJson(Damaged(message, random));
    }

    [Fact]
    public void Structures_of_every_shape()
    {
        // Fields of any number and type within one another: what random bytes hardly ever are.
        var field = Gen.Sized(size => Field(Math.Min(size, 5)));
        var messages = field.ListOf().Select(fields => OtlpBytes.Join([.. fields]));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(400), Prop.ForAll(messages.ToArbitrary(), bytes => TakeApart(bytes)));
    }

    [Fact]
    public void Spans_with_anything_in_them()
    {
        var span = Field(5).ListOf().SelectMany(fields => Gen.Choose(1, 9).Select(number => OtlpBytes.Span(number, [.. fields])));
        var resource = Field(3).ListOf().SelectMany(fields => span.ListOf().Select(spans => OtlpBytes.ResourceWith(OtlpBytes.Join([.. fields]), [.. spans])));
        var requests = resource.ListOf().Select(resources => OtlpBytes.Join([.. resources]));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(int.Parse(Environment.GetEnvironmentVariable("CALLWATCH_FUZZ_RUNS") ?? "300")), Prop.ForAll(requests.ToArbitrary(), bytes => TakeApart(bytes)));
    }

    private static Gen<byte[]> Field(int depth)
    {
        var number = Gen.Elements(1, 1, 2, 2, 2, 3, 4, 5, 6, 7, 8, 9, 9, 11, 13, 15, 100);
        var leaf = Gen.OneOf(
            number.SelectMany(n => Gen.Choose(0, int.MaxValue).Select(value => OtlpBytes.Varint(n, (ulong)value))),
            number.SelectMany(n => Gen.Elements<ulong>(0, 1, OtlpBytes.Start, ulong.MaxValue, BitConverter.DoubleToUInt64Bits(double.NaN)).Select(value => OtlpBytes.Fixed64(n, value))),
            number.SelectMany(n => Gen.Elements<byte[]>([], [0xFF], "callwatch.changed"u8.ToArray(), new byte[16], [1, 2, 3, 4, 5, 6, 7, 8], Encoding.UTF8.GetBytes(new string('ž', 200)))
                .Select(value => OtlpBytes.Message(n, value))));
        return depth == 0
            ? leaf
            : Gen.OneOf(leaf, number.SelectMany(n => Field(depth - 1).ListOf().Select(parts => OtlpBytes.Message(n, [.. parts.Take(4)]))));
    }

    private static byte[] Damaged(byte[] message, Random random)
    {
        var bytes = message[..random.Next(message.Length / 2, message.Length + 1)];
        for (var i = random.Next(4); i > 0 && bytes.Length > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return bytes;
    }

    private static bool TakeApartJson(byte[] json)
    {
        foreach (var shape in new[] { OtlpJsonShape.Traces, OtlpJsonShape.Logs, OtlpJsonShape.Metrics })
        {
            using var message = new PayloadBuffer(budget: null, 1 << 20);
            if (OtlpJson.Write(json, shape, message, maxNesting: 4) is null) TakeApart(message.Written.ToArray());
        }

        return true;
    }

    private static bool TakeApart(byte[] bytes)
    {
        OtlpDump.Spans(bytes);
        OtlpDump.Logs(bytes);
        OtlpMetrics.CountPoints(bytes);
        GrpcFrame.Read(bytes, out _, out _);
        foreach (var coding in Enum.GetValues<ContentCoding>())
        {
            using var inflated = new PayloadBuffer(budget: null, 1 << 16);
            using var inflating = new Inflater(bytes, coding);
            inflating.Run(inflated, 100);
            inflating.Run(inflated, int.MaxValue);
        }

        Canonical.Logs(bytes, Tight);
        var canonical = Canonical.Traces(bytes, Tight);
        foreach (var (_, payload, items) in canonical.Parts)
        {
            var again = Canonical.Traces(payload, Tight with { MaxRecordBytes = 1 << 20 });
            Assert.True(again.IsOtlp);
            Assert.Empty(again.Refused);
            Assert.Empty(again.Changed);
            Assert.Equal(payload, again.Payload);
            Assert.Equal(items, again.Parts.Single().Items);
        }

        return true;
    }
}
