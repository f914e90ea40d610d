using System.IO.Compression;
using System.Net.Http.Headers;

namespace Callwatch.Client.Sentry.Envelopes;

/// <summary>How a request ended.</summary>
internal enum Sending
{
    /// <summary>Taken.</summary>
    Done,

    /// <summary>Refused for its quota: Sentry has counted it itself.</summary>
    Limited,

    /// <summary>Refused; the same bytes would be refused again.</summary>
    Refused,

    /// <summary>No answer at all: may be tried again.</summary>
    Lost,
}

/// <summary>Sends over a client of its own, which no instrumentation sees: reports must not make traces or reports of their own.</summary>
internal sealed class EnvelopeSender : IDisposable
{
    private const int MostOfAnswer = 64 << 10;

    private readonly HttpClient http;
    private readonly RateLimits limits;
    private readonly TimeProvider time;
    private readonly Uri address;

    public EnvelopeSender(Dsn dsn, TimeSpan timeout, RateLimits limits, TimeProvider time)
    {
        (this.limits, this.time, address) = (limits, time, dsn.Envelopes);
        // Without a propagator the handler makes no activities and sends no trace context.
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ActivityHeadersPropagator = null, PooledConnectionLifetime = TimeSpan.FromMinutes(10) })
        {
            Timeout = timeout,
            MaxResponseContentBufferSize = MostOfAnswer,
        };
        http.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", EventJson.SdkName + "/" + EventJson.SdkVersion);
        http.DefaultRequestHeaders.TryAddWithoutValidation(
            "X-Sentry-Auth",
            $"Sentry sentry_version=7, sentry_client={EventJson.SdkName}/{EventJson.SdkVersion}, sentry_key={dsn.PublicKey}" + (dsn.Secret is null ? "" : ", sentry_secret=" + dsn.Secret));
    }

    /// <summary>Why the last request was not taken; for people, without anything of the envelope.</summary>
    public string Why { get; private set; } = "";

    public async Task<Sending> SendAsync(byte[] envelope, CancellationToken cancel)
    {
        try
        {
            using var request = Request(envelope);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel).ConfigureAwait(false);
            return Read(response);
        }
        // Whichever it is: HttpClient lets more out than its own, a bare SocketException for instance, and there is nobody above who could know better.
        catch (Exception e) when (e is not OutOfMemoryException && !(e is OperationCanceledException && cancel.IsCancellationRequested))
        {
            return Lost(e);
        }
    }

    /// <summary>On this very thread, because the process is about to end and the pool may not run any more.</summary>
    public Sending SendNow(byte[] envelope, TimeSpan within)
    {
        try
        {
            using var limit = new CancellationTokenSource(within);
            using var request = Request(envelope);
            using var response = http.Send(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return Read(response);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Lost(e);
        }
    }

    public void Dispose() => http.Dispose();

    private HttpRequestMessage Request(byte[] envelope)
    {
        using var packed = new MemoryStream(envelope.Length / 2);
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(envelope);
        var content = new ByteArrayContent(packed.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-sentry-envelope");
        content.Headers.ContentEncoding.Add("gzip");
        return new HttpRequestMessage(HttpMethod.Post, address) { Content = content };
    }

    private Sending Read(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        limits.Take(status, response.Headers.TryGetValues("X-Sentry-Rate-Limits", out var values) ? string.Join(',', values) : null, RetryAfter(response.Headers.RetryAfter));
        if (response.IsSuccessStatusCode) return Sending.Done;
        Why = "HTTP " + status.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (status == 429) return Sending.Limited;
        var said = response.Headers.TryGetValues("X-Sentry-Error", out var errors) ? string.Join(' ', errors) : "";
        SentryEvents.Log.Refused(status, said.Length > 200 ? said[..200] : said);
        return Sending.Refused;
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? said) => said switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - time.GetUtcNow(),
        _ => null,
    };

    private Sending Lost(Exception e)
    {
        Why = e is OperationCanceledException ? "time-out" : "no connection";
        return Sending.Lost;
    }
}
