using System.Globalization;

namespace Callwatch.Media;

/// <summary>
/// What stands in a payload where media stood: <c>callwatch-media:&lt;sha256&gt;;type=image/png;bytes=12345</c>. Without quotes, backslashes
/// and spaces, so that it is the same in JSON, and in JSON within JSON.
/// </summary>
/// <param name="Type">As its sender declared it, else as its first bytes say.</param>
/// <param name="Bytes">Size of the media themselves, not of their base64.</param>
/// <param name="IsKept">False when they were too large to be kept at all.</param>
public readonly record struct MediaReference(MediaHash Hash, string Type, long Bytes, bool IsKept = true)
{
    public const string Scheme = "callwatch-media:";

    private const string NotKept = ";not_kept=too_large";

    /// <summary>Only what is a reference from beginning to end.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out MediaReference reference)
    {
        reference = default;
        if (!text.StartsWith(Scheme, StringComparison.Ordinal)) return false;
        text = text[Scheme.Length..];
        if (text.Length < MediaHash.Length || !MediaHash.TryParse(text[..MediaHash.Length], out var hash)) return false;
        var kept = !text.EndsWith(NotKept, StringComparison.Ordinal);
        var facts = (kept ? text : text[..^NotKept.Length])[MediaHash.Length..];
        var bytesAt = facts.LastIndexOf(";bytes=", StringComparison.Ordinal);
        if (!facts.StartsWith(";type=", StringComparison.Ordinal) || bytesAt < 6) return false;
        if (!long.TryParse(facts[(bytesAt + 7)..], NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)) return false;
        if (MediaTypes.Clean(facts[6..bytesAt]) is not { } type) return false;
        reference = new MediaReference(hash, type, bytes, kept);
        return true;
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Scheme}{Hash};type={Type};bytes={Bytes}{(IsKept ? "" : NotKept)}");
}
