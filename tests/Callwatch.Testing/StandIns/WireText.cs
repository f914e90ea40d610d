using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Callwatch.Testing.StandIns;

/// <summary>Spans as a receiver read them, one fact a line, for golden files that are read by eye.</summary>
public static class WireText
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(IEnumerable<WireSpan> spans)
    {
        var text = new StringBuilder();
        string? head = null;
        foreach (var span in spans)
        {
            var own = HeadOf(span);
            if (own != head) text.Append(own);
            head = own;
            text.Append(CultureInfo.InvariantCulture, $"\nspan {span.Name}\n");
            text.Append(CultureInfo.InvariantCulture, $"  ids {span.TraceId} {span.SpanId} under {(span.ParentSpanId.IsNone ? "nobody" : span.ParentSpanId.ToString())}\n");
            text.Append(CultureInfo.InvariantCulture, $"  kind {KindOf(span.Kind)}, {Milliseconds(span.Start)} to {Milliseconds(span.End)} ms\n");
            if (span.StatusCode != 0) text.Append("  status ").Append(span.StatusCode == 2 ? "error " + span.StatusMessage : "ok").Append('\n');
            Attributes(text, "  ", span.Attributes);
            foreach (var happening in span.Events)
            {
                text.Append(CultureInfo.InvariantCulture, $"  event {happening.Name} at {Milliseconds(happening.Time)} ms\n");
                Attributes(text, "    ", happening.Attributes);
            }

            foreach (var link in span.Links) text.Append(CultureInfo.InvariantCulture, $"  link {link.TraceId} {link.SpanId}\n");
        }

        return text.ToString();
    }

    private static string HeadOf(WireSpan span)
    {
        var text = new StringBuilder("resource\n");
        Attributes(text, "  ", span.Resource);
        text.Append(CultureInfo.InvariantCulture, $"scope {span.ScopeName} {span.ScopeVersion}\n");
        return text.ToString();
    }

    private static void Attributes(StringBuilder text, string indent, WireAttributes attributes)
    {
        foreach (var (key, value) in attributes.All) text.Append(indent).Append(key).Append(" = ").Append(Value(value)).Append('\n');
    }

    private static string Value(object value) => value switch
    {
        string text => JsonSerializer.Serialize(text, Plain),
        bool flag => flag ? "true" : "false",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double real => real.ToString("R", CultureInfo.InvariantCulture) + " (double)",
        byte[] bytes => "0x" + Convert.ToHexString(bytes),
        List<object> list => "[" + string.Join(", ", list.Select(Value)) + "]",
        WireAttributes map => "{" + string.Join(", ", map.All.Select(pair => pair.Key + ": " + Value(pair.Value))) + "}",
        _ => throw new ArgumentException("No attribute holds a " + value.GetType().Name, nameof(value)),
    };

    private static string KindOf(int kind) => kind switch { 1 => "internal", 2 => "server", 3 => "client", 4 => "producer", _ => "consumer" };

    // Since noon, when all scenarios begin.
    private static string Milliseconds(ulong time) => (((long)time - A.Noon.UnixNanoseconds) / 1e6).ToString("0.######", CultureInfo.InvariantCulture);
}
