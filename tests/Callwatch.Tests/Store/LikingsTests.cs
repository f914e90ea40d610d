using Callwatch.Spans;
using Xunit;

namespace Callwatch.Tests.Store;

public sealed class LikingsTests
{
    [Theory]
    [InlineData("user", 1.0, "feedback", Liking.Positive)]
    [InlineData("user", 0.2, "feedback", Liking.Positive)]
    [InlineData("user", -1.0, "feedback", Liking.Negative)]
    [InlineData("Thumbs", 1.0, "human", Liking.Positive)]
    [InlineData("user_feedback", 0.0, "human", Liking.Negative)]
    [InlineData("user", 0.0, "feedback", Liking.None)]
    [InlineData("accuracy", 1.0, "feedback", Liking.None)]
    [InlineData("user_intent_match", 1.0, "evaluation", Liking.None)]
    [InlineData("user", null, "feedback", Liking.None)]
    [InlineData("user", double.NaN, "feedback", Liking.None)]
    public void A_judgement_of_a_user_is_told_by_its_name_and_its_sign(string name, double? value, string source, Liking liking) =>
        Assert.Equal(liking, Likings.Of([new Score(name, value, "words", source)]));

    [Fact]
    public void The_latest_judgement_of_a_user_counts_and_nought_takes_it_back()
    {
        static Score Said(double? value) => new("user", value, null, "feedback");
        Assert.Equal(Liking.Negative, Likings.Of([Said(1), new Score("accuracy", 1, null, "evaluation"), Said(-1)]));
        Assert.Equal(Liking.None, Likings.Of([Said(1), Said(0)]));
        Assert.Equal(Liking.Positive, Likings.Of([Said(-1), Said(1), Said(null)]));
    }
}
