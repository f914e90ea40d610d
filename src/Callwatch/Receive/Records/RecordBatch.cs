using System.Text.Json;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;

namespace Callwatch.Receive.Records;

/// <summary>A record that was not taken.</summary>
/// <param name="Index">Its place in the body, from 0.</param>
public sealed record RefusedRecord(int Index, string Code, string Field, string Message);

/// <summary>
/// The trace records of one request (api, section 3) on their way to OTLP: one ResourceSpans for each run of records of the same app and
/// release. Records are read one after the other, so that a large body is never held as a tree.
/// </summary>
public sealed class RecordBatch(int tenantId, RecordHints hints, int mostSpans, int mostNesting) : IForeignBody
{
    // Twice what spans a request may have; each that is refused is answered for by itself.
    private const int MostRecords = 200_000;

    // A record is held as a tree, which takes several times its text: a name, a value, a bracket some tens of bytes each.
    private const int MostRecordBytes = 32 << 20;
    private const int MostRecordTokens = 1_000_000;

    private readonly List<RefusedRecord> refused = [];
    private readonly List<TraceId> traces = [];
    private readonly HashSet<TraceId> known = [];
    private int taken;

    public int Accepted { get; private set; }

    public IReadOnlyList<RefusedRecord> Refused => refused;

    int IForeignBody.RefusedItems => refused.Count;

    /// <summary>Each once, in the order of the records.</summary>
    public IReadOnlyList<TraceId> Traces => traces;

    /// <inheritdoc/>
    public string? Write(ReadOnlySpan<byte> body, PayloadBuffer into)
    {
        var count = Count(body);
        if (count is null) return "The body is no JSON.";
        if (count < 0) return "The body must be a trace record, or a list of them.";
        if (count > MostRecords) return $"A body may have {MostRecords} records; send the rest in another.";
        var reader = NewReader(body);
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartArray) reader.Read();
        var writing = new Writing(new ProtobufWriter(into));
        for (var index = 0; index < count && into.Trouble == BufferTrouble.None; index++)
        {
            if (IsTooLarge(reader))
            {
                refused.Add(new RefusedRecord(index, RecordFaultCodes.TooLarge, "", $"A record may have {MostRecordBytes} bytes and {MostRecordTokens} names, values and brackets; send nodes with records of their own, or less of the contents."));
                reader.Skip();
                reader.Read();
                continue;
            }

            using var json = JsonDocument.ParseValue(ref reader);
            reader.Read();
            if (Take(json.RootElement, alone: count == 1, writing) is { } fault) refused.Add(new RefusedRecord(index, fault.Code, fault.Field, fault.Message));
        }

        writing.End();
        return null;
    }

    private RecordFault? Take(JsonElement json, bool alone, Writing writing)
    {
        try
        {
            var (record, fault) = TraceRecord.Read(json);
            if (record is null) return fault;
            var (trace, unfit) = RecordTrace.Of(tenantId, record, alone ? hints : null);
            if (trace is null) return unfit;
            var spans = RecordSpans.Of(record, trace);
            if (taken + spans.Count > mostSpans) return new RecordFault(RecordFaultCodes.TooMany, "", $"The records of one request may come to {mostSpans} spans; send the rest in another.");
            writing.Add(record, spans);
            taken += spans.Count;
            Accepted++;
            if (known.Add(trace.Id)) traces.Add(trace.Id);
            return null;
        }
        catch (InvalidOperationException)
        {
            // How the JSON reader says that a text is no Unicode.
            return new RecordFault(RecordFaultCodes.WrongType, "", "A string in it is no Unicode text: bytes that are no UTF-8, or half of a surrogate pair.");
        }
    }

    // The reader stands at the record; it is a copy, so it stays there.
    private static bool IsTooLarge(Utf8JsonReader reader)
    {
        var (start, depth, tokens) = (reader.BytesConsumed, reader.CurrentDepth, 0);
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray)) return false;
        while (reader.Read() && !(reader.CurrentDepth == depth && reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray))
            if (++tokens > MostRecordTokens || reader.BytesConsumed - start > MostRecordBytes) return true;
        return reader.BytesConsumed - start > MostRecordBytes;
    }

    private JsonReaderOptions Options => new() { MaxDepth = mostNesting + 8 };

    private Utf8JsonReader NewReader(ReadOnlySpan<byte> body) => new(body, Options);

    // Whether there is one record or several must be known before the first is read; the second pass is cheap against the rest.
    private int? Count(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = NewReader(body);
            if (!reader.Read()) return null;
            if (reader.TokenType != JsonTokenType.StartArray)
            {
                var isRecord = reader.TokenType == JsonTokenType.StartObject;
                reader.Skip();
                return reader.Read() ? null : isRecord ? 1 : -1;
            }

            var count = 0;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                reader.Skip();
                count++;
            }

            return reader.TokenType != JsonTokenType.EndArray || reader.Read() ? null : count;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed class Writing(ProtobufWriter to)
    {
        private (string? App, string? AppId, string? Release)? owner;
        private ProtobufWriter.Open resource;
        private ProtobufWriter.Open scope;

        public void Add(TraceRecord record, IReadOnlyList<RecordSpan> spans)
        {
            var of = (record.Text("app"), record.Text("app_id") ?? record.Metadata("app_id"), record.Text("release"));
            if (owner != of)
            {
                End();
                Begin(of.Item1, of.Item2, of.Item3);
                owner = of;
            }

            foreach (var span in spans) span.Write(to);
        }

        public void End()
        {
            if (owner is null) return;
            to.End(scope);
            to.End(resource);
        }

        private void Begin(string? app, string? appId, string? release)
        {
            resource = to.Begin(1, 1 << 16);
            var about = to.Begin(1, 128);
            if (app is not null) RecordSpan.WriteAttribute(to, 1, "callwatch.app", app);
            if (appId is not null) RecordSpan.WriteAttribute(to, 1, "dify.app_id", appId);
            if (release is not null) RecordSpan.WriteAttribute(to, 1, "service.version", release);
            to.End(about);
            scope = to.Begin(2, 1 << 16);
            var name = to.Begin(1, 32);
            to.Bytes(1, "callwatch.records"u8);
            to.End(name);
        }
    }
}
