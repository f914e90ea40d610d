using System.Globalization;
using System.Net;

namespace Callwatch.Client.Telemetry.Export;

/// <summary>
/// The last step before the network, for one exporter: notes how each request ended, which the exporter itself does not tell, and can end what hangs.
/// One request at a time.
/// </summary>
internal sealed class ExportGate(HttpMessageHandler inner, Action<ExportOutcome>? onEnded = null) : DelegatingHandler(inner)
{
    private readonly CancellationTokenSource over = new();
    private HttpResponseMessage? answer;
    private string? trouble;

    /// <summary>Before a request.</summary>
    public void Reset() => (answer, trouble) = (null, null);

    /// <summary>
    /// After it; null where the exporter did not even send it. gRPC has its status in the trailers, which are there once the exporter has read the answer.
    /// </summary>
    public ExportOutcome? Outcome() => answer is not null ? Of(answer) : trouble is not null ? new ExportOutcome.Later(trouble, null) : null;

    /// <summary>Ends what is under way, and all that comes.</summary>
    public void Abort()
    {
        try
        {
            over.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Nothing is under way then.
        }
    }

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            return Answered(base.Send(request, either.Token));
        }
        catch (Exception e)
        {
            Failed(e);
            throw;
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            return Answered(await base.SendAsync(request, either.Token).ConfigureAwait(false));
        }
        catch (Exception e)
        {
            Failed(e);
            throw;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) over.Dispose();
        base.Dispose(disposing);
    }

    private HttpResponseMessage Answered(HttpResponseMessage response)
    {
        answer = response;
        onEnded?.Invoke(Of(response));
        return response;
    }

    private void Failed(Exception e)
    {
        trouble = e switch
        {
            OperationCanceledException => "time-out",
            HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } known => known.HttpRequestError.ToString(),
            _ => "no connection",
        };
        onEnded?.Invoke(new ExportOutcome.Later(trouble, null));
    }

    private static ExportOutcome Of(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        var why = status.ToString(CultureInfo.InvariantCulture);
        var after = response.Headers.RetryAfter?.Delta;
        if (response.IsSuccessStatusCode) return OfGrpc(response, after);
        return response.StatusCode switch
        {
            HttpStatusCode.RequestEntityTooLarge => new ExportOutcome.TooLarge(),
            // A missing or wrong key is mended by people: worth waiting for, as long as there is room.
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new ExportOutcome.Later(why, after),
            _ => status >= 500 ? new ExportOutcome.Later(why, after) : new ExportOutcome.Never(why),
        };
    }

    private static ExportOutcome OfGrpc(HttpResponseMessage response, TimeSpan? after)
    {
        var status = Header(response, "grpc-status");
        return status switch
        {
            null or "0" => new ExportOutcome.Taken(),
            // The one status says both "too large" and "not so fast".
            "8" when Header(response, "grpc-message")?.Contains("larger", StringComparison.OrdinalIgnoreCase) == true => new ExportOutcome.TooLarge(),
            "1" or "4" or "7" or "8" or "10" or "11" or "14" or "15" or "16" => new ExportOutcome.Later("gRPC status " + status, after),
            _ => new ExportOutcome.Never("gRPC status " + status),
        };
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) || response.TrailingHeaders.TryGetValues(name, out values) ? values.FirstOrDefault() : null;
}
