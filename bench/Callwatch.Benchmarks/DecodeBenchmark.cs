using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Callwatch.Media;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.MediaParts;
using Callwatch.Receive.Otlp;

namespace Callwatch.Benchmarks;

/// <summary>One core from inflated bytes to a canonical payload: protobuf that can stay as it is, JSON, protobuf where every span has to be mended; and looking for media.</summary>
internal static class DecodeBenchmark
{
    private const int Spans = 512;

    public static Task<int> RunAsync(Switches switches)
    {
        var duration = switches.Duration(3);
        var protobuf = Inflated(Bodies.Plain(Spans, json: false));
        var json = Inflated(Bodies.Plain(Spans, json: true));
        Measure("protobuf, as it is", duration, protobuf, body => Canonical(body, new OtlpLimits()));
        Measure("protobuf, all mended", duration, protobuf, body => Canonical(body, new OtlpLimits { MaxAttributes = 3 }));
        Measure("JSON", duration, json, body =>
        {
            using var message = new PayloadBuffer(budget: null, 1 << 28);
            OtlpJson.Write(body.Span, OtlpJsonShape.Traces, message, maxNesting: 64);
            Canonical(message.Memory, new OtlpLimits());
        });
        MeasureMedia(duration, protobuf);
        return Task.FromResult(0);
    }

    /// <summary>What it costs to look for media where there are none, as a share of the time without looking; and what taking them out costs.</summary>
    private static void MeasureMedia(TimeSpan duration, byte[] plain)
    {
        var options = new MediaOptions();
        var words = string.Concat(Enumerable.Range(0, 12_000).Select(number => "word" + (number % 97).ToString(CultureInfo.InvariantCulture) + " "));
        foreach (var (name, body) in new[] { ("plain spans", plain), ("80 KB texts", TextSpans(words)) })
        {
            var without = Measure(name + ", media not looked for", duration, body, request => Canonical(request, new OtlpLimits()));
            var with = Measure(name + ", looked for", duration, body, request => Canonical(request, new OtlpLimits(), new MediaTaking(options, request)));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {with / without:P1} of the rate when media are looked for"));
        }

        var picture = new byte[60_000];
        new Random(1).NextBytes(picture);
        Measure("80 KB data URLs, taken out", duration, TextSpans("data:image/png;base64," + Convert.ToBase64String(picture)), request => Canonical(request, new OtlpLimits(), new MediaTaking(options, request)));
    }

    /// <summary>A request of as many spans as the others, each with such a text.</summary>
    private static byte[] TextSpans(string text)
    {
        using var buffer = new PayloadBuffer(budget: null, 1 << 28);
        var writer = new ProtobufWriter(buffer);
        var resource = writer.Begin(1);
        var scope = writer.Begin(2);
        for (var number = 1; number <= Spans; number++)
        {
            var span = writer.Begin(2);
            writer.Bytes(1, [1, .. new byte[14], 1]);
            writer.Bytes(2, [1, .. new byte[5], (byte)(number >> 8), (byte)number]);
            writer.Fixed64(7, 1_795_331_535_000_000_000);
            writer.Fixed64(8, 1_795_331_536_000_000_000);
            var attribute = writer.Begin(9);
            writer.Bytes(1, "input.value"u8);
            var value = writer.Begin(2);
            writer.Bytes(1, Encoding.UTF8.GetBytes(text));
            writer.End(value);
            writer.End(attribute);
            writer.End(span);
        }

        writer.End(scope);
        writer.End(resource);
        return buffer.Written.ToArray();
    }

    private static void Canonical(ReadOnlyMemory<byte> body, OtlpLimits limits, MediaTaking? media = null)
    {
        using var rewritten = new PayloadBuffer(budget: null, 1 << 28);
        if (new OtlpCanonical(limits, new SpanRules(), media).Of(body, new OneOwner(), rewritten) is not { Count: > 0 }) throw new InvalidOperationException("not taken");
    }

    private static double Measure(string name, TimeSpan duration, byte[] body, Action<ReadOnlyMemory<byte>> take)
    {
        for (var i = 0; i < (body.Length > 10 << 20 ? 3 : 200); i++) take(body);
        // Processor time, so that whatever else the machine does does not count.
        var (rounds, clock, allocated, used) = (0, Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread(), Environment.CpuUsage.TotalTime);
        for (; clock.Elapsed < duration; rounds++) take(body);
        var seconds = (Environment.CpuUsage.TotalTime - used).TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-38} {rounds * Spans / seconds,12:N0} spans/s {rounds * (double)body.Length / seconds / (1 << 20),8:N0} MiB/s {(GC.GetAllocatedBytesForCurrentThread() - allocated) / rounds,8:N0} B allocated a request of {Spans}"));
        return rounds / seconds;
    }

    private static byte[] Inflated(Bodies bodies)
    {
        using var gzip = new GZipStream(new MemoryStream(bodies.Next(new Random(1), TimeProvider.System.GetUtcNow())), CompressionMode.Decompress);
        using var result = new MemoryStream();
        gzip.CopyTo(result);
        return result.ToArray();
    }

    private sealed class OneOwner : IOwners
    {
        public int AppOf(ReadOnlySpan<byte> envelope) => 1;
    }
}
