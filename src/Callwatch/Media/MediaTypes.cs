using System.Buffers;

namespace Callwatch.Media;

/// <summary>How a piece of media may be given back.</summary>
/// <param name="Type">What it is by its first bytes, never by what a sender said.</param>
/// <param name="Extension">For its file name, with the dot.</param>
/// <param name="IsShown">A browser may show it in place; all else is only for saving.</param>
public readonly record struct ServedType(string Type, string Extension, bool IsShown);

/// <summary>Media types: those we recognise by their first bytes, and what a sender may call one.</summary>
public static class MediaTypes
{
    /// <summary>How many bytes are needed to recognise one.</summary>
    public const int SniffBytes = 16;

    public const string Unknown = "application/octet-stream";

    private const int Longest = 100;

    private static readonly SearchValues<char> Letters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789!#$&^_.+-");

    /// <summary>
    /// What may be shown or played: pictures, sound and films that can hold no script. No SVG and no HTML, whatever they claim to be; a PDF
    /// is given to save.
    /// </summary>
    public static ServedType Served(ReadOnlySpan<byte> start) => OfMagic(start) switch
    {
        "image/png" => new("image/png", ".png", true),
        "image/jpeg" => new("image/jpeg", ".jpg", true),
        "image/gif" => new("image/gif", ".gif", true),
        "image/webp" => new("image/webp", ".webp", true),
        "audio/wav" => new("audio/wav", ".wav", true),
        "audio/mpeg" => new("audio/mpeg", ".mp3", true),
        "audio/ogg" => new("audio/ogg", ".ogg", true),
        "audio/flac" => new("audio/flac", ".flac", true),
        "video/mp4" => new("video/mp4", ".mp4", true),
        "video/webm" => new("video/webm", ".webm", true),
        "application/pdf" => new("application/pdf", ".pdf", false),
        // A frame of MP3 without a tag before it: too little to find media by, enough to name them.
        _ when start is [0xFF, 0xFB or 0xF3 or 0xF2, ..] => new("audio/mpeg", ".mp3", true),
        _ => new(Unknown, ".bin", false),
    };

    /// <summary>The type of bytes that say what they are beyond doubt; null for all others.</summary>
    public static string? OfMagic(ReadOnlySpan<byte> start) => start switch
    {
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, ..] => "image/png",
        [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', (byte)'7' or (byte)'9', (byte)'a', ..] => "image/gif",
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => "image/webp",
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'A', (byte)'V', (byte)'E', ..] => "audio/wav",
        [(byte)'I', (byte)'D', (byte)'3', < 5, ..] => "audio/mpeg",
        [(byte)'O', (byte)'g', (byte)'g', (byte)'S', ..] => "audio/ogg",
        [(byte)'f', (byte)'L', (byte)'a', (byte)'C', ..] => "audio/flac",
        [0, 0, 0, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', ..] => "video/mp4",
        [0x1A, 0x45, 0xDF, 0xA3, ..] => "video/webm",
        [(byte)'%', (byte)'P', (byte)'D', (byte)'F', (byte)'-', ..] => "application/pdf",
        _ => null,
    };

    /// <summary>A declared type in lower case, without parameters; null when it is none.</summary>
    public static string? Clean(ReadOnlySpan<char> declared)
    {
        var semicolon = declared.IndexOf(';');
        if (semicolon >= 0) declared = declared[..semicolon];
        declared = declared.Trim();
        if (declared.Length > Longest) return null;
        var type = new string(declared).ToLowerInvariant();
        var slash = type.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && slash < type.Length - 1 && !type.AsSpan(0, slash).ContainsAnyExcept(Letters) && !type.AsSpan(slash + 1).ContainsAnyExcept(Letters) ? type : null;
    }
}
