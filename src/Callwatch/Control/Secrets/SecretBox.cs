using System.Security.Cryptography;

namespace Callwatch.Control.Secrets;

/// <summary>Something sealed with AES-256-GCM: a byte for the form (1), 12 of nonce, 16 of tag, then the text. What it is for goes in as associated data, so that it opens nowhere else.</summary>
internal static class SecretBox
{
    public const int KeyBytes = 32;
    private const byte Form = 1;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int HeadBytes = 1 + NonceBytes + TagBytes;

    /// <summary>Other bytes each time.</summary>
    public static byte[] Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> clear, ReadOnlySpan<byte> purpose)
    {
        var box = new byte[HeadBytes + clear.Length];
        box[0] = Form;
        var nonce = box.AsSpan(1, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(nonce, clear, box.AsSpan(HeadBytes), box.AsSpan(1 + NonceBytes, TagBytes), purpose);
        return box;
    }

    /// <summary>Null when key or purpose are others, or a byte was changed.</summary>
    public static byte[]? Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> box, ReadOnlySpan<byte> purpose)
    {
        if (box.Length < HeadBytes || box[0] != Form) return null;
        var clear = new byte[box.Length - HeadBytes];
        using var aes = new AesGcm(key, TagBytes);
        try
        {
            aes.Decrypt(box.Slice(1, NonceBytes), box[HeadBytes..], box.Slice(1 + NonceBytes, TagBytes), clear, purpose);
            return clear;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }
}
