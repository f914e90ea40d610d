using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Callwatch.Control.Secrets;

/// <summary>What all data keys are sealed with. Never printed: <see cref="Id"/> stands for it.</summary>
internal sealed class MasterKey
{
    private readonly byte[] bytes;

    private MasterKey(byte[] bytes)
    {
        this.bytes = bytes;

        // One way: it tells keys apart and says nothing of them.
        Id = Convert.ToHexStringLower(HMACSHA256.HashData(bytes, "callwatch master key"u8).AsSpan(0, 6));
    }

    public string Id { get; }

    public static MasterKey Make() => new(RandomNumberGenerator.GetBytes(SecretBox.KeyBytes));

    /// <summary>Null when it is not base64 of 32 bytes.</summary>
    public static MasterKey? Read(string text)
    {
        var bytes = new byte[SecretBox.KeyBytes + 1];
        text = text.Trim();
        return text.Length <= 64 && Convert.TryFromBase64String(text, bytes, out var length) && length == SecretBox.KeyBytes ? new MasterKey(bytes[..length]) : null;
    }

    /// <summary>As files hold it.</summary>
    public byte[] ToFile() => Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes) + "\n");

    public byte[] Wrap(int tenantId, ReadOnlySpan<byte> dataKey) => SecretBox.Seal(bytes, dataKey, Purpose(tenantId));

    public byte[]? Unwrap(int tenantId, ReadOnlySpan<byte> wrapped) => SecretBox.Open(bytes, wrapped, Purpose(tenantId));

    private static byte[] Purpose(int tenantId) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"callwatch data key, tenant {tenantId}"));
}

/// <summary>How the master key was found, or why not.</summary>
internal abstract record MasterKeyAnswer
{
    private MasterKeyAnswer()
    {
    }

    public sealed record Found(MasterKey Key) : MasterKeyAnswer;

    /// <summary>What is wrong and what to do, in sentences without any of the key.</summary>
    public sealed record Missing(string Problem) : MasterKeyAnswer;
}
