using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Callwatch.Client.Api;

namespace Callwatch.Client.Records;

/// <summary>How a request ended.</summary>
internal abstract record Sending
{
    private Sending()
    {
    }

    /// <summary>It is on the server's disk, but for what it refused.</summary>
    public sealed record Done(int Taken, IReadOnlyList<ApiRejectedRecord> Refused) : Sending;

    /// <summary>May pass later.</summary>
    public sealed record Later(string Why, TimeSpan? After) : Sending;

    /// <summary>The same bytes would be refused again.</summary>
    public sealed record Never(string Why) : Sending;
}

/// <summary>Sends over a client of its own, which no instrumentation sees: records must not make traces of their own.</summary>
internal sealed class RecordSender : IDisposable
{
    private readonly HttpClient http;

    public RecordSender(RecorderOptions options)
    {
        // Without a propagator the handler makes no activities and sends no trace context.
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ActivityHeadersPropagator = null, PooledConnectionLifetime = TimeSpan.FromMinutes(10) })
        {
            BaseAddress = new Uri(options.Endpoint.AbsoluteUri.TrimEnd('/') + "/"),
            Timeout = options.Timeout,
        };
        if (options.ApiKey is { } key) http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public async Task<Sending> SendAsync(RecordPack pack, CancellationToken cancel)
    {
        try
        {
            using var content = new ByteArrayContent(pack.ToBody());
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await http.PostAsync(new Uri(pack.Path, UriKind.Relative), content, cancel).ConfigureAwait(false);
            return await ReadAsync(response, pack, cancel).ConfigureAwait(false);
        }
        // Whatever it is, such as the bare SocketException of a connection closed at once: one that got out would end the recorder for good.
        catch (Exception e) when (e is not OutOfMemoryException && !(e is OperationCanceledException && cancel.IsCancellationRequested))
        {
            return new Sending.Later(e is OperationCanceledException ? "time-out" : "no connection", null);
        }
    }

    public void Dispose() => http.Dispose();

    private static async Task<Sending> ReadAsync(HttpResponseMessage response, RecordPack pack, CancellationToken cancel)
    {
        var status = (int)response.StatusCode;
        if (response.IsSuccessStatusCode) return pack.IsFeedback ? new Sending.Done(1, []) : await TakenAsync(response, pack, cancel).ConfigureAwait(false);
        var why = status.ToString(System.Globalization.CultureInfo.InvariantCulture);
        // A missing or wrong key is mended by people: it is worth waiting for, as long as there is room.
        return response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden || status >= 500
            || (pack.IsFeedback && response.StatusCode == HttpStatusCode.NotFound)
            ? new Sending.Later(why, response.Headers.RetryAfter?.Delta)
            : new Sending.Never(why);
    }

    private static async Task<Sending> TakenAsync(HttpResponseMessage response, RecordPack pack, CancellationToken cancel)
    {
        try
        {
            var body = await response.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false);
            if (JsonSerializer.Deserialize(body, ApiJson.Default.ApiRecordsTaken) is { } taken) return new Sending.Done(taken.Accepted, taken.Rejected);
        }
        catch (JsonException)
        {
            // Some other receiver; its status says that it took them.
        }

        return new Sending.Done(pack.Items.Count, []);
    }
}
