using System.Text.Json;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;

namespace Callwatch.Receive.Importing;

/// <summary>
/// A file on its way to OTLP: what <c>export</c> writes, and what OpenTelemetry's own tools do. Protobuf requests one after another are one
/// request as they stand; of JSON each line is a request, or a call as the API writes it, or the whole file is one request. A line that
/// cannot be taken is named by its number, and the others are.
/// </summary>
/// <param name="shift">Nanoseconds that all times are moved by.</param>
public sealed class ImportFile(long shift, int mostNesting) : IForeignBody
{
    private const int MostNamed = 100;

    // What has so many is another kind of file.
    private const int MostBadLines = 10_000;

    // A call is held as a tree, several times its text.
    private const int MostCallBytes = 16 << 20;

    private readonly List<ImportTrouble> troubles = [];

    /// <summary>Spans in what was taken, before intake checks them.</summary>
    public long Spans { get; private set; }

    public long BadLines { get; private set; }

    /// <summary>The first of the bad lines.</summary>
    public IReadOnlyList<ImportTrouble> Troubles => troubles;

    int IForeignBody.RefusedItems => (int)Math.Min(int.MaxValue, BadLines);

    /// <summary>Writes an ExportTraceServiceRequest; the words of what is wrong with the file as a whole, else null.</summary>
    public string? Write(ReadOnlySpan<byte> body, PayloadBuffer into)
    {
        var file = body.StartsWith("\uFEFF"u8) ? body[3..] : body;
        var begins = file.IndexOfAnyExcept(" \t\r\n"u8);
        if (begins < 0) return null;
        if (file[begins] is (byte)'{') WriteJson(file, into);
        else if (file[begins] is (byte)'[') return "A JSON file holds one object a line, or is one OTLP request.";
        else if (WriteProtobuf(file, into) is { } wrong) return wrong;
        if (BadLines >= MostBadLines) return $"{MostBadLines} lines cannot be taken; nothing of the file was.";
        if (into.Trouble != BufferTrouble.None) return null;
        Spans = ImportTimes.Shift(into.Written, shift);
        return null;
    }

    private static string? WriteProtobuf(ReadOnlySpan<byte> file, PayloadBuffer into)
    {
        var fields = new ProtobufReader(file);
        while (fields.Read())
            if (fields is not { Field: 1, Type: WireType.Bytes }) return "The file is neither JSON nor an OTLP request of traces (ExportTraceServiceRequest).";
        if (fields.Malformed) return "The file is not a whole OTLP request: it breaks off, or is no protobuf.";
        into.Append(file);
        return null;
    }

    private void WriteJson(ReadOnlySpan<byte> file, PayloadBuffer into)
    {
        // A request may also be written over many lines.
        var first = file[..(file.IndexOf((byte)'\n') is >= 0 and var end ? end : file.Length)];
        if (!IsWhole(first) && IsWhole(file))
        {
            WriteLine(file, 1, into);
            return;
        }

        for (long line = 1; !file.IsEmpty && into.Trouble == BufferTrouble.None && BadLines < MostBadLines; line++)
        {
            var length = file.IndexOf((byte)'\n');
            var text = length < 0 ? file : file[..length];
            file = length < 0 ? default : file[(length + 1)..];
            if (text.IndexOfAnyExcept(" \t\r"u8) >= 0) WriteLine(text, line, into);
        }
    }

    private void WriteLine(ReadOnlySpan<byte> text, long line, PayloadBuffer into)
    {
        var before = into.Length;
        var trouble = WriteOne(text, line, into);
        if (trouble is null || into.Trouble != BufferTrouble.None) return;
        into.CutTo(before);
        BadLines++;
        if (troubles.Count < MostNamed) troubles.Add(trouble);
    }

    private ImportTrouble? WriteOne(ReadOnlySpan<byte> text, long line, PayloadBuffer into)
    {
        switch (ShapeOf(text))
        {
            case Shape.Request:
                return OtlpJson.Write(text, OtlpJsonShape.Traces, into, mostNesting) is { } wrong ? new ImportTrouble(line, "bad_json", null, wrong) : null;
            case Shape.Call:
                return WriteCall(text, line, into);
            case Shape.Unknown:
                return new ImportTrouble(line, "unknown_shape", null, "The line is neither an OTLP request (resourceSpans) nor a call as the API writes it (trace_id, span_id).");
            default:
                return new ImportTrouble(line, "bad_json", null, "The line is not one whole JSON object.");
        }
    }

    private ImportTrouble? WriteCall(ReadOnlySpan<byte> text, long line, PayloadBuffer into)
    {
        if (text.Length > MostCallBytes) return new ImportTrouble(line, "too_large", null, $"A call may have {MostCallBytes} bytes.");
        try
        {
            using var json = JsonDocument.Parse(text.ToArray(), new JsonDocumentOptions { MaxDepth = mostNesting + 8 });
            return ExportedCall.Write(json.RootElement, new ProtobufWriter(into)) is { } fault ? new ImportTrouble(line, "bad_field", fault.Field, fault.Message) : null;
        }
        catch (InvalidOperationException)
        {
            // How the JSON reader says that a text is no Unicode.
            return new ImportTrouble(line, "bad_json", null, "A string in it is no Unicode text: bytes that are no UTF-8, or half of a surrogate pair.");
        }
    }

    private enum Shape
    {
        NoJson, Unknown, Request, Call,
    }

    private bool IsWhole(ReadOnlySpan<byte> text) => ShapeOf(text) != Shape.NoJson;

    private Shape ShapeOf(ReadOnlySpan<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = mostNesting + 8 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return Shape.NoJson;
            var (request, trace, span) = (false, false, false);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                request |= reader.ValueTextEquals("resourceSpans"u8) || reader.ValueTextEquals("resource_spans"u8);
                trace |= reader.ValueTextEquals("trace_id"u8);
                span |= reader.ValueTextEquals("span_id"u8);
                reader.Read();
                reader.Skip();
            }

            // Complains about what follows the object.
            reader.Read();
            return request ? Shape.Request : trace && span ? Shape.Call : Shape.Unknown;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Shape.NoJson;
        }
    }
}
