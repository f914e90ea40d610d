using Callwatch.Telemetry;

namespace Callwatch.Receive;

/// <summary>How a request ended. Messages are fit for an answer: they never hold anything of the contents.</summary>
public abstract record IntakeResult
{
    private IntakeResult()
    {
    }

    /// <summary>Synced, but for what was refused for good.</summary>
    /// <param name="Message">Why something was; null when nothing was.</param>
    public sealed record Accepted(long Rejected = 0, string? Message = null) : IntakeResult;

    /// <summary>Nothing was taken, and the same bytes sent again would end the same way.</summary>
    public abstract record Refused(Reason Reason, string Message) : IntakeResult;

    /// <summary>Not what it claims to be.</summary>
    public sealed record Malformed(string Message) : Refused(Reason.MalformedBody, Message);

    /// <summary>A gRPC call whose prefix does not fit its body.</summary>
    public sealed record BadFrame(string Message) : Refused(Reason.MalformedBody, Message);

    public sealed record TooLarge(Reason Reason, string Message) : Refused(Reason, Message);

    public sealed record UnknownCoding(string Message) : Refused(Reason.UnsupportedEncoding, Message);

    public sealed record TooSlow(string Message) : Refused(Reason.SlowSender, Message);

    /// <summary>Too much at once: the same request will be taken later.</summary>
    public sealed record Busy(Reason Reason, string Message, TimeSpan RetryAfter) : Refused(Reason, Message);

    /// <summary>The journal, or the folder of media, cannot be written now.</summary>
    public sealed record Unavailable(Reason Reason, string Message, TimeSpan RetryAfter) : Refused(Reason, Message);

    /// <summary>The sender left before its request was whole.</summary>
    public sealed record Abandoned : IntakeResult;
}
