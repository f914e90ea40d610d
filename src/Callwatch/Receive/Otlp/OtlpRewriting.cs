using Callwatch.Receive.Bodies;
using Callwatch.Telemetry;

namespace Callwatch.Receive.Otlp;

/// <summary>
/// Writes the second half of <see cref="OtlpCanonical"/>: the payloads whose bytes differ from what was sent, divided into records of
/// about <see cref="OtlpLimits.MaxRecordBytes"/> between items, each with its resource and scope.
/// </summary>
internal sealed class OtlpRewriting(OtlpLimits limits, ItemRules rules, OtlpCheck check, OtlpMend mend, PayloadBuffer buffer)
{
    private readonly ProtobufWriter writer = new(buffer);
    private readonly List<(int AppId, int Start, int End, int Items)> records = [];
    private int recordStart;
    private int itemsInRecord;
    private int firstOfApp;

    /// <summary>Where each record lies in the buffer.</summary>
    public IReadOnlyList<(int AppId, int Start, int End, int Items)> Records => records;

    private int RecordBytes => buffer.Length - recordStart;

    /// <summary>Adds fields of the request to the app's payload.</summary>
    /// <param name="firstItem">Number of the first item in the request.</param>
    /// <param name="cleanItems">How many there are when all can stay as they are; else null.</param>
    public void Add(ReadOnlySpan<byte> piece, int firstItem, int? cleanItems)
    {
        if (cleanItems is { } items && piece.Length <= limits.MaxRecordBytes)
        {
            if (RecordBytes + piece.Length > limits.MaxRecordBytes) EndRecord();
            writer.Raw(piece);
            itemsInRecord += items;
            return;
        }

        var fields = new ProtobufReader(piece);
        while (fields.Read())
        {
            if (fields is { Field: 1, Type: WireType.Bytes }) Envelope(fields.Bytes, ref firstItem);
            else writer.Raw(piece[fields.FieldStart..fields.FieldEnd]);
        }
    }

    public void EndOfApp(int appId)
    {
        EndRecord();
        for (; firstOfApp < records.Count; firstOfApp++) records[firstOfApp] = records[firstOfApp] with { AppId = appId };
    }

    private void EndRecord()
    {
        if (itemsInRecord > 0) records.Add((0, recordStart, buffer.Length, itemsInRecord));
        (recordStart, itemsInRecord) = (buffer.Length, 0);
    }

    /// <summary>A ResourceSpans or ResourceLogs: begun when its first item is written, ended and begun again where a record is full.</summary>
    private void Envelope(ReadOnlySpan<byte> envelope, ref int item)
    {
        var resource = OtlpSpan.FirstBytes(envelope, 1);
        rules.Enter(envelope);
        var outerStart = -1;
        ProtobufWriter.Open outer = default;
        var scopes = new ProtobufReader(envelope);
        while (scopes.Read() && buffer.Trouble == BufferTrouble.None)
        {
            if (scopes is not { Field: 2, Type: WireType.Bytes }) continue;
            var scope = OtlpSpan.FirstBytes(scopes.Bytes, 1);
            ProtobufWriter.Open middle = default;
            var middleIsOpen = false;
            var items = new ProtobufReader(scopes.Bytes);
            while (items.Read() && buffer.Trouble == BufferTrouble.None)
            {
                if (items is not { Field: 2, Type: WireType.Bytes }) continue;
                var verdict = item++ >= limits.MaxItems ? new Verdict(Reason.TooManySpans) : rules.Judge(check, resource, scope, items.Bytes, offset: 0);
                if (verdict.Refused is not null) continue;
                if (itemsInRecord > 0 && RecordBytes + items.Bytes.Length > limits.MaxRecordBytes)
                {
                    if (middleIsOpen) writer.End(middle);
                    if (outerStart >= 0) writer.End(outer);
                    (middleIsOpen, outerStart) = (false, -1);
                    EndRecord();
                }

                if (outerStart < 0)
                {
                    outerStart = buffer.Length;
                    outer = writer.Begin(1, Math.Min(envelope.Length, limits.MaxRecordBytes));
                    Head(envelope, OtlpShape.Resource);
                }

                if (!middleIsOpen)
                {
                    middle = writer.Begin(2, Math.Min(scopes.Bytes.Length, limits.MaxRecordBytes));
                    Head(scopes.Bytes, OtlpShape.Scope);
                    middleIsOpen = true;
                }

                Item(items.Bytes, verdict);
                itemsInRecord++;
            }

            if (middleIsOpen) writer.End(middle);
        }

        if (outerStart >= 0) writer.End(outer);
    }

    /// <summary>What an envelope has besides its contents: the resource or scope, the schema URL, fields of a later version.</summary>
    private void Head(ReadOnlySpan<byte> envelope, OtlpShape shape)
    {
        var fields = new ProtobufReader(envelope);
        while (fields.Read())
        {
            if (fields is { Field: 2, Type: WireType.Bytes }) continue;
            if (fields is { Field: 1, Type: WireType.Bytes } && !check.Passes(fields.Bytes, shape))
            {
                var open = writer.Begin(1, fields.Bytes.Length);
                mend.Write(writer, fields.Bytes, shape);
                writer.End(open);
            }
            else
            {
                mend.WriteEnvelopeField(writer, fields, envelope[fields.FieldStart..fields.FieldEnd]);
            }
        }
    }

    private void Item(ReadOnlySpan<byte> item, Verdict verdict)
    {
        if (verdict.IsClean)
        {
            writer.Bytes(2, item);
            return;
        }

        var open = writer.Begin(2, item.Length);
        mend.Write(writer, item, rules.Shape, verdict.ClearParent);
        writer.End(open);
    }
}
