using System.Globalization;
using System.Text.Json;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Callwatch.Client.Telemetry.Export;

/// <summary>Metrics on standard output, a line of JSON for each point.</summary>
internal sealed class ConsoleMetrics(TextWriter to) : BaseExporter<Metric>
{
    public override ExportResult Export(in Batch<Metric> batch)
    {
        foreach (var metric in batch)
            foreach (ref readonly var point in metric.GetMetricPoints()) to.WriteLine(Line(metric, in point));
        to.Flush();
        return ExportResult.Success;
    }

    private static string Line(Metric metric, in MetricPoint point)
    {
        var copy = point;
        return ConsoleLine.Of(json => Write(json, metric, copy));
    }

    private static void Write(Utf8JsonWriter json, Metric metric, MetricPoint point)
    {
        json.WriteString("metric", metric.Name);
        json.WriteString("meter", metric.MeterName);
        if (metric.Unit.Length > 0) json.WriteString("unit", metric.Unit);
        json.WriteString("time", point.EndTime.ToString("O", CultureInfo.InvariantCulture));
        json.WriteStartObject("attributes");
        foreach (var (key, value) in point.Tags) ConsoleLine.Write(json, key, value);
        json.WriteEndObject();
        switch (metric.MetricType)
        {
            case MetricType.LongSum or MetricType.LongSumNonMonotonic:
                json.WriteNumber("sum", point.GetSumLong());
                break;
            case MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic:
                ConsoleLine.Write(json, "sum", point.GetSumDouble());
                break;
            case MetricType.LongGauge:
                json.WriteNumber("value", point.GetGaugeLastValueLong());
                break;
            case MetricType.DoubleGauge:
                ConsoleLine.Write(json, "value", point.GetGaugeLastValueDouble());
                break;
            default:
                json.WriteNumber("count", point.GetHistogramCount());
                ConsoleLine.Write(json, "sum", point.GetHistogramSum());
                break;
        }
    }
}
