using System.Text.Json;

namespace Callwatch.Dashboard.Charts;

/// <summary>What the script needs to show values under the pointer and to let a stretch of time be picked: the same figures that are drawn.</summary>
public static class ChartData
{
    public static string Json(TimeChart chart, double top)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("from", chart.From.UnixNanoseconds / 1_000_000);
            json.WriteNumber("to", chart.To.UnixNanoseconds / 1_000_000);
            json.WriteNumber("step", (long)chart.Step.TotalMilliseconds);
            json.WriteNumber("top", top);
            json.WriteString("unit", chart.ValueUnit);
            json.WriteBoolean("zoom", chart.Zoomable);
            json.WriteStartArray("times");
            for (var i = 0; i < chart.Times.Count; i++) json.WriteNumberValue(chart.Times[i].UnixNanoseconds / 1_000_000);
            json.WriteEndArray();
            json.WriteStartArray("series");
            var heights = chart.Heights();
            for (var i = 0; i < chart.Series.Count; i++) Write(json, chart.Series[i], chart.Stacked ? heights[i] : null);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter json, Series series, IReadOnlyList<double?>? heights)
    {
        json.WriteStartObject();
        json.WriteString("name", Show.Visible.Line(series.Name, 60));
        json.WriteString("color", series.Color);
        Write(json, "values", series.Values);
        if (heights is not null) Write(json, "heights", heights);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<double?> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            if (value is { } number && double.IsFinite(number)) json.WriteNumberValue(Math.Round(number, 6));
            else json.WriteNullValue();
        }

        json.WriteEndArray();
    }
}
