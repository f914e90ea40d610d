using System.Globalization;

namespace Callwatch.Media;

/// <summary>
/// Where media of a tenant lie: <c>1/ab/ab12...</c>, and beside each piece an empty file for each app that refers to it,
/// <c>ab12....7.20261122</c>, which says that it was received for it on that UTC day. All of it in names: a copy by any tool keeps them.
/// </summary>
internal static class MediaNames
{
    public const string Incoming = "incoming";

    private const string DayFormat = "yyyyMMdd";

    public static string Folder(string root, int tenantId, MediaHash hash) => Path.Combine(root, tenantId.ToString(CultureInfo.InvariantCulture), hash.Folder);

    public static string Marker(MediaHash hash, int appId, DateOnly day) =>
        string.Create(CultureInfo.InvariantCulture, $"{hash}.{appId}.{day.ToString(DayFormat, CultureInfo.InvariantCulture)}");

    /// <summary>What all markers of an app for a piece begin with.</summary>
    public static string MarkerStart(MediaHash hash, int appId) => string.Create(CultureInfo.InvariantCulture, $"{hash}.{appId}.");

    /// <summary>Reads the name of a piece or a marker; false for anything else.</summary>
    /// <param name="marker">Null for the piece itself.</param>
    public static bool TryRead(ReadOnlySpan<char> name, out MediaHash hash, out (int AppId, DateOnly Day)? marker)
    {
        marker = null;
        hash = default;
        if (name.Length < MediaHash.Length || !MediaHash.TryParse(name[..MediaHash.Length], out hash)) return false;
        var rest = name[MediaHash.Length..];
        if (rest.IsEmpty) return true;
        if (rest[0] != '.' || rest[1..].IndexOf('.') is not (> 0 and var dot)) return false;
        if (!int.TryParse(rest.Slice(1, dot), NumberStyles.None, CultureInfo.InvariantCulture, out var appId)) return false;
        if (!DateOnly.TryParseExact(rest[(dot + 2)..], DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)) return false;
        marker = (appId, day);
        return true;
    }
}
