using System.Collections.Immutable;
using Callwatch.Dashboard.Language;
using Callwatch.Query;
using Callwatch.Query.Filters;
using Callwatch.Spans;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;

namespace Callwatch.Dashboard.Frame;

/// <summary>One request of one person: where they are, in which language, when, and what they may see.</summary>
public sealed record Visit
{
    public const string LanguageCookie = "cw_lang", ThemeCookie = "cw_theme", ZoneCookie = "cw_tz", ColumnsCookie = "cw_columns", TenantCookie = "cw_tenant";

    private static readonly string[] OwnNames = ["sort", "cursor", "call", "tab", "span", "group", "at", "under", "run", "between", "base", "kind", "before", "done", "by", "model", "provider", "columns", "pick", "a", "b", "id", "made", "watch", "figure", "against", "baseline_from", "baseline_to", "since"];

    public required Place Place { get; init; }

    public required Words Words { get; init; }

    /// <summary><c>light</c> or <c>dark</c>; null leaves it to the system.</summary>
    public string? Theme { get; init; }

    /// <summary>The zone that times are shown in; null for UTC.</summary>
    public TimeZoneInfo? Zone { get; init; }

    /// <summary>Columns of Calls that were chosen once; null for the usual ones.</summary>
    public string? Columns { get; init; }

    public required string PathBase { get; init; }

    /// <summary>Scheme and host as the browser has them, for examples to copy.</summary>
    public required string Origin { get; init; }

    public required Timestamp Now { get; init; }

    public required ReadScope Scope { get; init; }

    public bool SeesInstance { get; init; }

    public bool MayOperate { get; init; }

    public bool MayChange { get; init; }

    /// <summary>The sign-in that is used, as in a list of them; null when there is none.</summary>
    public string? SignIn { get; init; }

    /// <summary>The part of the page a script asks for; null for the whole page.</summary>
    public string? Part { get; init; }

    public Timestamp From => Place.Range.Ends(Now).From;

    public Timestamp To => Place.Range.Ends(Now).To;

    /// <summary>What lists and figures are asked with.</summary>
    public Selection Selection => new()
    {
        Scope = Scope,
        From = From,
        To = To,
        Apps = Place.Apps,
        Filter = Place.Environment is null ? Place.Filter : Chips.And(Place.Filter, FilterPrinter.Term(FilterFields.Environment, null, Place.Environment)),
    };

    /// <summary>In the zone of the page that the form was filled in on: another may have been chosen meanwhile, beside it.</summary>
    public Visit InZoneOf(IFormCollection form) => form.TryGetValue("tz", out var shown) ? this with { Zone = Zones.Find(shown) } : this;

    public string Href(Place place) => place.Href(PathBase);

    /// <summary>The address of an asset or of another fixed path.</summary>
    public string Href(string path) => PathBase + path;

    /// <summary>So that handlers may take a visit as they take a service.</summary>
    public static ValueTask<Visit?> BindAsync(HttpContext http) =>
        ValueTask.FromResult<Visit?>(Of(http, http.RequestServices.GetRequiredService<IViewer>(), http.RequestServices.GetRequiredService<TimeProvider>()));

    public static Visit Of(HttpContext http, IViewer viewer, TimeProvider time)
    {
        var (request, query, now) = (http.Request, http.Request.Query, Timestamp.From(time.GetUtcNow()));
        var restoring = request.Headers.ContainsKey("HX-History-Restore-Request");
        return new Visit
        {
            Place = PlaceOf(request, now),
            Words = Words.Choose(query["lang"], request.Cookies[LanguageCookie], request.Headers.AcceptLanguage),
            Theme = (Blank(query["theme"]) ?? request.Cookies[ThemeCookie]) is var theme && theme is "light" or "dark" ? theme : null,
            Zone = ZoneOf(request),
            Columns = request.Cookies[ColumnsCookie],
            PathBase = request.PathBase.ToUriComponent(),
            Origin = $"{request.Scheme}://{request.Host.ToUriComponent()}",
            Now = now,
            Scope = viewer.Scope,
            SeesInstance = viewer.SeesInstance,
            MayOperate = viewer.MayOperate,
            MayChange = viewer.MayChange,
            SignIn = viewer.SignIn,
            Part = restoring ? null : Blank(request.Headers["HX-Target"]),
        };
    }

    private static Place PlaceOf(HttpRequest request, Timestamp now)
    {
        var query = request.Query;
        return new Place
        {
            Path = request.Path.HasValue ? request.Path.Value! : "/",
            Apps = [.. query["app"].Where(app => !string.IsNullOrWhiteSpace(app)).Select(app => app!).Distinct(StringComparer.Ordinal)],
            Environment = Blank(query["env"]),
            Range = TimeRange.Parse(query["from"], query["to"], now, ZoneOf(request)) ?? TimeRange.Default,
            // A form without script sends each chip and the field beside them as one q each.
            Filter = Blank(string.Join(' ', query["q"].Where(part => !string.IsNullOrWhiteSpace(part)).Select(part => part!.Trim()))),
            Compare = query["compare"] != "off",
            Previous = query["compare"] == "before",
            Zone = ZoneOf(request)?.Id,
            Own = OwnNames.Where(name => Blank(query[name]) is not null).ToImmutableSortedDictionary(name => name, name => query[name].ToString(), StringComparer.Ordinal),
        };
    }

    private static TimeZoneInfo? ZoneOf(HttpRequest request) => Zones.Find(Blank(request.Query["tz"]) ?? request.Cookies[ZoneCookie]);

    private static string? Blank(StringValues value) => string.IsNullOrWhiteSpace(value) ? null : value.ToString();
}
