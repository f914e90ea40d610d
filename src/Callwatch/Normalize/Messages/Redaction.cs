using Callwatch.Normalize.Fields;
using Callwatch.Normalize.Reading;
using static Callwatch.Normalize.Reading.FieldRule;

namespace Callwatch.Normalize.Messages;

/// <summary>
/// Whether somebody hid a part of the text on purpose before we had it: OpenInference puts the literal <c>__REDACTED__</c> in its place
/// (genai-attributes, section 7), Logfire lists what it scrubbed, and an intake that masks says so in <c>callwatch.changed</c>.
/// </summary>
internal static class Redaction
{
    private static readonly FieldRules Scrubbed = [Attr("logfire.scrubbed")];
    private static readonly FieldRules Marks = [Attr("callwatch.changed")];
    private static readonly FieldRules Texts =
    [
        .. MessageSources.InputMessages, .. MessageSources.OutputMessages, .. MessageSources.SystemInstructions, .. MessageSources.AiResponse,
        .. MessageSources.OtherInput, .. MessageSources.OtherOutput, .. ToolFields.Arguments, .. ToolFields.Result, .. RetrievalFields.Query,
    ];

    public static bool Of(SpanFacts facts)
    {
        if (facts.Mentions(Scrubbed)) return true;
        if (facts.Mentions(Marks))
        {
            foreach (var mark in facts.Texts(Marks))
                if (mark == "masked" || mark.StartsWith("masked:", StringComparison.Ordinal)) return true;
        }

        foreach (var item in facts.Items)
            if (facts.ValueOf(item).Is("__REDACTED__"u8)) return true;
        if (!facts.Mentions(Texts)) return false;
        var hits = facts.All(Texts);
        while (hits.MoveNext())
            if (hits.Current.Is("__REDACTED__"u8)) return true;
        return false;
    }
}
