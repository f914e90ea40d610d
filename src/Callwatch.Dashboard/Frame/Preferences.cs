using Callwatch.Dashboard.Language;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Frame;

/// <summary>Remembers the language, theme, zone and columns that an address asks for. They carry no rights, so a link may set them.</summary>
internal static class Preferences
{
    public static void Remember(HttpContext http)
    {
        var query = http.Request.Query;
        if (query.TryGetValue("lang", out var language)) Set(http, Visit.LanguageCookie, Words.All.FirstOrDefault(words => words.Code == language)?.Code);
        if (query.TryGetValue("theme", out var theme)) Set(http, Visit.ThemeCookie, theme == "light" || theme == "dark" ? theme.ToString() : null);
        if (query.TryGetValue("tz", out var zone)) Set(http, Visit.ZoneCookie, Zones.Find(zone)?.Id);
        if (query.TryGetValue("columns", out var columns)) Set(http, Visit.ColumnsCookie, Calls.CallColumns.Written(Calls.CallColumns.Read(columns)));
    }

    /// <summary>Null forgets.</summary>
    private static void Set(HttpContext http, string name, string? value)
    {
        var path = http.Request.PathBase.HasValue ? http.Request.PathBase.Value : "/";
        var options = new CookieOptions { Path = path, MaxAge = TimeSpan.FromDays(400), SameSite = SameSiteMode.Strict, Secure = http.Request.IsHttps, IsEssential = true };
        if (value is null) http.Response.Cookies.Delete(name, options);
        else http.Response.Cookies.Append(name, value, options);
    }
}
