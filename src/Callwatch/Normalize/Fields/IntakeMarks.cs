using Callwatch.Normalize.Reading;
using Callwatch.Telemetry;
using static Callwatch.Normalize.Reading.FieldRule;

namespace Callwatch.Normalize.Fields;

/// <summary>What intake had to mend, from the attribute it leaves: <c>text_cut:gen_ai.input.messages</c>. The reason becomes a note of the span.</summary>
internal static class IntakeMarks
{
    private static readonly FieldRules Marks = [Attr("callwatch.changed")];

    // The list is closed: what a sender writes there itself is no note.
    private static readonly HashSet<string> Reasons = [.. Enum.GetValues<Reason>().Select(reason => reason.Word())];

    public static void AddTo(List<string> notes, SpanFacts facts)
    {
        if (!facts.Mentions(Marks)) return;
        foreach (var mark in facts.Texts(Marks))
        {
            var reason = mark.Split(':', 2)[0];
            if (Reasons.Contains(reason) && !notes.Contains(reason, StringComparer.Ordinal)) notes.Add(reason);
        }
    }
}
