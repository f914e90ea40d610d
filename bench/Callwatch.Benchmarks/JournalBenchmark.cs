using System.Diagnostics;
using System.Globalization;
using Callwatch.Journal;
using Callwatch.Journal.Disk;
using Callwatch.Journal.Writing;
using Callwatch.Testing;

namespace Callwatch.Benchmarks;

/// <summary>
/// The journal against a program that only appends the same bytes to a file and syncs after the same groups: 1, 8 and 64 senders that each wait
/// for their acknowledgement before sending again. Reach: 0.8 of the plain rate, p99 below 20 ms.
/// </summary>
internal static class JournalBenchmark
{
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(400);

    public static async Task<int> RunAsync(Switches switches)
    {
        var size = switches.Number("bytes", 36 * 1024);
        var duration = switches.Duration(4);
        var payload = new byte[size];
        Random.Shared.NextBytes(payload);
        Console.WriteLine($"payload {size:N0} B, {duration.TotalSeconds:0} s each");
        var fine = true;
        foreach (var senders in new[] { 1, 8, 64 })
        {
            var folder = switches.DataFolder();
            var groups = new List<int>();
            var (latencies, rates) = (new Latencies(), new List<(double Journal, double Plain)>());
            // As the product runs it, except for what keeps the disk from filling.
            await using (var journal = TestJournal.Open(Path.Combine(folder, "journal"), new JournalOptions { BallastBytes = 0 }, null, null, new CountingFiles(groups), new RealDiskSpace()))
            {
                // In turns, so that whatever else the machine does falls on both.
                for (var clock = Stopwatch.StartNew(); clock.Elapsed < duration;)
                {
                    groups.Clear();
                    var rate = await JournalAsync(journal, payload, senders, latencies);
                    rates.Add((rate, Plain(Path.Combine(folder, "plain"), payload, groups)));
                }
            }

            Directory.Delete(folder, recursive: true);
            var ratio = rates.Select(pair => pair.Journal / pair.Plain).Order().ElementAt(rates.Count / 2);
            fine &= ratio >= 0.8 && latencies.Milliseconds(0.99) < 20;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{senders,3} senders: journal {rates.Average(pair => pair.Journal),9:N0}/s, groups of {groups.Average():0.0}, {latencies}; plain {rates.Average(pair => pair.Plain),9:N0}/s; median ratio {ratio:0.00}"));
        }

        return fine ? 0 : 1;
    }

    private static async Task<double> JournalAsync(SegmentJournal journal, byte[] payload, int senders, Latencies latencies)
    {
        var before = latencies.Count;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, senders).Select(_ => Task.Run(async () =>
        {
            var entries = new[] { TestJournal.Entry(payload) };
            while (clock.Elapsed < Round)
            {
                var start = Stopwatch.GetTimestamp();
                if (await journal.AppendAsync(entries, CancellationToken.None) is not AppendResult.Stored) throw new InvalidOperationException("not stored");
                latencies.Add(start);
            }
        })));
        return (latencies.Count - before) / clock.Elapsed.TotalSeconds;
    }

    /// <summary>One thread, one growing file, the records of a group in one write, then a sync of everything.</summary>
    private static double Plain(string path, byte[] payload, List<int> groups)
    {
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite);
        var record = new byte[64 + payload.Length];
        payload.CopyTo(record, 64);
        var (offset, records) = (0L, 0L);
        var clock = Stopwatch.StartNew();
        for (var i = 0; clock.Elapsed < Round; i = (i + 1) % groups.Count)
        {
            RandomAccess.Write(file, [.. Enumerable.Repeat((ReadOnlyMemory<byte>)record, groups[i])], offset);
            RandomAccess.FlushToDisk(file);
            offset += (long)groups[i] * record.Length;
            records += groups[i];
        }

        return records / clock.Elapsed.TotalSeconds;
    }

    /// <summary>Remembers how many records went into each sync.</summary>
    private sealed class CountingFiles(List<int> groups) : IJournalFiles
    {
        public IJournalFile Create(string path, long size) => new Counting(DiskFiles.Instance.Create(path, size), groups);

        public IJournalFile Open(string path) => new Counting(DiskFiles.Instance.Open(path), groups);

        public void Rename(string from, string to) => DiskFiles.Instance.Rename(from, to);

        public void Delete(string path) => DiskFiles.Instance.Delete(path);

        public void SyncFolder(string folder) => DiskFiles.Instance.SyncFolder(folder);

        private sealed class Counting(IJournalFile file, List<int> groups) : IJournalFile
        {
            public void Write(IReadOnlyList<ReadOnlyMemory<byte>> parts, long offset)
            {
                // Header and payload are two parts; a lone one is a file's header or the zeros of the next file.
                if (parts.Count > 1) groups.Add(parts.Count / 2);
                file.Write(parts, offset);
            }

            public void Sync() => file.Sync();

            public void Truncate(long length) => file.Truncate(length);

            public void Reserve(long length) => file.Reserve(length);

            public void Dispose() => file.Dispose();
        }
    }
}
