using System.ComponentModel;
using System.Globalization;
using Callwatch.Query;
using Callwatch.Server.Access;
using Callwatch.Spans;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Callwatch.Server.Endpoints;

/// <summary>The parameters that say which calls: the same on every reading route. Texts, so that a wrong one is answered by name and not by a bare 400.</summary>
internal class SelectionParameters
{
    [FromQuery(Name = "from")]
    [Description("First moment of the range, RFC 3339 or a date. Default: an hour before `to`.")]
    public string? From { get; init; }

    [FromQuery(Name = "to")]
    [Description("End of the range, itself not within it. Default: now.")]
    public string? To { get; init; }

    [FromQuery(Name = "app")]
    [Description("Name of an app; may repeat. Default: all.")]
    public string[]? App { get; init; }

    [FromQuery(Name = "q")]
    [Description("A filter: `model:gpt-4o outcome:error latency>2s`.")]
    public string? Q { get; init; }

    /// <summary>The selection, or the problem with it.</summary>
    public (Selection? Selection, ProblemHttpResult? Problem) Read(HttpContext http, TimeProvider time)
    {
        var now = Timestamp.From(time.GetUtcNow());
        if (!TryTime(To, now, out var to)) return (null, BadTime("to"));
        if (!TryTime(From, to.Plus(TimeSpan.FromHours(-1)), out var from)) return (null, BadTime("from"));
        return (new Selection { Scope = http.Caller().ReadScope, From = from, To = to, Apps = [.. (App ?? []).Where(app => app.Length > 0)], Filter = Q }, null);
    }

    internal static bool TryTime(string? text, Timestamp otherwise, out Timestamp time)
    {
        time = otherwise;
        if (string.IsNullOrEmpty(text)) return true;
        // A '+' that was not escaped arrives as a space.
        if (text.Length > 6 && text[^6] == ' ') text = text[..^6] + "+" + text[^5..];
        if (Timestamp.TryParse(text, out time)) return true;
        if (!DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) || date.Year is < 1970 or > 2261) return false;
        time = Timestamp.From(new DateTimeOffset(date, TimeOnly.MinValue, TimeSpan.Zero));
        return true;
    }

    internal static ProblemHttpResult BadTime(string field) => Problems.Unprocessable(field, $"'{field}' is a time with a zone (2026-09-17T13:00:00Z) or a date (2026-09-17).");
}

/// <summary>The same, with what every list takes besides.</summary>
internal sealed class ListParameters : SelectionParameters
{
    public const int DefaultLimit = 100;

    [FromQuery(Name = "sort")]
    [Description("`end`, `duration`, `ttft`, `cost` or `total_tokens`; with `-` before it, descending. Default: `-end`.")]
    public string? Sort { get; init; }

    [FromQuery(Name = "limit")]
    [Description("Most items, from 1 to 1000. Default: 100.")]
    public string? Limit { get; init; }

    [FromQuery(Name = "cursor")]
    [Description("`next` of the page before. It keeps that page's range.")]
    public string? Cursor
    {
        // Blank is none, as of every other parameter.
        get => string.IsNullOrEmpty(field) ? null : field;
        init;
    }

    public (SortOrder? Sort, ProblemHttpResult? Problem) ReadSort()
    {
        if (string.IsNullOrEmpty(Sort)) return (SortOrder.Newest, null);
        var descending = Sort[0] == '-';
        SortField? field = (descending ? Sort[1..] : Sort) switch
        {
            "end" => SortField.End,
            "duration" => SortField.Duration,
            "ttft" => SortField.Ttft,
            "cost" => SortField.Cost,
            "total_tokens" => SortField.TotalTokens,
            _ => null,
        };
        return field is { } known ? (new SortOrder(known, descending), null)
            : (null, Problems.Unprocessable("sort", "'sort' is end, duration, ttft, cost or total_tokens, with '-' before it for descending."));
    }
}

internal static class ReadingParameters
{
    /// <summary>A whole number from 1 to the greatest allowed; null is taken for the default.</summary>
    public static (int Value, ProblemHttpResult? Problem) ReadLimit(string? text, int otherwise, int most)
    {
        if (string.IsNullOrEmpty(text)) return (otherwise, null);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit >= 1 && limit <= most ? (limit, null)
            : (0, Problems.Unprocessable("limit", string.Create(CultureInfo.InvariantCulture, $"'limit' is a whole number from 1 to {most}.")));
    }

    /// <summary>The problem of a question that has no answer.</summary>
    public static IResult Problem<T>(this Answer<T> answer) => answer switch
    {
        Answer<T>.Invalid invalid => Problems.Unprocessable(invalid.Field, invalid.Message, invalid.Offset, invalid.Code ?? (invalid.Field == "q" ? "bad_filter" : "invalid")),
        Answer<T>.TooMuch { RetryAfter: { } after, MetDamage: true } damaged => Problems.TryLater(StatusCodes.Status503ServiceUnavailable, "damaged_file", damaged.Message, after),
        Answer<T>.TooMuch { RetryAfter: { } after, CannotRead: true } unreadable => Problems.TryLater(StatusCodes.Status503ServiceUnavailable, "cannot_read", unreadable.Message, after),
        Answer<T>.TooMuch { RetryAfter: { } after } busy => Problems.TryLater(StatusCodes.Status429TooManyRequests, "too_many_questions", busy.Message, after),
        Answer<T>.TooMuch tooMuch => Problems.Unprocessable("from", tooMuch.Message, code: "too_much"),
        _ => throw new InvalidOperationException("The question has an answer."),
    };
}
