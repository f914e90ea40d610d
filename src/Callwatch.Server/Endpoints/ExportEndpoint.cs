using System.ComponentModel;
using System.Text.Json;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Query;
using Callwatch.Server.Access;
using Callwatch.Spans;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>
/// Everything a filter selects, as one stream: calls as JSON lines or CSV, or whole traces as the OTLP they were received as. Read page
/// by page, each in a transaction of its own; a stream that cannot be finished is broken off, never ended as if it were whole.
/// </summary>
internal static class ExportEndpoint
{
    public static void MapExport(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/export", ExportAsync).RequireScope(KeyScopes.Read).WithTags("Calls").WithName("Export")
            .WithSummary("Calls as JSON lines or CSV, or traces as OTLP protobuf, as a stream.")
            .Produces(200, contentType: "application/x-ndjson", additionalContentTypes: ["text/csv", "application/x-protobuf"]).ProducesProblem(422);

    private static async Task<IResult> ExportAsync(
        [AsParameters] SelectionParameters parameters, HttpContext http, CallQueries calls, TraceQueries traces, TraceExport otlp, Apps apps, TimeProvider time,
        [FromQuery(Name = "format"), Description("`jsonl`, `csv` or `otlp`. Default: `jsonl`.")] string? format,
        [FromQuery(Name = "sort"), Description("As of the lists. Default: `-end`.")] string? sort,
        [FromQuery(Name = "limit"), Description("Most calls, or traces. Default: all.")] string? limit, CancellationToken cancel)
    {
        var (selection, problem) = parameters.Read(http, time);
        if (selection is null) return problem!;
        var (order, badSort) = new ListParameters { Sort = sort }.ReadSort();
        if (order is null) return badSort!;
        var (most, badLimit) = ReadingParameters.ReadLimit(limit, int.MaxValue, int.MaxValue);
        if (badLimit is not null) return badLimit;
        return format switch
        {
            null or "" or "jsonl" => await CallsAsync(http, selection, order, most, calls, new JsonLines(apps), "calls.jsonl", "application/x-ndjson", cancel),
            "csv" => await CallsAsync(http, selection, order, most, calls, new CallCsv(apps), "calls.csv", "text/csv; charset=utf-8", cancel),
            "otlp" => await TracesAsync(http, selection, order, most, traces, otlp, cancel),
            _ => Problems.Unprocessable("format", "'format' is jsonl, csv or otlp."),
        };
    }

    private static Task<IResult> CallsAsync(HttpContext http, Selection selection, SortOrder order, int most, CallQueries calls, ICallWriter writer, string file, string type, CancellationToken cancel) =>
        StreamAsync(
            http, file, type, most,
            (page, next) => calls.ListAsync(selection, order, page, next, cancel),
            writer.Begin,
            (call, body, _) =>
            {
                writer.Write(body, call);
                return Task.CompletedTask;
            },
            cancel);

    private static Task<IResult> TracesAsync(HttpContext http, Selection selection, SortOrder order, int most, TraceQueries traces, TraceExport otlp, CancellationToken cancel) =>
        StreamAsync(
            http, "traces.otlp.pb", "application/x-protobuf", most,
            (page, next) => traces.ListAsync(selection, order, page, next, cancel),
            _ => { },
            async (trace, body, send) =>
            {
                await foreach (var part in otlp.ReadAsync(selection.Scope, trace.TraceId, cancel))
                {
                    await body.WriteAsync(part, cancel);
                    await send();
                }
            },
            cancel);

    private static async Task<IResult> StreamAsync<T>(
        HttpContext http, string file, string type, int most, Func<int, string?, Task<Answer<Page<T>>>> read, Action<Stream> begin, Func<T, Stream, Func<Task>, Task> write, CancellationToken cancel)
    {
        var left = most;
        var answer = await read(Math.Min(left, CallQueries.MaxLimit), null);
        if (answer is not Answer<Page<T>>.Found { Value: var page }) return answer.Problem();
        http.Response.ContentType = type;
        http.Response.Headers.ContentDisposition = $"attachment; filename=\"{file}\"";
        http.Response.Headers.CacheControl = "no-store";
        if (page.RowsFrom is { } rowsFrom) http.Response.Headers["X-Callwatch-Rows-From"] = rowsFrom.ToString();
        if (http.IsHead()) return Results.Empty;
        using var rows = new MemoryStream();
        begin(rows);
        while (true)
        {
            try
            {
                foreach (var item in page.Items)
                {
                    await write(item, rows, SendEnoughAsync);
                    await SendEnoughAsync();
                }
            }
            catch (TimeoutException e)
            {
                return Broken(e.Message);
            }

            await SendAsync();
            left -= page.Items.Count;
            if (page.Next is null || left <= 0) return Results.Empty;
            if (await read(Math.Min(left, CallQueries.MaxLimit), page.Next) is not Answer<Page<T>>.Found { Value: var following }) return Broken("What follows could not be read; ask for less.");
            page = following;
        }

        // Who has none of it yet can be told why; who has some must not take it for all.
        IResult Broken(string why)
        {
            if (http.Response.HasStarted)
            {
                http.Abort();
                return Results.Empty;
            }

            http.Response.Headers.ContentDisposition = default;
            return new Answer<Page<T>>.TooMuch(why).Problem();
        }

        Task SendEnoughAsync() => rows.Length > 1 << 16 ? SendAsync() : Task.CompletedTask;

        async Task SendAsync()
        {
            await http.Response.Body.WriteAsync(rows.GetBuffer().AsMemory(0, (int)rows.Length), cancel);
            rows.SetLength(0);
        }
    }

    private sealed class JsonLines(Apps apps) : ICallWriter
    {
        public void Begin(Stream body)
        {
        }

        public void Write(Stream body, Span call)
        {
            JsonSerializer.Serialize(body, call.ToApi(apps), ApiJson.Default.ApiSpan);
            body.WriteByte((byte)'\n');
        }
    }
}

/// <summary>Writes calls one after another in some format.</summary>
internal interface ICallWriter
{
    void Begin(Stream body);

    void Write(Stream body, Span call);
}
