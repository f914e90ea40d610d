using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;

namespace Callwatch.Benchmarks;

/// <summary>One core from inflated bytes to a canonical payload: protobuf that can stay as it is, JSON, and protobuf where every span has to be mended.</summary>
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
        return Task.FromResult(0);
    }

    private static void Canonical(ReadOnlyMemory<byte> body, OtlpLimits limits)
    {
        using var rewritten = new PayloadBuffer(budget: null, 1 << 28);
        if (new OtlpCanonical(limits, new SpanRules()).Of(body, new OneOwner(), rewritten) is not { Count: > 0 }) throw new InvalidOperationException("not taken");
    }

    private static void Measure(string name, TimeSpan duration, byte[] body, Action<ReadOnlyMemory<byte>> take)
    {
        for (var i = 0; i < 200; i++) take(body);
        // Processor time, so that whatever else the machine does does not count.
        var (rounds, clock, allocated, used) = (0, Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread(), Environment.CpuUsage.TotalTime);
        for (; clock.Elapsed < duration; rounds++) take(body);
        var seconds = (Environment.CpuUsage.TotalTime - used).TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-22} {rounds * Spans / seconds,12:N0} spans/s {rounds * (double)body.Length / seconds / (1 << 20),8:N0} MiB/s {(GC.GetAllocatedBytesForCurrentThread() - allocated) / rounds,8:N0} B allocated a request of {Spans}"));
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
