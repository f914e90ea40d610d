namespace Callwatch.Normalize.Reading;

/// <summary>Walks the values that a field's rules give: by place, within a place by rule; what is empty is passed over.</summary>
internal ref struct Hits(SpanFacts facts, FieldRules rules, int places)
{
    private readonly SpanFacts facts = facts;
    private int place = -1;
    private int rule = rules.Count;

    public WireValue Current { get; private set; }

    /// <summary>The current value read as JSON; no value when it is none.</summary>
    public readonly JsonView Json => facts.JsonOf(rules[rule - 1], place);

    /// <summary>The rule that gave the current value.</summary>
    public readonly FieldRule Rule => rules[rule - 1];

    public readonly Hits GetEnumerator() => this;

    public bool MoveNext()
    {
        while (true)
        {
            while (rule < rules.Count)
            {
                Current = facts.Read(rules[rule++], place);
                if (!Current.IsAbsent) return true;
            }

            if (++place >= places) return false;
            rule = SlotSet.Meet(facts.Space.Places[place].Present, rules.Slots) || (place == SpanFacts.SpanPlace && rules.UsesMetadata && facts.Space.HasMetadata)
                ? 0
                : rules.Count;
        }
    }
}
