using Callwatch.Spans;

namespace Callwatch.Cli.Demo;

/// <summary>Seeded chance: the same seed tells the same story.</summary>
internal sealed class Dice(int seed)
{
    private readonly Random random = new(seed);

    public bool Chance(double probability) => random.NextDouble() < probability;

    public double Between(double low, double high) => low + (random.NextDouble() * (high - low));

    /// <summary>From <paramref name="low"/> to <paramref name="high"/>, both included.</summary>
    public int Whole(int low, int high) => random.Next(low, high + 1);

    public T Pick<T>(IReadOnlyList<T> from) => from[random.Next(from.Count)];

    /// <summary>Waiting time until the next of things that come on their own, in seconds.</summary>
    public double Wait(double perSecond) => -Math.Log(1 - random.NextDouble()) / perSecond;

    /// <summary>The way durations and lengths lie: half below the median, with a long tail above; <paramref name="spread"/> 0.3 is ordinary.</summary>
    public double Around(double median, double spread = 0.3)
    {
        var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return median * Math.Exp(spread * normal);
    }

    public long Tokens(double median, double spread = 0.15) => (long)Math.Max(1, Around(median, spread));

    public TraceId TraceId() => new((ulong)random.NextInt64(1, long.MaxValue), (ulong)random.NextInt64(1, long.MaxValue));

    public string Uuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes).ToString();
    }

    public SpanId SpanId() => new((ulong)random.NextInt64(1, long.MaxValue));

    public string Word(int length)
    {
        const string Letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        return string.Create(length, random, static (word, chance) =>
        {
            for (var i = 0; i < word.Length; i++) word[i] = Letters[chance.Next(Letters.Length)];
        });
    }
}
