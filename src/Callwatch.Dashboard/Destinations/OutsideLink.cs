namespace Callwatch.Dashboard.Destinations;

/// <summary>Links to platforms: they are made of what people configured and platforms answered, so only plain web addresses become links.</summary>
internal static class OutsideLink
{
    /// <summary>The address as it is linked to; null when it is none that may be.</summary>
    public static string? Of(string? address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0 ? uri.AbsoluteUri : null;
}
