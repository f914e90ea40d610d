namespace Callwatch.Client.Telemetry;

/// <summary>A look at what becomes of telemetry, for health checks and tests. From the container, after <c>AddCallwatch()</c>.</summary>
public interface ICallwatchTelemetry
{
    /// <summary>What has become of spans and metrics so far.</summary>
    TelemetryCounts Counts { get; }

    /// <summary>What is wrong with the settings, a line each; empty when nothing is.</summary>
    IReadOnlyList<string> Troubles { get; }

    /// <summary>Begins, where there is no host to do so. Again, and where the host has begun, it changes nothing.</summary>
    void Start();

    /// <summary>Sends what waits, of both signals. False when that did not succeed in time.</summary>
    /// <param name="within">Longest wait; null for ten seconds.</param>
    /// <param name="cancel">Gives up waiting.</param>
    Task<bool> FlushAsync(TimeSpan? within = null, CancellationToken cancel = default);
}

/// <summary>What has become of spans.</summary>
/// <param name="Exported">Spans the endpoint took.</param>
/// <param name="NotSampled">Left out by the sampling rates.</param>
/// <param name="BufferFull">Dropped: too many spans, or bytes, waited for the end of their local roots.</param>
/// <param name="BufferAge">Dropped: their local root took longer than they may wait.</param>
/// <param name="QueueFull">Dropped: too many waited to be sent.</param>
/// <param name="Refused">Dropped: the endpoint refused them, and would again.</param>
/// <param name="Stopped">Dropped: the host ended before they could be sent.</param>
/// <param name="Retries">Requests with spans that failed and were made again.</param>
/// <param name="MetricFailures">Requests with metrics that failed; the next one carries the same sums.</param>
public sealed record TelemetryCounts(
    long Exported, long NotSampled, long BufferFull, long BufferAge, long QueueFull, long Refused, long Stopped, long Retries, long MetricFailures);
