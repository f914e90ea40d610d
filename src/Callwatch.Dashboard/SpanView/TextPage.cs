using System.Text;
using Callwatch.Dashboard.Frame;
using Callwatch.Query;
using Callwatch.Spans;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.SpanView;

/// <summary>One text of a span, from a character on: as a part of a page for a script, whole and plain for a person.</summary>
internal static class TextPage
{
    public static async Task<IResult> GetAsync(Visit visit, TraceId traceId, SpanId spanId, string at, TraceQueries traces, HttpContext http, CancellationToken cancel, int from = 0)
    {
        if (await traces.FindSpanAsync(visit.Scope, traceId, spanId, cancel) is not { } details || SpanTexts.Find(details, at) is not { } text || from < 0)
            return Results.NotFound();
        if (!http.Request.Headers.ContainsKey("HX-Request")) return Results.Text(text, "text/plain", Encoding.UTF8);
        return visit.Render<RestOfText>((nameof(RestOfText.Details), details), (nameof(RestOfText.Text), text), (nameof(RestOfText.At), at), (nameof(RestOfText.From), from));
    }
}
