using System.Text.Json;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Dashboard.Frame;
using Callwatch.Journal;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Problems = Callwatch.Server.Access.Problems;

namespace Callwatch.Server.Endpoints;

/// <summary>Lets a reader go on that waits for a person's word: as JSON for programs, as a form for the page of the system.</summary>
internal static class ReaderEndpoints
{
    public static void MapReaders(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/system/readers/{name}/continue", ContinueAsync).RequireScope(KeyScopes.Operator).WithTags("System").WithName("ContinueReader")
            .WithSummary("Lets a reader go on that stands in another journal or beyond the head: with the next record (head), the oldest (first), or a number.")
            .Accepts<ApiContinue>("application/json").Produces<ApiContinued>().ProducesProblem(404).ProducesProblem(409).ProducesProblem(422);
        routes.MapPost(Place.System + "/readers/{name}/continue", ContinueByFormAsync).RequireScope(KeyScopes.Operator).ExcludeFromDescription();
    }

    private static async Task<IResult> ContinueAsync(HttpContext http, string name, ReaderChoices choices, IEnumerable<IJournalReader> readers)
    {
        var (wish, problem) = await JsonBody.ReadAsync(http, ApiJson.Default.ApiContinue);
        if (wish is null) return problem!;
        var text = wish.At is { ValueKind: JsonValueKind.String } word ? word.GetString() : wish.At is { ValueKind: JsonValueKind.Number } number ? number.GetRawText() : null;
        return Choose(http, name, text, choices, readers) switch
        {
            (GoOnAnswer.GoesOn on, _) => TypedResults.Json(new ApiContinued(name, on.After.Epoch.ToString(), on.After.Number), ApiJson.Default.ApiContinued),
            (_, var refusal) => refusal!,
        };
    }

    private static async Task<IResult> ContinueByFormAsync(HttpContext http, string name, ReaderChoices choices, IEnumerable<IJournalReader> readers)
    {
        if (!http.Request.HasFormContentType) return Problems.Of(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "Send the form of the page.");
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var at = form["at"].ToString();
        var (answer, refusal) = Choose(http, name, at == "number" ? form["number"].ToString().Trim() : at, choices, readers);
        if (answer is null) return refusal!;
        http.Response.Headers.Location = (http.Request.PathBase + Place.System).ToString();
        return TypedResults.StatusCode(StatusCodes.Status303SeeOther);
    }

    private static (GoOnAnswer.GoesOn? Answer, IResult? Refusal) Choose(HttpContext http, string name, string? at, ReaderChoices choices, IEnumerable<IJournalReader> readers)
    {
        if (readers.All(reader => reader.Name != name)) return (null, Problems.NotFound("No reader of the journal has this name."));
        if (GoOn.Parse(at) is not { } where) return (null, Problems.Unprocessable("at", "It must be \"head\", \"first\", or the number of the record to go on with."));
        return choices.Choose(name, where, http.Caller().Who) switch
        {
            GoOnAnswer.GoesOn on => (on, null),
            GoOnAnswer.OutOfRange range => (null, Problems.Unprocessable("at", $"The journal holds the records {range.First} to {range.Head}.")),
            _ => (null, Problems.Conflict("The reader waits for nobody: it goes on by itself.", "not_waiting")),
        };
    }
}
