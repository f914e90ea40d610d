namespace Callwatch.Client.Records;

/// <summary>
/// Hands business traces over to Callwatch. Never waits and never throws into the application: a record is put into a bounded queue and sent in
/// the background; what cannot be kept is dropped and counted by reason.
/// </summary>
public interface ICallwatchRecorder
{
    /// <summary>What has become of the records so far.</summary>
    RecorderCounts Counts { get; }

    /// <summary>Takes a record; false when the queue is full or the recorder has been stopped, and the record is dropped.</summary>
    bool Record(TraceRecord record);

    /// <summary>Takes a judgement; false as above.</summary>
    bool Feedback(FeedbackRecord feedback);

    /// <summary>Completes when everything taken before has been sent, spooled or dropped.</summary>
    /// <param name="cancel">Gives up waiting; nothing is dropped by it.</param>
    Task FlushAsync(CancellationToken cancel = default);
}

/// <summary>What has become of records.</summary>
/// <param name="Taken">Put into the queue.</param>
/// <param name="Sent">Acknowledged by the server: they are on its disk.</param>
/// <param name="QueueFull">Dropped: the queue was full.</param>
/// <param name="Refused">Dropped: the server said what is wrong with them, and would say so again.</param>
/// <param name="SpoolFull">Dropped: the spool folder was full, and they were its oldest.</param>
/// <param name="Unreadable">Dropped: a file of the spool folder could not be read, or a record could not be written as JSON.</param>
/// <param name="Stopped">Dropped: the host ended before they could be sent, and there is no spool folder.</param>
/// <param name="Retries">Requests that failed and were made again.</param>
public sealed record RecorderCounts(long Taken, long Sent, long QueueFull, long Refused, long SpoolFull, long Unreadable, long Stopped, long Retries);
