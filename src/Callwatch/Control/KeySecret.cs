using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Callwatch.Control;

/// <summary>The form of a key's secret: <c>cw_</c> and 32 random letters and digits; one given by an operator has at least 24 of letters, digits, <c>_</c>, <c>-</c>.</summary>
public static class KeySecret
{
    public const string Start = "cw_";

    /// <summary>In characters behind <see cref="Start"/>.</summary>
    public const int LeastLength = 24;

    private const int MostLength = 256;
    private const int RandomLength = 32;
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private static readonly SearchValues<char> Legal = SearchValues.Create(Alphabet + "_-");

    public static string Make() => Start + RandomNumberGenerator.GetString(Alphabet, RandomLength);

    public static bool LooksRight(string secret) =>
        secret.Length >= Start.Length + LeastLength && secret.Length <= MostLength
        && secret.StartsWith(Start, StringComparison.Ordinal)
        && !secret.AsSpan(Start.Length).ContainsAnyExcept(Legal);

    /// <summary>What may be shown of it for good: enough to tell keys apart, far too little to guess the rest.</summary>
    public static string PrefixOf(string secret) => secret[..(Start.Length + 6)];
}

/// <summary>SHA-256 of a secret. Secrets are long and random, so a slow hash would add nothing.</summary>
public readonly record struct KeyHash(ulong A, ulong B, ulong C, ulong D)
{
    public static KeyHash Of(string secret)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(secret), hash);
        return Read(hash);
    }

    public static KeyHash Read(ReadOnlySpan<byte> hash) => MemoryMarshal.Read<KeyHash>(hash);

    public byte[] ToBytes()
    {
        var bytes = new byte[SHA256.HashSizeInBytes];
        MemoryMarshal.Write(bytes, this);
        return bytes;
    }
}
