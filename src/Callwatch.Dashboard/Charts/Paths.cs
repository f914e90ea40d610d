using System.Globalization;
using System.Text;

namespace Callwatch.Dashboard.Charts;

/// <summary>
/// The <c>d</c> of SVG paths in a box of 1000 × 100 that stretches with its chart. Geometry is in attributes, never in a style,
/// and made of our own numbers only.
/// </summary>
public static class Paths
{
    /// <summary>A line that breaks where a value is missing; a value alone becomes a short dash, so that it can be seen.</summary>
    /// <param name="places">0 to 1, rising.</param>
    public static string Line(IReadOnlyList<double> places, IReadOnlyList<double?> values, double top)
    {
        var path = new StringBuilder();
        var half = places.Count > 1 ? (places[1] - places[0]) / 2.5 : 0.02;
        for (var i = 0; i < places.Count; i++)
        {
            if (values[i] is not { } value) continue;
            var (before, after) = (i > 0 && values[i - 1] is not null, i + 1 < places.Count && values[i + 1] is not null);
            if (!before && !after) path.Append('M').Append(X(places[i] - half)).Append(' ').Append(Y(value, top)).Append('H').Append(X(places[i] + half));
            else path.Append(before ? 'L' : 'M').Append(X(places[i])).Append(' ').Append(Y(value, top));
        }

        return path.ToString();
    }

    /// <summary>The surface between two lines; missing values count as the floor. It reaches half a bucket beyond the first and last value.</summary>
    public static string Area(IReadOnlyList<double> places, IReadOnlyList<double?> values, IReadOnlyList<double?>? floor, double top)
    {
        if (places.Count == 0) return "";
        var path = new StringBuilder();
        var half = places.Count > 1 ? (places[1] - places[0]) / 2 : 0.02;
        double Value(int i) => values[i] ?? Floor(i);
        double Floor(int i) => floor?[i] ?? 0;
        path.Append('M').Append(X(places[0] - half)).Append(' ').Append(Y(Floor(0), top)).Append('V').Append(Y(Value(0), top));
        for (var i = 0; i < places.Count; i++) path.Append('L').Append(X(places[i])).Append(' ').Append(Y(Value(i), top));
        path.Append('H').Append(X(places[^1] + half)).Append('V').Append(Y(Floor(places.Count - 1), top));
        if (floor is not null)
        {
            for (var i = places.Count - 1; i >= 0; i--) path.Append('L').Append(X(places[i])).Append(' ').Append(Y(Floor(i), top));
        }

        return path.Append('Z').ToString();
    }

    /// <summary>A column for each bucket, standing on what is below it.</summary>
    public static string Columns(IReadOnlyList<double> places, IReadOnlyList<double?> values, IReadOnlyList<double?>? floor, double top)
    {
        var path = new StringBuilder();
        var half = places.Count > 1 ? (places[1] - places[0]) * 0.4 : 0.02;
        for (var i = 0; i < places.Count; i++)
        {
            var (value, ground) = (values[i] ?? 0, floor?[i] ?? 0);
            if (value <= ground) continue;
            path.Append('M').Append(X(places[i] - half)).Append(' ').Append(Y(ground, top)).Append('V').Append(Y(value, top))
                .Append('H').Append(X(places[i] + half)).Append('V').Append(Y(ground, top)).Append('Z');
        }

        return path.ToString();
    }

    /// <summary>Bars from the ground in a box of <paramref name="width"/> × <paramref name="height"/>.</summary>
    public static string Bars(IReadOnlyList<double> values, double width, double height)
    {
        var highest = values.Count == 0 ? 0 : values.Max();
        if (highest <= 0) return "";
        var path = new StringBuilder();
        var slot = width / values.Count;
        for (var i = 0; i < values.Count; i++)
        {
            if (values[i] <= 0) continue;
            var tall = Math.Max(1, height * values[i] / highest);
            path.Append('M').Append(Round(i * slot)).Append(' ').Append(Round(height)).Append('v').Append(Round(-tall))
                .Append('h').Append(Round(slot * 5 / 6)).Append('v').Append(Round(tall)).Append('z');
        }

        return path.ToString();
    }

    public static string X(double place) => Round(Math.Clamp(place, 0, 1) * 1000);

    public static string Y(double value, double top) => Round(100 - (Math.Clamp(value / top, 0, 1) * 100));

    public static string Percent(double share) => (Math.Clamp(share, 0, 1) * 100).ToString("0.##", CultureInfo.InvariantCulture) + "%";

    public static string Round(double number) => number.ToString("0.#", CultureInfo.InvariantCulture);
}
