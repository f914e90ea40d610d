using Callwatch.Query;

namespace Callwatch.Dashboard.Frame;

/// <summary>The order of a list in the address, as the API writes it: <c>-end</c>, <c>duration</c>.</summary>
public static class Sorts
{
    public static SortOrder Of(Place place)
    {
        var written = place.Find("sort") ?? "";
        var descending = written.StartsWith('-');
        return (descending ? written[1..] : written) switch
        {
            "end" => new SortOrder(SortField.End, descending),
            "duration" => new SortOrder(SortField.Duration, descending),
            "ttft" => new SortOrder(SortField.Ttft, descending),
            "cost" => new SortOrder(SortField.Cost, descending),
            "total_tokens" => new SortOrder(SortField.TotalTokens, descending),
            _ => SortOrder.Newest,
        };
    }

    public static string? Written(SortOrder sort) => sort == SortOrder.Newest ? null : (sort.Descending ? "-" : "") + sort.Field switch
    {
        SortField.Duration => "duration",
        SortField.Ttft => "ttft",
        SortField.Cost => "cost",
        SortField.TotalTokens => "total_tokens",
        _ => "end",
    };
}
