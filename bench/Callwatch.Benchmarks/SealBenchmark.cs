using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using Callwatch.Journal;
using Callwatch.Journal.Sealing;
using Callwatch.Journal.Writing;
using Callwatch.Receive.Otlp;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callwatch.Benchmarks;

/// <summary>
/// Sealing a journal of growing chats of a thousand sessions, sent with so many calls a request: bytes of disk per call before and after, against Brotli in the order of
/// arrival, and how quick writing, reading on and reading a single span are. Reach: less than 1.3 KB of the 2.5 KB that a call may take on disk.
/// </summary>
internal static class SealBenchmark
{
    public static async Task<int> RunAsync(Switches switches)
    {
        var (calls, each, window) = (switches.Number("calls", 26_000), switches.Number("each", 50), switches.Number("window", 256));
        var folder = Path.Combine(switches.DataFolder(), "journal");
        var options = new JournalOptions { BallastBytes = 0, SealWindowBytes = (long)window << 20, SealAge = TimeSpan.Zero };
        await using var journal = TestJournal.Open(folder, options);
        var (chats, sent, arrival, spans) = (new Chats(1000, 7), 0L, new Arrival(), new List<(long Number, int Offset)>());
        for (var done = 0; done < calls; done += each)
        {
            var body = chats.Request(each);
            if (await journal.AppendAsync([TestJournal.Entry(body, itemCount: each)], CancellationToken.None) is not AppendResult.Stored stored) throw new InvalidOperationException("not stored");
            foreach (var span in OtlpSpan.In(body)) spans.Add((stored.First.Number, span.Offset));
            sent += body.Length;
            arrival.Add(body);
        }

        // The last segment is never sealed: a large record ends it.
        await journal.AppendAsync([TestJournal.Entry(new byte[options.SegmentBytes])], CancellationToken.None);
        await journal.AppendAsync("end");
        var before = journal.Status();
        var clock = Stopwatch.StartNew();
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var sealer = new Sealer(journal, options, [], DiskFiles.Instance, TimeProvider.System, new NoRest(), NullLogger.Instance);
        while (sealer.SealOne())
        {
        }

        var (took, used) = (clock.Elapsed, Process.GetCurrentProcess().TotalProcessorTime - cpu);
        var after = journal.Status();
        if (after.SealingError is { } error) throw new InvalidOperationException(error);
        var plain = arrival.Bytes();
        clock.Restart();
        var read = 0L;
        foreach (var record in await journal.RecordsAsync()) read += record.Payload.Length;
        var reading = clock.Elapsed;
        var random = new Random(3);
        var finds = Enumerable.Range(0, 200).Select(_ => Find(journal, spans[random.Next(spans.Count)])).Order().ToList();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{calls:N0} calls of {sent / calls:N0} B, {each} a request, windows of {window} MiB: {(double)(before.ToSealBytes - options.SegmentBytes) / calls:N0} B of disk a call before, {(double)after.SealedBytes / calls:N0} B sealed; Brotli in order of arrival {(double)plain / calls:N0} B, ratio {(double)plain / after.SealedBytes:0.0}"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"sealed and compared at {sent / took.TotalSeconds / 1e6:N0} MB/s, {used.TotalMicroseconds / calls:0} µs of processor a call; reads on at {read / reading.TotalSeconds / 1e6:N0} MB/s; one span: median {finds[100]:0.0} ms, p99 {finds[198]:0.0} ms; {Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:N0} MB at most"));
        return (double)after.SealedBytes / calls < 1300 ? 0 : 1;
    }

    private static double Find(SegmentJournal journal, (long Number, int Offset) place)
    {
        var clock = Stopwatch.GetTimestamp();
        if (journal.FindItems(place.Number, place.Offset) is null) throw new InvalidOperationException("not found");
        return Stopwatch.GetElapsedTime(clock).TotalMilliseconds;
    }

    /// <summary>What the same frames take in the order in which the records came.</summary>
    private sealed class Arrival
    {
        private readonly byte[] frame = new byte[1 << 20];
        private readonly byte[] compressed = new byte[BrotliEncoder.GetMaxCompressedLength(1 << 20)];
        private int used;
        private long bytes;

        public void Add(ReadOnlySpan<byte> body)
        {
            while (!body.IsEmpty)
            {
                var part = Math.Min(body.Length, frame.Length - used);
                body[..part].CopyTo(frame.AsSpan(used));
                used += part;
                body = body[part..];
                if (used == frame.Length) Flush();
            }
        }

        public long Bytes()
        {
            Flush();
            return bytes;
        }

        private void Flush()
        {
            if (!BrotliEncoder.TryCompress(frame.AsSpan(0, used), compressed, out var length, quality: 5, window: 22)) throw new InvalidOperationException("not compressed");
            bytes += length;
            used = 0;
        }
    }

    private sealed class NoRest : IPace
    {
        public void Rest()
        {
        }

        public void Wait()
        {
        }
    }
}
