namespace Callwatch.Testing;

/// <summary>Good bytes harmed by given dice, and anything at all: whoever reads them neither throws nor asks for much memory, nor goes on for ever.</summary>
public static class Fuzz
{
    /// <summary>More of them: <c>CALLWATCH_FUZZ_TIMES=100</c>.</summary>
    private static readonly int Times = int.Parse(Environment.GetEnvironmentVariable("CALLWATCH_FUZZ_TIMES") ?? "1", System.Globalization.CultureInfo.InvariantCulture);

    public static Task ReadAsync(int seed, int rounds, IReadOnlyList<byte[]> good, Action<byte[]> read) => ReadAsync(seed, rounds, good, (bytes, _) => read(bytes));

    /// <param name="mostBytes">Most memory that reading one input may ask for.</param>
    public static async Task ReadAsync(int seed, int rounds, IReadOnlyList<byte[]> good, Action<byte[], Random> read, long mostBytes = 32L << 20)
    {
        var now = (Round: -1, Bytes: Array.Empty<byte>());
        var reading = Task.Run(() =>
        {
            for (var round = 0; round < rounds * Times; round++)
            {
                var random = new Random(unchecked((seed * 1_000_003) + round));
                var bytes = Harmed(good, random);
                now = (round, bytes);
                var before = GC.GetAllocatedBytesForCurrentThread();
                read(bytes, random);
                var asked = GC.GetAllocatedBytesForCurrentThread() - before;
                if (asked > mostBytes) throw new InvalidOperationException($"It asked for {asked} bytes.");
            }
        });
        try
        {
            // All rounds together take a second or two.
            await reading.WithPatience("reading comes to an end");
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}, round {now.Round}, {Convert.ToHexString(now.Bytes.AsSpan(0, Math.Min(now.Bytes.Length, 400)))}: {e.Message}", e);
        }
    }

    public static byte[] Harmed(IReadOnlyList<byte[]> good, Random random)
    {
        if (random.Next(12) == 0) return Anything(random, random.Next(4_000));
        var bytes = good[random.Next(good.Count)].ToArray();
        for (var harms = random.Next(1, 4); harms > 0 && bytes.Length > 0; harms--) bytes = Harmed(bytes, good, random);
        return bytes;
    }

    private static byte[] Harmed(byte[] bytes, IReadOnlyList<byte[]> good, Random random)
    {
        var (at, length) = Part(bytes, random);
        switch (random.Next(9))
        {
            case 0:
                return bytes[..at];
            case 1:
                return [.. bytes.AsSpan(0, at), .. bytes.AsSpan(at + length)];
            case 2:
                bytes.AsSpan(at, length).Clear();
                return bytes;
            case 3:
                return [.. bytes.AsSpan(0, at + length), .. bytes.AsSpan(at)];
            case 4:
                var other = good[random.Next(good.Count)];
                var (from, count) = Part(other, random);
                return [.. bytes.AsSpan(0, at), .. other.AsSpan(from, count), .. bytes.AsSpan(at + length)];
            case 5:
                random.NextBytes(bytes.AsSpan(at, length));
                return bytes;
            case 6:
                bytes.AsSpan(at, Math.Min(length, 8)).Fill(0xFF);
                return bytes;
            default:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
        }
    }

    private static (int At, int Length) Part(byte[] bytes, Random random)
    {
        if (bytes.Length == 0) return (0, 0);
        // Beginnings hold what says what the rest is.
        var at = random.Next(random.Next(2) == 0 ? Math.Min(bytes.Length, 160) : bytes.Length);
        return (at, random.Next(Math.Min(bytes.Length - at, random.Next(2) == 0 ? 16 : 2_000) + 1));
    }

    private static byte[] Anything(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
