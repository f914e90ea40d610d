namespace Callwatch.Spans;

/// <summary>What a user thought of an answer. The numbers are stored.</summary>
public enum Liking : sbyte
{
    Negative = -1,

    /// <summary>Nothing, or nothing that counts.</summary>
    None = 0,
    Positive = 1,
}

/// <summary>Tells the judgements of users from all other scores.</summary>
public static class Likings
{
    private const string ByUs = "feedback";

    // Whole names: a score of an evaluator that has "user" in it is none of a user's.
    private static readonly HashSet<string> Names = new(StringComparer.OrdinalIgnoreCase) { "user", "user_feedback", "user-feedback", "user_score", "user-score", "feedback", "thumbs" };

    /// <summary>
    /// The latest judgement by a user among the scores of a span: above 0 positive, below 0 negative. 0 takes back what was said through
    /// <c>/api/v1/feedback</c>; from elsewhere, where thumbs are 1 and 0, it is a thumb down. A score without a number says nothing.
    /// </summary>
    /// <param name="scores">In the order in which they were given.</param>
    public static Liking Of(IReadOnlyList<Score> scores)
    {
        for (var i = scores.Count - 1; i >= 0; i--)
        {
            if (scores[i] is not { Value: { } value } score || double.IsNaN(value) || !Names.Contains(score.Name)) continue;
            return value > 0 ? Liking.Positive : value < 0 || score.Source != ByUs ? Liking.Negative : Liking.None;
        }

        return Liking.None;
    }
}
