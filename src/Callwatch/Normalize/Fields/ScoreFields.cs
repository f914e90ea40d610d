using System.Globalization;
using System.Text;
using Callwatch.Normalize.Messages;
using Callwatch.Normalize.Reading;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;

namespace Callwatch.Normalize.Fields;

/// <summary>Judgements that came with the span (genai-attributes, section 10): evaluation events, OpenInference annotations.</summary>
internal static class ScoreFields
{
    private const int Most = 100;
    private const int LongestComment = 2_000;

    public static IReadOnlyList<Score> Of(SpanFacts facts)
    {
        List<Score>? scores = null;
        Dictionary<string, int>? byId = null;
        for (var i = 0; i < facts.EventCount; i++)
        {
            var happening = facts.EventAt(i);
            if (!happening.Name.SequenceEqual("gen_ai.evaluation.result"u8) || OfEvent(happening) is not { } score) continue;

            // A judgement that is sent again, or changed, is still one.
            var id = Text(happening["callwatch.score_id"u8]);
            if (id is not null && byId?.TryGetValue(id, out var at) == true) scores![at] = score;
            else if (Add(ref scores, score) && id is not null) (byId ??= new Dictionary<string, int>(StringComparer.Ordinal))[id] = scores!.Count - 1;
        }

        foreach (var item in facts.Items)
        {
            if (item.Family is not (Family.Annotations or Family.Evaluations)) continue;
            AddIndexed(facts, Family.Annotations, ref scores);
            AddIndexed(facts, Family.Evaluations, ref scores);
            break;
        }

        return scores ?? (IReadOnlyList<Score>)[];
    }

    private static Score? OfEvent(Happening happening)
    {
        if (Text(happening["gen_ai.evaluation.name"u8]) is not { } name) return null;
        var value = new WireValue(happening["gen_ai.evaluation.score.value"u8]).Double();
        var comment = Comment(Text(happening["gen_ai.evaluation.score.label"u8]), Text(happening["gen_ai.evaluation.explanation"u8]));
        return value is null && comment is null ? null : new Score(name, value, comment, Text(happening["callwatch.score_source"u8]) ?? "evaluation");
    }

    // annotations.N.annotation.name and annotations.N.name are both met; the words for the number and the text differ too.
    private static void AddIndexed(SpanFacts facts, Family family, ref List<Score>? scores)
    {
        if (IndexedMessages.ToJson(facts, family) is not { } json) return;
        foreach (var item in facts.Made(json).Items)
        {
            var inner = item.Value.First("annotation"u8, "evaluation"u8);
            var judgement = inner.Form == JsonForm.Object ? inner : item.Value;
            if (judgement["name"u8].ToText() is not { } name) continue;
            var score = judgement.First("score"u8, "value"u8);
            if (score.Form == JsonForm.Object) score = score["value"u8];
            var comment = Comment(judgement["label"u8].ToText(), judgement.First("explanation"u8, "comment"u8).ToText());
            var source = judgement.First("annotator_kind"u8, "source"u8).ToText()?.ToLower(CultureInfo.InvariantCulture);
            Add(ref scores, new Score(name, new WireValue(score).Double(), comment, source ?? "annotation"));
        }
    }

    private static string? Comment(string? label, string? explanation) =>
        (label, explanation) switch
        {
            (null, null) => null,
            (null, { } text) => Texts.Cut(text, LongestComment),
            ({ } word, null) => Texts.Cut(word, LongestComment),
            ({ } word, { } text) => Texts.Cut(word + ": " + text, LongestComment),
        };

    private static bool Add(ref List<Score>? scores, Score score)
    {
        if (scores?.Count is >= Most) return false;
        (scores ??= []).Add(score);
        return true;
    }

    private static string? Text(OtlpValue value) => value.Type == OtlpValueType.String && !value.Raw.IsEmpty ? Encoding.UTF8.GetString(value.Raw) : null;
}
