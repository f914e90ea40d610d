using System.Buffers.Binary;
using Callwatch.Journal.Segments;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rollups;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Store;

/// <summary>Whatever the bytes of what the store keeps packed: reading never throws, ends, and takes no more memory than it should.</summary>
public sealed class StoreFuzzTests
{
    private static readonly byte[] Endless = [2, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1];

    [Fact]
    public async Task Histograms_of_any_bytes_are_read_as_something()
    {
        var good = Enumerable.Range(0, 20).Select(seed => Values(new Random(seed)).ToBlob()).Append(Endless).ToList();
        await Fuzz.ReadAsync(1, 50_000, good, bytes =>
        {
            var histogram = Histogram.Read(bytes);
            _ = histogram.Quantile(0.5);
            histogram.Merge(Histogram.Read(good[0]));
            _ = histogram.ToBlob();
            var sum = new HistogramSum();
            sum.Merge(bytes);
            sum.Merge(good[1]);
            _ = sum.Quantiles([0.99], new double[1]);
            _ = sum.Write(new byte[sum.MostBytes]);
        });
    }

    [Fact]
    public async Task Figures_and_sketches_of_any_bytes_are_read_as_something()
    {
        var cell = new FigureCell();
        var figures = new long[CallFigures.Count];
        for (var i = 0; i < 100; i++) cell.Add(figures, i * 31, i * 7);
        var sketch = new PeopleSketch();
        for (var i = 0; i < 5_000; i++)
        {
            sketch.Add(PeopleSketch.HashOf("user " + i));
            if (i == 50) figures[0] = sketch.Estimate();
        }

        var few = new PeopleSketch();
        few.Add(PeopleSketch.HashOf("one"));
        await Fuzz.ReadAsync(2, 10_000, [PackedFigures.Write(cell), sketch.ToBlob(), few.ToBlob(), Endless], bytes =>
        {
            var read = new FigureCell();
            read.Add(bytes);
            _ = PackedFigures.Write(read);
            var merged = new PeopleSketch();
            merged.Merge(bytes);
            Assert.True(merged.Estimate() >= 0);
            _ = merged.ToBlob();
        });
    }

    [Fact]
    public async Task Trace_filters_of_any_bytes_are_read_whole_or_made_anew()
    {
        using var temp = new TempFolder();
        var traces = Enumerable.Range(1, 300).Select(i => new TraceId(7, (ulong)i)).ToList();
        var filter = TraceFilter.ForCapacity(200);
        foreach (var trace in traces) filter.Add(trace);
        using var store = new TestStore(temp.At("store"));
        store.Store([.. new RandomTraffic(1).Make(3).Spans]);
        var partition = store.Folder.Partitions[0];
        var folder = temp.At("filters");
        Directory.CreateDirectory(folder);
        TraceFilterFiles.Keep(folder, partition, filter);
        var path = Directory.EnumerateFiles(folder).Single();
        await Fuzz.ReadAsync(3, 2_000, [File.ReadAllBytes(path)], (bytes, random) =>
        {
            var mended = random.Next(2) == 0 && bytes.Length >= 16;
            if (mended)
            {
                BinaryPrimitives.WriteInt32LittleEndian(bytes, 2);
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(4), partition.Applied);
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), Crc32C.Of(bytes.AsSpan(16)));
            }

            File.WriteAllBytes(path, bytes);
            var loaded = TraceFilterFiles.Load(folder, partition with { Closed = false });
            var found = traces.Count(loaded.MayHold);
            // A filter that forgets would hide traces: it is all there, or made anew (here of nothing).
            if (!mended) Assert.True(found == traces.Count || loaded.Count == 0);
            loaded.Add(new TraceId(1, 1));
            Assert.True(loaded.MayHold(new TraceId(1, 1)));
        });
    }

    private static Histogram Values(Random random)
    {
        var histogram = new Histogram();
        for (var i = random.Next(1, 400); i > 0; i--) histogram.Add(random.NextInt64(1L << random.Next(1, 45)));
        return histogram;
    }
}
