using Callwatch.Dashboard.Language;
using Callwatch.Telemetry;

namespace Callwatch.Dashboard.SystemState;

/// <summary>What the reasons mean, for who has to do something about them.</summary>
internal static class ReasonTexts
{
    public static string Say(Reason reason, Words words) => Text(reason) is { } text ? words[text] : reason.Word().Replace('_', ' ');

    private static string? Text(Reason reason) => reason switch
    {
        Reason.BodyTooLarge => "refused: the body is larger than allowed",
        Reason.InflatedTooLarge => "refused: the body is larger than allowed once unpacked",
        Reason.MalformedBody => "refused: the body is not what its type says",
        Reason.UnsupportedMediaType => "refused: a Content-Type that is not OTLP",
        Reason.UnsupportedEncoding => "refused: a Content-Encoding that is not known",
        Reason.TooManyInFlight => "sent away for a while: too much in memory at once",
        Reason.JournalBusy => "sent away for a while: the disk did not keep up",
        Reason.JournalUnavailable => "sent away: nothing could be written",
        Reason.SlowSender => "closed: the sender was too slow",
        Reason.TooManySpans => "refused: more spans than one request may have",
        Reason.NestingTooDeep => "cut: values nested too deeply",
        Reason.BadTraceId => "refused: a trace id that is none",
        Reason.BadSpanId => "refused: a span id that is none",
        Reason.BadTime => "refused: a time that cannot be",
        Reason.RecordRefused => "refused: a trace record whose sender was told which field is wrong",
        Reason.PendingSpan => "left out: the span had not ended",
        Reason.BadParentId => "mended: a parent id that is none",
        Reason.InvalidUtf8 => "mended: text that was not UTF-8",
        Reason.DuplicateKey => "mended: an attribute named twice",
        Reason.NotANumber => "mended: a number that is none",
        Reason.EndBeforeStart => "mended: the end lay before the start",
        Reason.ClockAhead => "mended: the sender's clock is more than a day ahead",
        Reason.TooManyAttributes => "cut: more attributes than a span may have",
        Reason.TextCut => "cut: a text longer than allowed",
        Reason.MediaStored => "kept in a file of its own: an image, sound or file in a message",
        Reason.MediaTooLarge => "left out: an image, sound or file larger than allowed",
        Reason.MediaMalformed => "kept as text: a data URL that is not base64",
        Reason.MediaUnavailable => "sent away for a while: the media in it could not be written",
        Reason.NoDestinationKeepsMetrics => "let go: nobody keeps metrics",
        Reason.NoDestinationKeepsLogs => "let go: nobody keeps logs that belong to no call",
        Reason.AppBoundReached => "kept under the app other: too many apps",
        Reason.RecordUnreadable => "set aside: a record that could not be read again",
        Reason.TornTail => "cut: a record that was being written when the power went",
        Reason.DamagedRecord => "set aside: a damaged record",
        Reason.DamagedSearchFile => "set aside: a damaged file of the full-text index",
        Reason.DamagedSegment => "set aside: a damaged segment",
        Reason.MissingRecord => "missing: a record whose file has vanished from the journal",
        Reason.ExpiredByAge => "removed: past its retention",
        Reason.ExpiredByDisk => "removed: the disk had no room",
        Reason.SpanReplaced => "replaced: the same span came again",
        Reason.CallMerged => "not counted: the same call, recorded twice",
        Reason.TraceTooLong => "judged apart: a trace of more than 100,000 spans",
        Reason.MediaExpiredByAge => "removed: media that no kept request refers to",
        Reason.MediaExpiredByDisk => "removed: media, because room was needed",
        Reason.PastRetention => "left out: older than what is kept",
        Reason.RowsExpiredByDisk => "rows removed early: the disk had no room",
        Reason.ErrorGroupForgotten => "forgotten: a group of errors without rows, of an app with very many",
        Reason.ExpiredBeforeDelivery => "not delivered: too old, or no longer in the journal",
        Reason.RefusedByPlatform => "refused by a destination: see its dead letters",
        Reason.DeadLetterExpired => "removed: a dead letter that could not be sent again any more",
        Reason.DamagedSettledFile => "set aside: a damaged file of the settled traces, which settle once more",
        Reason.DamagedForwardFile => "set aside: a damaged file of places and dead letters of destinations",
        Reason.DamagedPartition => "set aside: a damaged file of the store",
        _ => null,
    };
}
