using Callwatch.Receive.Bodies;
using Callwatch.Receive.MediaParts;
using Callwatch.Telemetry;

namespace Callwatch.Receive.Otlp;

/// <summary>Whose a resource's spans or logs are.</summary>
internal interface IOwners
{
    /// <summary>The app's number, from a ResourceSpans or ResourceLogs message.</summary>
    int AppOf(ReadOnlySpan<byte> envelope);
}

/// <summary>A canonical payload of one app.</summary>
internal readonly record struct CanonicalPart(int AppId, ReadOnlyMemory<byte> Payload, int Items);

/// <summary>
/// Turns a request as sent into canonical payloads, one or more per app. Where nothing had to change and all of it is one app's, that is
/// the sender's own bytes; else it is written anew into a second buffer, with everything that is not understood kept.
/// </summary>
/// <param name="media">Takes media out; null leaves them where they are.</param>
internal sealed class OtlpCanonical(OtlpLimits limits, ItemRules rules, MediaTaking? media = null)
{
    private readonly OtlpCheck check = new(limits, media);
    private readonly Changes changes = new();
    private readonly Dictionary<Reason, long> refused = [];
    private readonly List<Piece> pieces = [];

    /// <summary>Adjacent fields of the request that go to one app.</summary>
    private readonly record struct Piece(int Start, int End, int AppId, int FirstItem, int Items, bool IsClean);

    /// <summary>Items refused for good, by reason.</summary>
    public IReadOnlyDictionary<Reason, long> Refused => refused;

    /// <summary>What was mended, by reason.</summary>
    public IReadOnlyDictionary<Reason, long> Changed => changes.Counts;

    /// <summary>Spans whose end lies before their start: kept as they are, their duration is unknown.</summary>
    public int EndsBeforeStart { get; private set; }

    /// <summary>Data URLs that are large enough to be taken out and are not base64: they stay, as text.</summary>
    public int MalformedMedia { get; private set; }

    /// <summary>
    /// The payloads, or null when the request is not OTLP. They point into <paramref name="request"/> or <paramref name="rewritten"/>;
    /// when the latter cannot grow, its <see cref="PayloadBuffer.Trouble"/> says so and the payloads are worthless.
    /// </summary>
    public IReadOnlyList<CanonicalPart>? Of(ReadOnlyMemory<byte> request, IOwners owners, PayloadBuffer rewritten)
    {
        Survey(request.Span, owners);
        if (check.Malformed) return null;
        MalformedMedia = check.MalformedMedia;
        var parts = new List<CanonicalPart>();
        var written = new OtlpRewriting(limits, rules, check, new OtlpMend(limits, changes, media), rewritten);
        foreach (var app in pieces.GroupBy(piece => piece.AppId))
        {
            if (app.ToList() is [{ IsClean: true } whole] && FitsOneRecord(whole))
            {
                parts.Add(new CanonicalPart(whole.AppId, request[whole.Start..whole.End], whole.Items));
                continue;
            }

            media?.AppId = app.Key;
            foreach (var piece in app) written.Add(request.Span[piece.Start..piece.End], piece.FirstItem, piece.IsClean ? piece.Items : null);
            written.EndOfApp(app.Key);
        }

        // Only now: the buffer may have moved while it grew.
        foreach (var (appId, start, end, items) in written.Records) parts.Add(new CanonicalPart(appId, rewritten.Memory[start..end], items));
        return parts;
    }

    private bool FitsOneRecord(Piece piece) => piece.End - piece.Start <= limits.MaxRecordBytes || piece.Items == 1;

    private void Survey(ReadOnlySpan<byte> request, IOwners owners)
    {
        var seen = 0;
        var fields = new ProtobufReader(request);
        while (fields.Read())
        {
            if (fields is { Field: 1, Type: WireType.Bytes })
            {
                var before = seen;
                var (items, clean) = SurveyEnvelope(fields.Bytes, fields.BytesStart, ref seen);
                if (items > 0 || clean) Add(new Piece(fields.FieldStart, fields.FieldEnd, items > 0 ? owners.AppOf(fields.Bytes) : 0, before, items, clean));
            }
            else
            {
                Add(new Piece(fields.FieldStart, fields.FieldEnd, AppId: 0, seen, Items: 0, IsClean: true));
            }
        }

        check.Malformed |= fields.Malformed;
        // Nothing but empty or unknown fields belongs to nobody.
        if (pieces is [{ Items: 0 }, ..]) pieces.RemoveAt(0);
    }

    /// <summary>Joins the piece with the one before where they make one; what holds no items goes with its neighbour.</summary>
    private void Add(Piece next)
    {
        if (pieces is [.., var last] && last.End == next.Start && last.IsClean && next.IsClean
            && (last.Items == 0 || next.Items == 0 || last.AppId == next.AppId)
            && (next.End - last.Start <= limits.MaxRecordBytes || last.Items == 0 || next.Items == 0))
        {
            pieces[^1] = last with { End = next.End, AppId = last.Items == 0 ? next.AppId : last.AppId, Items = last.Items + next.Items };
        }
        else if (next.Items > 0 || pieces.Count == 0)
        {
            pieces.Add(next);
        }
    }

    private (int Items, bool IsClean) SurveyEnvelope(ReadOnlySpan<byte> envelope, int offset, ref int seen)
    {
        var (taken, clean) = (0, check.Passes(envelope, OtlpShape.Envelope));
        rules.Enter(envelope);
        var resource = OtlpSpan.FirstBytes(envelope, 1);
        var fields = new ProtobufReader(envelope);
        while (fields.Read())
        {
            if (fields is { Field: 1, Type: WireType.Bytes }) clean &= check.Passes(fields.Bytes, OtlpShape.Resource);
            if (fields is not { Field: 2, Type: WireType.Bytes }) continue;
            clean &= check.Passes(fields.Bytes, OtlpShape.Envelope);
            var scope = OtlpSpan.FirstBytes(fields.Bytes, 1);
            var inner = new ProtobufReader(fields.Bytes);
            while (inner.Read())
            {
                if (inner is { Field: 1, Type: WireType.Bytes }) clean &= check.Passes(inner.Bytes, OtlpShape.Scope);
                if (inner is not { Field: 2, Type: WireType.Bytes }) continue;
                var verdict = Judge(resource, scope, inner.Bytes, offset + fields.BytesStart + inner.BytesStart, seen++);
                clean &= verdict.IsClean;
                if (verdict.Refused is null) taken++;
                else refused[verdict.Refused.Value] = refused.GetValueOrDefault(verdict.Refused.Value) + rules.WeightOf(inner.Bytes);
                if (verdict.EndBeforeStart) EndsBeforeStart++;
            }
        }

        return (taken, clean);
    }

    private Verdict Judge(ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scope, ReadOnlySpan<byte> item, int offset, int number) =>
        number >= limits.MaxItems ? new Verdict(Reason.TooManySpans) : rules.Judge(check, resource, scope, item, offset);
}
