using System.Globalization;
using System.Text;
using Callwatch.Receive.Otlp;

namespace Callwatch.Testing;

/// <summary>The contents of an OTLP payload as text, one fact a line, for comparing what was read.</summary>
public static class OtlpDump
{
    public static string Spans(ReadOnlySpan<byte> payload)
    {
        var text = new StringBuilder();
        foreach (var span in OtlpSpan.In(payload))
        {
            text.Append(CultureInfo.InvariantCulture, $"span {span.TraceId} {span.SpanId} parent {span.ParentSpanId} kind {span.Kind} {span.StartUnixNanoseconds}-{span.EndUnixNanoseconds}\n");
            text.Append(CultureInfo.InvariantCulture, $" name {Utf8(span.Name)} status {span.StatusCode} {Utf8(span.StatusMessage)}\n");
            Attributes(text, " resource ", span.ResourceAttributes);
            text.Append(CultureInfo.InvariantCulture, $" scope {Utf8(span.ScopeName)} {Utf8(span.ScopeVersion)}\n");
            Attributes(text, " scope ", span.ScopeAttributes);
            Attributes(text, " ", span.Attributes);
            foreach (var item in span.Events)
            {
                text.Append(CultureInfo.InvariantCulture, $" event {item.TimeUnixNanoseconds} {Utf8(item.Name)}\n");
                Attributes(text, "  ", item.Attributes);
            }

            foreach (var link in span.Links)
            {
                text.Append(CultureInfo.InvariantCulture, $" link {link.TraceId} {link.SpanId}\n");
                Attributes(text, "  ", link.Attributes);
            }
        }

        return text.ToString();
    }

    public static string Logs(ReadOnlySpan<byte> payload)
    {
        var text = new StringBuilder();
        foreach (var log in OtlpLog.In(payload))
        {
            text.Append(CultureInfo.InvariantCulture, $"log {log.TraceId} {log.SpanId} {log.TimeUnixNanoseconds} severity {log.SeverityNumber} event {Utf8(log.EventName)} body ");
            Value(text, log.Body);
            text.Append('\n');
            Attributes(text, " ", log.Attributes);
        }

        return text.ToString();
    }

    private static void Attributes(StringBuilder text, string prefix, OtlpAttributes attributes)
    {
        foreach (var attribute in attributes)
        {
            text.Append(prefix).Append(Utf8(attribute.Key)).Append(" = ");
            Value(text, attribute.Value);
            text.Append('\n');
        }
    }

    private static void Value(StringBuilder text, OtlpValue value)
    {
        switch (value.Type)
        {
            case OtlpValueType.String:
                text.Append('"').Append(Utf8(value.Raw)).Append('"');
                break;
            case OtlpValueType.Bool:
                text.Append(value.Bool);
                break;
            case OtlpValueType.Int:
                text.Append(CultureInfo.InvariantCulture, $"{value.Int}");
                break;
            case OtlpValueType.Double:
                text.Append(CultureInfo.InvariantCulture, $"{value.Double:R}d");
                break;
            case OtlpValueType.Bytes:
                text.Append("0x").Append(Convert.ToHexString(value.Raw));
                break;
            case OtlpValueType.Array:
                text.Append('[');
                foreach (var item in value.Items)
                {
                    Value(text, item);
                    text.Append(", ");
                }

                text.Append(']');
                break;
            case OtlpValueType.KeyValueList:
                text.Append('{');
                foreach (var pair in value.Pairs)
                {
                    text.Append(Utf8(pair.Key)).Append(": ");
                    Value(text, pair.Value);
                    text.Append(", ");
                }

                text.Append('}');
                break;
            default:
                text.Append("none");
                break;
        }
    }

    private static string Utf8(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);
}
