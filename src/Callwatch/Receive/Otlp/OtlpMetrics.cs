namespace Callwatch.Receive.Otlp;

/// <summary>Metrics as far as they are looked into: how many data points there are.</summary>
internal static class OtlpMetrics
{
    /// <summary>Data points of an ExportMetricsServiceRequest; null when it is none.</summary>
    public static long? CountPoints(ReadOnlySpan<byte> request) => Count(request, level: 0);

    /// <summary>Of one Metric message.</summary>
    public static long PointsOf(ReadOnlySpan<byte> metric) => Count(metric, level: 3) ?? 0;

    // ResourceMetrics (1), ScopeMetrics (2), Metric (2), its data (5, 7, 9, 10 or 11), data points (1).
    private static long? Count(ReadOnlySpan<byte> message, int level)
    {
        long count = 0;
        var fields = new ProtobufReader(message);
        while (fields.Read())
        {
            var leadsDown = fields.Type == WireType.Bytes && level switch
            {
                0 or 4 => fields.Field == 1,
                1 or 2 => fields.Field == 2,
                _ => fields.Field is 5 or 7 or 9 or 10 or 11,
            };
            if (!leadsDown) continue;
            if (level == 4) count++;
            else if (Count(fields.Bytes, level + 1) is { } beneath) count += beneath;
            else return null;
        }

        return fields.Malformed ? null : count;
    }
}
