using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using OpenTelemetry;

namespace Callwatch.Client.Telemetry.Export;

/// <summary>Spans on standard output, a line of JSON each.</summary>
internal sealed class ConsoleSpans(TextWriter to) : BaseExporter<Activity>
{
    public override ExportResult Export(in Batch<Activity> batch)
    {
        foreach (var span in batch) to.WriteLine(ConsoleLine.Of(json => Write(json, span)));
        to.Flush();
        return ExportResult.Success;
    }

    private static void Write(Utf8JsonWriter json, Activity span)
    {
        json.WriteString("span", span.DisplayName);
        json.WriteString("traceId", span.TraceId.ToHexString());
        json.WriteString("spanId", span.SpanId.ToHexString());
        if (span.ParentSpanId != default) json.WriteString("parentSpanId", span.ParentSpanId.ToHexString());
        json.WriteString("source", span.Source.Name);
        json.WriteString("kind", span.Kind.ToString());
        json.WriteString("start", span.StartTimeUtc.ToString("O", CultureInfo.InvariantCulture));
        json.WriteNumber("ms", span.Duration.TotalMilliseconds);
        if (span.Status != ActivityStatusCode.Unset) json.WriteString("status", span.Status.ToString());
        if (span.StatusDescription is { } why) json.WriteString("statusMessage", why);
        json.WriteStartObject("attributes");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, value) in span.TagObjects)
            if (seen.Add(key)) ConsoleLine.Write(json, key, value);
        json.WriteEndObject();
        if (!span.Events.Any()) return;
        json.WriteStartArray("events");
        foreach (var happening in span.Events) json.WriteStringValue(happening.Name);
        json.WriteEndArray();
    }
}

/// <summary>One line of the console exporters.</summary>
internal static class ConsoleLine
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Readable))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    public static void Write(Utf8JsonWriter json, string key, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNull(key);
                break;
            case bool flag:
                json.WriteBoolean(key, flag);
                break;
            case int or long or short or byte:
                json.WriteNumber(key, Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case double real when double.IsFinite(real):
                json.WriteNumber(key, real);
                break;
            case string text:
                json.WriteString(key, text);
                break;
            case Array list:
                json.WriteStartArray(key);
                foreach (var one in list) json.WriteStringValue(Convert.ToString(one, CultureInfo.InvariantCulture));
                json.WriteEndArray();
                break;
            default:
                json.WriteString(key, Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }
}
