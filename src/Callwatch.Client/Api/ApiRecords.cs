namespace Callwatch.Client.Api;

/// <summary>What became of a request with trace records.</summary>
public sealed record ApiRecordsTaken
{
    /// <summary>How many were taken; they are on disk.</summary>
    public required int Accepted { get; init; }

    /// <summary>Those that were not; sending them again as they are ends the same way.</summary>
    public required IReadOnlyList<ApiRejectedRecord> Rejected { get; init; }

    /// <summary>The traces of those that were taken, each once: 32 hex digits.</summary>
    public required IReadOnlyList<string> TraceIds { get; init; }
}

/// <summary>A record that was not taken.</summary>
/// <param name="Index">Its place in the body, from 0.</param>
/// <param name="Code">For programs: <c>required</c>, <c>unknown_type</c>, <c>wrong_type</c>, <c>not_whole</c>, <c>out_of_range</c>, <c>bad_time</c>, <c>bad_trace_id</c>, <c>too_many</c>, <c>too_large</c>.</param>
/// <param name="Field">Which field, with the node it lies in: <c>nodes[2].start_time</c>; empty where it is the record as a whole.</param>
/// <param name="Message">For people: what is wrong, and what is right.</param>
public sealed record ApiRejectedRecord(int Index, string Code, string Field, string Message);

/// <summary>A judgement on a trace or a message.</summary>
public sealed record ApiFeedbackWish
{
    /// <summary>A W3C trace id, a UUID, or the external id the records of the trace were sent with. One of this and <see cref="MessageId"/>.</summary>
    public string? TraceId { get; init; }

    /// <summary>Of a message record.</summary>
    public string? MessageId { get; init; }

    /// <summary>What is judged. Default <c>user</c>.</summary>
    public string? Name { get; init; }

    /// <summary>How good it is; for <c>user</c> above 0 is a like, below 0 a dislike.</summary>
    public double? Value { get; init; }

    /// <summary>In words. One of this and <see cref="Value"/> at least.</summary>
    public string? Comment { get; init; }
}
