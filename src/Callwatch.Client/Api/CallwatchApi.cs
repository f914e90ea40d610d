using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Callwatch.Client.Api;

/// <summary>
/// The reading API over HTTP. The <see cref="HttpClient"/> brings the address (with a slash at its end when it has a path), the key
/// and the timeout. A refusal is a value; an unreachable server is an <see cref="HttpRequestException"/>.
/// </summary>
/// <param name="http">The client to ask with.</param>
public sealed class CallwatchApi(HttpClient http)
{
    /// <summary>A page of model calls.</summary>
    public Task<ApiAnswer<ApiPage<ApiSpan>>> CallsAsync(ApiQuery query, CancellationToken cancel = default) =>
        GetAsync(query.On("api/v1/calls"), ApiJson.Default.ApiPageApiSpan, cancel);

    /// <summary>A page of traces.</summary>
    public Task<ApiAnswer<ApiPage<ApiTraceSummary>>> TracesAsync(ApiQuery query, CancellationToken cancel = default) =>
        GetAsync(query.On("api/v1/traces"), ApiJson.Default.ApiPageApiTraceSummary, cancel);

    /// <summary>A trace with its spans, at most 10,000 at a time.</summary>
    public Task<ApiAnswer<ApiTrace>> TraceAsync(string traceId, ApiQuery? page = null, CancellationToken cancel = default) =>
        GetAsync((page ?? new ApiQuery()).On($"api/v1/traces/{Uri.EscapeDataString(traceId)}"), ApiJson.Default.ApiTrace, cancel);

    /// <summary>A span with its bodies.</summary>
    public Task<ApiAnswer<ApiSpanDetails>> SpanAsync(string traceId, string spanId, CancellationToken cancel = default) =>
        GetAsync($"api/v1/spans/{Uri.EscapeDataString(traceId)}/{Uri.EscapeDataString(spanId)}", ApiJson.Default.ApiSpanDetails, cancel);

    /// <summary>Figures over time and by group.</summary>
    public Task<ApiAnswer<ApiStats>> StatsAsync(ApiQuery query, CancellationToken cancel = default) =>
        GetAsync(query.On("api/v1/stats"), ApiJson.Default.ApiStats, cancel);

    /// <summary>Daily figures of chats and workflows.</summary>
    public Task<ApiAnswer<ApiReferenceFigures>> ReferenceFiguresAsync(ApiQuery query, CancellationToken cancel = default) =>
        GetAsync(query.On("api/v1/figures/reference"), ApiJson.Default.ApiReferenceFigures, cancel);

    /// <summary>What moved between two windows, and what explains it. Only <c>From</c>, <c>To</c>, <c>Apps</c>, <c>Filter</c> and <c>TimeZone</c> (of the times in the sentences) of the query count.</summary>
    /// <param name="query">The later window.</param>
    /// <param name="baseline">The earlier one; null leaves it to the server: the same time a week ago, else the time just before.</param>
    /// <param name="figure"><c>latency</c>, <c>ttft</c>, <c>errors</c>, <c>cost</c> or <c>calls</c>; null is the one that moved most.</param>
    /// <param name="cancel">Gives up.</param>
    public Task<ApiAnswer<ApiComparison>> CompareAsync(ApiQuery query, (string From, string To)? baseline = null, string? figure = null, CancellationToken cancel = default)
    {
        var uri = new StringBuilder(query.On("api/v1/compare"));
        ApiQuery.Add(uri, "baseline_from", baseline?.From);
        ApiQuery.Add(uri, "baseline_to", baseline?.To);
        ApiQuery.Add(uri, "figure", figure);
        return GetAsync(uri.ToString(), ApiJson.Default.ApiComparison, cancel);
    }

    /// <summary>Known values of a field, most used first.</summary>
    public Task<ApiAnswer<ApiPage<ApiFacetValue>>> FacetAsync(string field, ApiQuery query, CancellationToken cancel = default) =>
        GetAsync(query.On($"api/v1/facets/{Uri.EscapeDataString(field)}"), ApiJson.Default.ApiPageApiFacetValue, cancel);

    /// <summary>Groups of failed calls, most frequent first; with <see cref="ApiQuery.Since"/> those alone that came with a release or a version of a prompt.</summary>
    public Task<ApiAnswer<ApiPage<ApiErrorGroup>>> ErrorsAsync(ApiQuery query, CancellationToken cancel = default) =>
        GetAsync(query.On("api/v1/errors"), ApiJson.Default.ApiPageApiErrorGroup, cancel);

    /// <summary>A page of sessions.</summary>
    public Task<ApiAnswer<ApiPage<ApiSession>>> SessionsAsync(ApiQuery query, CancellationToken cancel = default) =>
        GetAsync(query.On("api/v1/sessions"), ApiJson.Default.ApiPageApiSession, cancel);

    /// <summary>A page of users.</summary>
    public Task<ApiAnswer<ApiPage<ApiUser>>> UsersAsync(ApiQuery query, CancellationToken cancel = default) =>
        GetAsync(query.On("api/v1/users"), ApiJson.Default.ApiPageApiUser, cancel);

    /// <summary>What became of an id: trace, span, session, user, response, ...</summary>
    public Task<ApiAnswer<ApiLookup>> LookupAsync(string id, CancellationToken cancel = default) =>
        GetAsync($"api/v1/lookup/{Uri.EscapeDataString(id)}", ApiJson.Default.ApiLookup, cancel);

    /// <summary>How the instance is.</summary>
    public Task<ApiAnswer<ApiSystem>> SystemAsync(CancellationToken cancel = default) => GetAsync("api/v1/system", ApiJson.Default.ApiSystem, cancel);

    /// <summary>The kinds of platforms that traces can be sent to, with their fields.</summary>
    public Task<ApiAnswer<ApiList<ApiDestinationKind>>> DestinationKindsAsync(CancellationToken cancel = default) =>
        GetAsync("api/v1/destination-kinds", ApiJson.Default.ApiListApiDestinationKind, cancel);

    /// <summary>A page of the destinations. Only <c>Limit</c> and <c>Cursor</c> of the query count.</summary>
    public Task<ApiAnswer<ApiList<ApiDestination>>> DestinationsAsync(ApiQuery? page = null, CancellationToken cancel = default) =>
        GetAsync((page ?? new ApiQuery()).On("api/v1/destinations"), ApiJson.Default.ApiListApiDestination, cancel);

    /// <summary>How a destination's lane is.</summary>
    public Task<ApiAnswer<ApiDestinationStatus>> DestinationStatusAsync(int id, CancellationToken cancel = default) =>
        GetAsync($"api/v1/destinations/{id.ToString(System.Globalization.CultureInfo.InvariantCulture)}/status", ApiJson.Default.ApiDestinationStatus, cancel);

    /// <summary>A page of what a destination has refused for good, newest first. Only <c>Limit</c> and <c>Cursor</c> of the query count.</summary>
    public Task<ApiAnswer<ApiList<ApiDeadLetter>>> DeadLettersAsync(int id, ApiQuery? page = null, CancellationToken cancel = default) =>
        GetAsync((page ?? new ApiQuery()).On($"api/v1/destinations/{id.ToString(System.Globalization.CultureInfo.InvariantCulture)}/dead-letters"), ApiJson.Default.ApiListApiDeadLetter, cancel);

    /// <summary>Calls of a range as a stream; the caller disposes it.</summary>
    /// <param name="format"><c>jsonl</c>, <c>csv</c> or <c>otlp</c>.</param>
    /// <param name="query">Which calls.</param>
    /// <param name="cancel">Ends the stream.</param>
    public async Task<ApiAnswer<Stream>> ExportAsync(string format, ApiQuery query, CancellationToken cancel = default)
    {
        var uri = new StringBuilder(query.On("api/v1/export"));
        ApiQuery.Add(uri, "format", format);
        var response = await http.GetAsync(new Uri(uri.ToString(), UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
        if (response.IsSuccessStatusCode) return new ApiAnswer<Stream>.Found(await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false));
        using (response) return new ApiAnswer<Stream>.Refused(await ProblemOf(response, cancel).ConfigureAwait(false));
    }

    /// <summary>Calls as they are stored, until cancelled or the server goes. Only <c>Apps</c> and <c>Filter</c> of the query count.</summary>
    public async Task<ApiAnswer<IAsyncEnumerable<ApiSpan>>> TailAsync(ApiQuery query, CancellationToken cancel = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(query.On("api/v1/tail"), UriKind.Relative));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
        if (response.IsSuccessStatusCode) return new ApiAnswer<IAsyncEnumerable<ApiSpan>>.Found(Calls(response, cancel));
        using (response) return new ApiAnswer<IAsyncEnumerable<ApiSpan>>.Refused(await ProblemOf(response, cancel).ConfigureAwait(false));
    }

    /// <summary>Asks for any JSON of the API.</summary>
    /// <typeparam name="T">What the answer holds.</typeparam>
    /// <param name="path">Path and query, relative to the address.</param>
    /// <param name="type">How to read the answer.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<ApiAnswer<T>> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancel = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        return await SendAsync(request, type, cancel).ConfigureAwait(false);
    }

    /// <summary>Sends any request of the API that is answered with JSON.</summary>
    /// <typeparam name="T">What the answer holds.</typeparam>
    /// <param name="request">The request; the caller disposes it.</param>
    /// <param name="type">How to read the answer.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<ApiAnswer<T>> SendAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> type, CancellationToken cancel = default)
    {
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode) return new ApiAnswer<T>.Refused(await ProblemOf(response, cancel).ConfigureAwait(false));
        var body = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            try
            {
                var value = await JsonSerializer.DeserializeAsync(body, type, cancel).ConfigureAwait(false);
                return value is null ? NotCallwatch() : new ApiAnswer<T>.Found(value);
            }
            catch (JsonException)
            {
                return NotCallwatch();
            }
        }

        static ApiAnswer<T>.Refused NotCallwatch() =>
            new(new ApiProblem { Title = "Not Callwatch", Detail = "The server's answer is not what this API answers; is the address right?", Code = "not_callwatch" });
    }

    private static async IAsyncEnumerable<ApiSpan> Calls(HttpResponseMessage response, [EnumeratorCancellation] CancellationToken cancel)
    {
        using (response)
        {
            var body = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
            var events = SseParser.Create(body, (type, data) => type == "call" ? JsonSerializer.Deserialize(data, ApiJson.Default.ApiSpan) : null);
            await foreach (var item in events.EnumerateAsync(cancel).ConfigureAwait(false))
                if (item.Data is { } call) yield return call;
        }
    }

    private static async Task<ApiProblem> ProblemOf(HttpResponseMessage response, CancellationToken cancel)
    {
        if (response.Content.Headers.ContentType?.MediaType is "application/problem+json" or "application/json")
        {
            try
            {
                var body = await response.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false);
                if (JsonSerializer.Deserialize(body, ApiJson.Default.ApiProblem) is { } problem) return problem with { Status = (int)response.StatusCode };
            }
            catch (JsonException)
            {
                // Whatever answered, the status is all there is to say.
            }
        }

        return new ApiProblem { Status = (int)response.StatusCode, Title = response.ReasonPhrase, Code = "http_" + ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture) };
    }
}
