using System.ComponentModel;
using System.Globalization;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Callwatch.Server.Endpoints.Destinations;

/// <summary>What lists in the order of their numbers take.</summary>
internal sealed class PageParameters
{
    [FromQuery(Name = "limit")]
    [Description("Most items, from 1 to 1000. Default: 100.")]
    public string? Limit { get; init; }

    [FromQuery(Name = "cursor")]
    [Description("`next` of the page before.")]
    public string? Cursor { get; init; }

    /// <summary>Most items, and the number of the last one of the page before.</summary>
    public (int Limit, long? Last, ProblemHttpResult? Problem) Read()
    {
        var (limit, problem) = ReadingParameters.ReadLimit(Limit, ListParameters.DefaultLimit, 1000);
        if (problem is not null) return (0, null, problem);
        if (string.IsNullOrEmpty(Cursor)) return (limit, null, null);
        return long.TryParse(Cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            ? (limit, last, null) : (0, null, Problems.Unprocessable("cursor", "'cursor' is the 'next' of the page before."));
    }
}
