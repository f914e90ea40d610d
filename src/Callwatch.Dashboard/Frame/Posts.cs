using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Frame;

/// <summary>What the takers of forms have in common: what went well leads to a page (303), so that nothing is sent twice.</summary>
internal static class Posts
{
    public static async Task<IFormCollection> FormAsync(this HttpContext http, CancellationToken cancel) =>
        http.Request.HasFormContentType ? await http.Request.ReadFormAsync(cancel) : FormCollection.Empty;

    public static IResult GoTo(HttpContext http, Visit visit, Place place, string part = "")
    {
        http.Response.Headers.Location = visit.Href(place) + part;
        return TypedResults.StatusCode(StatusCodes.Status303SeeOther);
    }
}
