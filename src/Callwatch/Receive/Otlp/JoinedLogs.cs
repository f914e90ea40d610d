namespace Callwatch.Receive.Otlp;

/// <summary>Which log records are part of a span's story (genai-attributes, sections 7 and 10).</summary>
internal static class JoinedLogs
{
    public static bool Joins(in OtlpLog log)
    {
        if (log.TraceId.IsNone || log.SpanId.IsNone) return false;
        if (log.EventName.StartsWith("gen_ai."u8) || log.EventName.SequenceEqual("exception"u8)) return true;
        foreach (var attribute in log.Attributes)
            if (attribute.Key.StartsWith("exception."u8)) return true;
        return false;
    }
}
