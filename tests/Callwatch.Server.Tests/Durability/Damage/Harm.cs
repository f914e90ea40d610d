namespace Callwatch.Server.Tests.Durability.Damage;

/// <summary>Ways in which a disk, a bug of a file system or a person may harm a file, each decided by the given dice.</summary>
internal static class Harm
{
    private const int Sector = 512;

    /// <summary>What is left of a file; null where it is gone.</summary>
    public static IReadOnlyList<(string Name, Func<byte[], Random, byte[]?> Do)> Ways { get; } =
    [
        ("a flipped byte in the header", (bytes, random) => Flipped(bytes, random.Next(Math.Min(bytes.Length, 128)), random)),
        ("a flipped byte anywhere", (bytes, random) => Flipped(bytes, random.Next(bytes.Length), random)),
        ("several flipped bytes", (bytes, random) =>
        {
            for (var i = 0; i < 8; i++) bytes = Flipped(bytes, random.Next(bytes.Length), random);
            return bytes;
        }),
        ("a sector of zeros", (bytes, random) => Over(bytes, random, static (part, _) => part.Clear())),
        ("a first sector of zeros", (bytes, _) => Over(bytes, null, static (part, _) => part.Clear())),
        ("a sector of anything", (bytes, random) => Over(bytes, random, static (part, dice) => dice.NextBytes(part))),
        ("cut off anywhere", (bytes, random) => bytes[..random.Next(bytes.Length)]),
        ("cut off by a byte", (bytes, _) => bytes[..^1]),
        ("empty", (_, _) => []),
        ("all of it anything", (bytes, random) =>
        {
            random.NextBytes(bytes);
            return bytes;
        }),
        ("gone", (_, _) => null),
    ];

    private static byte[] Flipped(byte[] bytes, int at, Random random)
    {
        bytes[at] ^= (byte)(1 << random.Next(8));
        return bytes;
    }

    private static byte[] Over(byte[] bytes, Random? random, SpanAction<byte, Random> write)
    {
        var at = random is null ? 0 : random.Next(((bytes.Length - 1) / Sector) + 1) * Sector;
        write(bytes.AsSpan(at, Math.Min(Sector, bytes.Length - at)), random ?? Random.Shared);
        return bytes;
    }

    private delegate void SpanAction<T, in TArg>(Span<T> span, TArg argument);
}
