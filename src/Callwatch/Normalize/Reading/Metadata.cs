namespace Callwatch.Normalize.Reading;

/// <summary>
/// The key-value pairs a sender adds for itself, from all their sources (genai-attributes, section 4, "meta"): a JSON object,
/// or one attribute per key. The earlier source counts.
/// </summary>
internal static class Metadata
{
    private const int LongestKey = 200;

    // Sources that may come whole; each stands right before the family of its single keys.
    private static readonly (int Slot, Family Family)[] Whole =
    [
        (AttributeTable.SlotOf("metadata"), Family.Metadata),
        (AttributeTable.SlotOf("langfuse.observation.metadata"), Family.LangfuseObservationMetadata),
        (AttributeTable.SlotOf("langfuse.trace.metadata"), Family.LangfuseTraceMetadata),
    ];

    public static bool IsSource(int slot)
    {
        foreach (var (whole, _) in Whole)
            if (whole == slot) return true;
        return false;
    }

    /// <summary>The value of a key in the first source that has it.</summary>
    public static WireValue Find(SpanFacts facts, ReadOnlySpan<byte> key)
    {
        for (var family = Family.Metadata; family <= Family.TraceloopProperties; family++)
        {
            foreach (var (slot, whole) in Whole)
            {
                if (whole != family) continue;
                var value = new WireValue(facts.Json(slot)[key]);
                if (!value.IsAbsent) return value;
            }

            foreach (var item in facts.Items)
            {
                if (item.Family != family || !facts.KeyOf(item).SequenceEqual(key)) continue;
                var value = facts.ValueOf(item);
                if (!value.IsAbsent) return value;
            }
        }

        return default;
    }

    /// <summary>Adds every pair that <paramref name="isHidden"/> lets pass.</summary>
    public static void AddAll(SpanFacts facts, Dictionary<string, string> into, Func<string, bool> isHidden, int mostKeys, int longestValue)
    {
        for (var family = Family.Metadata; family <= Family.TraceloopProperties; family++)
        {
            foreach (var (slot, whole) in Whole)
            {
                if (whole != family) continue;
                foreach (var property in facts.Json(slot).Properties)
                {
                    if (into.Count >= mostKeys) return;
                    var key = property.Key;
                    if (IsWanted(key)) Add(key, new WireValue(property.Value).Text(facts.Space.Words));
                }
            }

            foreach (var item in facts.Items)
            {
                if (item.Family != family) continue;
                var key = facts.Space.Words.Get(facts.KeyOf(item));
                if (IsWanted(key)) Add(key, facts.ValueOf(item).Text(facts.Space.Words));
            }
        }

        bool IsWanted(string key) => key.Length <= LongestKey && into.Count < mostKeys && !into.ContainsKey(key) && !isHidden(key);

        void Add(string key, string? value)
        {
            if (value is not null) into.Add(key, Texts.Cut(value, longestValue));
        }
    }
}
