using System.Globalization;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Shared;

/// <summary>A score as it goes out to platforms that keep each by itself.</summary>
/// <param name="Id">Of what is judged and what was said, so that the same judgement is the same on every attempt, and a changed mind another one.</param>
internal sealed record Judgement(string Id, string Name, double? Value, string? Text, string? Source)
{
    /// <param name="judged">The id at the platform of what is judged.</param>
    public static IEnumerable<Judgement> Of(IReadOnlyList<Score> scores, string judged)
    {
        var times = new Dictionary<Score, int>();
        foreach (var score in scores)
        {
            var before = times.GetValueOrDefault(score);
            times[score] = before + 1;

            // JSON has no word for infinity.
            double? value = score.Value is { } number && double.IsFinite(number) ? number : null;
            if (value is null && string.IsNullOrEmpty(score.Comment)) continue;
            var said = string.Create(CultureInfo.InvariantCulture, $"{judged}/{score.Name}/{score.Source}/{value:R}/{score.Comment}/{before}");
            yield return new Judgement(PlatformIds.Of(said).ToString("D"), score.Name, value, score.Comment, score.Source);
        }
    }
}
