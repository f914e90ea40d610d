using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Journal.Disk;
using Callwatch.Media;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.MediaParts;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace Callwatch.Receive;

/// <summary>First stage: the way of one OTLP request from its bytes to "accepted", which is said only after the journal has synced.</summary>
public sealed class Intake(
    IJournal journal, MediaFolder media, IAppDirectory apps, Counters counters, IOptions<ReceiveOptions> settings, IOptions<MediaOptions> mediaSettings, TimeProvider time,
    ISignalTakers? takers = null)
{
    private readonly ReceiveOptions options = settings.Value;
    private readonly OtlpLimits limits = OtlpLimits.Of(settings.Value);
    private readonly InFlightBytes inFlight = new(settings.Value.MaxInFlightBytes, () => apps.HasSeveralTenants);
    private readonly LargeTurn largeTurn = new();

    /// <summary>What all requests in flight hold now, in bytes.</summary>
    public long InFlightBytes => inFlight.Held;

    public async Task<IntakeResult> TakeAsync(IntakeRequest request, CancellationToken cancel)
    {
        var tenantId = request.Sender.TenantId;
        using var turn = new LargeTurn.Ticket(largeTurn, tenantId, request.Foreign is null ? LargeTurn.LargeBytes : LargeTurn.LargeTreeBytes);
        using var held = new HeldPayload(inFlight, tenantId, turn);
        var result = await ReadAsync(request, held, cancel)
            ?? Unframe(request, held, out var coding)
            ?? await InflateAsync(coding, held, turn, cancel)
            ?? ToProtobuf(request, held)
            ?? Metrics(request, held)
            ?? await TryCommitAsync(request, held);
        if (result is IntakeResult.Refused refused) counters.Add(refused.Reason, tenantId: tenantId);
        return result;
    }

    private async Task<IntakeResult?> ReadAsync(IntakeRequest request, HeldPayload held, CancellationToken cancel)
    {
        if (request.Coding is null) return new IntakeResult.UnknownCoding($"The body may be compressed as {ContentCodings.Accepted}, or not at all.");
        var most = options.MaxBodyBytes + (request.IsGrpc ? GrpcFrame.PrefixBytes : 0);
        var tooLarge = new IntakeResult.TooLarge(Reason.BodyTooLarge, $"The body is larger than {options.MaxBodyBytes} bytes.");
        if (request.Length > most) return tooLarge;
        var body = held.Next(most);
        switch (await BodyReading.ReadAsync(request.Body, body, options, time, cancel))
        {
            case BodyEnd.Whole:
                held.GoOnWith(body);
                return null;
            case BodyEnd.NoRoom:
                return NoRoom(body, tooLarge);
            case BodyEnd.TooSlow:
                return new IntakeResult.TooSlow($"The body came too slowly: fewer than {options.MinBytesPerSecond} bytes a second for {options.SlowSenderAfter.TotalSeconds} s.");
            default:
                return new IntakeResult.Abandoned();
        }
    }

    private static IntakeResult.BadFrame? Unframe(IntakeRequest request, HeldPayload held, out ContentCoding coding)
    {
        coding = request.Coding!.Value;
        if (!request.IsGrpc) return null;
        if (GrpcFrame.Read(held.Bytes, out var message, out var compressed) is { } wrong) return new IntakeResult.BadFrame(wrong);
        if (compressed && coding == ContentCoding.Identity) return new IntakeResult.BadFrame("The message is marked as compressed, but the call names no grpc-encoding.");
        held.Bytes = message;
        if (!compressed) coding = ContentCoding.Identity;
        return null;
    }

    private async Task<IntakeResult?> InflateAsync(ContentCoding coding, HeldPayload held, LargeTurn.Ticket turn, CancellationToken cancel)
    {
        var tooLarge = new IntakeResult.TooLarge(Reason.InflatedTooLarge, $"The body is larger than {options.MaxInflatedBytes} bytes once inflated.");
        if (coding == ContentCoding.Identity && held.Bytes.Length > options.MaxInflatedBytes) return tooLarge;
        if (!await turn.TryTakeAsync(held.Bytes.Length, cancel)) return new IntakeResult.Abandoned();
        if (coding == ContentCoding.Identity) return null;

        // One more than allowed, to tell "just fits" from "too large".
        var inflated = held.Next(options.MaxInflatedBytes + 1);
        using (var inflating = new Inflater(held.Bytes, coding))
        {
            var end = inflating.Run(inflated, turn.LargeBytes);
            if (end == InflateEnd.Paused)
            {
                if (!await turn.TryTakeAsync(inflated.Length, cancel)) return new IntakeResult.Abandoned();
                end = inflating.Run(inflated, int.MaxValue);
            }

            if (end == InflateEnd.Malformed) return new IntakeResult.Malformed("The body is not compressed as it says, or not whole.");
            if (end == InflateEnd.NoRoom) return NoRoom(inflated, tooLarge);
        }

        if (inflated.Length > options.MaxInflatedBytes) return tooLarge;
        held.GoOnWith(inflated);
        return null;
    }

    private IntakeResult? ToProtobuf(IntakeRequest request, HeldPayload held)
    {
        if (request.Foreign is { } foreign) return OfForeign(foreign, request.Sender.TenantId, held);
        if (request.Format == OtlpFormat.Protobuf) return null;
        var shape = request.Signal switch
        {
            Signal.Logs => OtlpJsonShape.Logs,
            Signal.Metrics => OtlpJsonShape.Metrics,
            _ => OtlpJsonShape.Traces,
        };
        var message = held.Next(options.MaxInflatedBytes);
        if (OtlpJson.Write(held.Bytes.Span, shape, message, options.MaxNesting) is { } wrong) return new IntakeResult.Malformed(wrong);
        if (message.Trouble != BufferTrouble.None) return NoRoom(message, TooLargeAsProtobuf);
        held.GoOnWith(message);
        return null;
    }

    private IntakeResult? OfForeign(IForeignBody body, int tenantId, HeldPayload held)
    {
        var message = held.Next(options.MaxInflatedBytes);
        if (body.Write(held.Bytes.Span, message) is { } wrong) return new IntakeResult.Malformed(wrong);
        if (message.Trouble != BufferTrouble.None) return NoRoom(message, TooLargeAsProtobuf);
        counters.Add(Reason.RecordRefused, body.RefusedItems, tenantId);
        held.GoOnWith(message);
        return null;
    }

    // A new app has to be noted first. Senders give up what is answered 500; a command that holds control data for long, or was stopped, lets go of them some time.
    private async Task<IntakeResult> TryCommitAsync(IntakeRequest request, HeldPayload held)
    {
        try
        {
            return await CommitAsync(request, held);
        }
        catch (Exception e) when (e is SqliteException or IOException && !FullDisk.Is(e))
        {
            return new IntakeResult.Unavailable(Reason.JournalUnavailable, "A new app cannot be noted now: another program holds control.db, or the disk refuses.", options.RetryAfter);
        }
    }

    private async Task<IntakeResult> CommitAsync(IntakeRequest request, HeldPayload held)
    {
        var tenantId = request.Sender.TenantId;
        var taking = new MediaTaking(mediaSettings.Value, held.Bytes);
        var owners = new Owners(apps, request.Sender);
        var canonical = new OtlpCanonical(limits, RulesOf(request, owners), taking);
        var rewritten = held.Next(options.MaxInflatedBytes);
        var parts = canonical.Of(held.Bytes, owners, rewritten);
        if (parts is null) return new IntakeResult.Malformed("The body is not the protobuf message of this route.");
        if (rewritten.Trouble != BufferTrouble.None) return NoRoom(rewritten, TooLargeAsProtobuf);

        // Before the journal: what it holds may refer only to what is on disk.
        if (!await media.TryKeepAsync(tenantId, taking.Taken))
            return new IntakeResult.Unavailable(Reason.MediaUnavailable, "The media in it cannot be written now.", options.RetryAfter);
        var now = Timestamp.From(time.GetUtcNow());
        var entries = parts.Select(part => EntryOf(request, part, now)).ToList();
        // Once begun it is seen to its end, also when the sender leaves: until then the journal reads from our buffers.
        var appended = entries.Count == 0 ? null : await journal.AppendAsync(entries, CancellationToken.None);
        switch (appended)
        {
            case AppendResult.Busy busy:
                return new IntakeResult.Busy(Reason.JournalBusy, "Too much is waiting to be written.", busy.RetryAfter);
            case AppendResult.Unavailable unavailable:
                return new IntakeResult.Unavailable(Reason.JournalUnavailable, unavailable.Reason, unavailable.RetryAfter);
        }

        Count(canonical, tenantId);
        var (rejected, message) = Refusals.Of(canonical.Refused);
        return new IntakeResult.Accepted(rejected, message);
    }

    private ItemRules RulesOf(IntakeRequest request, Owners owners)
    {
        if (request.Signal == Signal.Traces) return new SpanRules();

        // Whose it is, is asked only where it matters: asking makes apps that are not known yet.
        var passedOn = IsPassedOn(request) ? envelope => takers!.Take(request.Signal, request.Sender.TenantId, owners.AppOf(envelope)) : (EnvelopeChoice?)null;
        return request.Signal == Signal.Logs ? new LogRules(passedOn) : new MetricRules(passedOn ?? (_ => false));
    }

    private bool IsPassedOn(IntakeRequest request) => takers?.Take(request.Signal, request.Sender.TenantId, null) == true;

    // Metrics that nobody takes are looked into no further; null for all else.
    private IntakeResult? Metrics(IntakeRequest request, HeldPayload held)
    {
        if (request.Signal != Signal.Metrics) return null;
        if (OtlpMetrics.CountPoints(held.Bytes.Span) is not { } points) return new IntakeResult.Malformed("The body is not the protobuf message of this route.");
        if (points == 0) return new IntakeResult.Accepted();
        if (IsPassedOn(request)) return null;
        counters.Add(Reason.NoDestinationKeepsMetrics, points, request.Sender.TenantId);
        return new IntakeResult.Accepted(points, Refusals.NoDestinationKeepsMetrics);
    }

    private static IntakeResult.TooLarge TooLargeAsProtobuf => new(Reason.InflatedTooLarge, "The body is too large as a protobuf message.");

    private IntakeResult NoRoom(PayloadBuffer buffer, IntakeResult.TooLarge tooLarge) => buffer.Trouble == BufferTrouble.OverLimit
        ? tooLarge
        : new IntakeResult.Busy(Reason.TooManyInFlight, "Too many requests are in flight.", options.RetryAfter);

    private static JournalEntry EntryOf(IntakeRequest request, CanonicalPart part, Timestamp now) => new()
    {
        Signal = request.Signal,
        TenantId = request.Sender.TenantId,
        AppId = part.AppId,
        KeyId = request.Sender.KeyId,
        ReceivedAt = now,
        ItemCount = part.Items,
        Payload = part.Payload,
    };

    private void Count(OtlpCanonical canonical, int tenantId)
    {
        foreach (var (reason, count) in canonical.Refused) counters.Add(reason, count, tenantId);
        foreach (var (reason, count) in canonical.Changed) counters.Add(reason, count, tenantId);
        counters.Add(Reason.EndBeforeStart, canonical.EndsBeforeStart, tenantId);
        counters.Add(Reason.MediaMalformed, canonical.MalformedMedia, tenantId);
    }
}
