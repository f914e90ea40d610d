using System.Buffers;

namespace Callwatch.Media;

/// <summary>The name of a piece of media: the SHA-256 of its bytes, as 64 hexadecimal digits in lower case.</summary>
public readonly record struct MediaHash
{
    public const int Length = 64;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    private readonly string hex;

    private MediaHash(string hex) => this.hex = hex;

    /// <summary>The folder it lies in, within that of its tenant.</summary>
    public string Folder => hex[..2];

    public static MediaHash Of(ReadOnlySpan<byte> sha256) => new(Convert.ToHexStringLower(sha256));

    /// <summary>False for everything else, upper case too: a name is also part of a path.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out MediaHash hash)
    {
        var fits = text.Length == Length && !text.ContainsAnyExcept(Digits);
        hash = fits ? new MediaHash(new string(text)) : default;
        return fits;
    }

    public override string ToString() => hex;
}
