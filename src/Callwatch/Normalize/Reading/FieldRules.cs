using System.Collections;
using System.Runtime.CompilerServices;
using System.Text;

namespace Callwatch.Normalize.Reading;

/// <summary>One place where a field may stand: an attribute, or a value inside the JSON of an attribute, or a key of the metadata.</summary>
internal sealed class FieldRule
{
    private FieldRule()
    {
    }

    /// <summary>Of the attribute; -1 for metadata.</summary>
    public int Slot { get; private init; } = -1;

    /// <summary>Steps into the JSON: a property each, <c>[0]</c> for the first item. Empty: the attribute itself.</summary>
    public byte[][] Path { get; private init; } = [];

    /// <summary>A JSON string with its quotes inside the attribute's text (MLflow, section 11).</summary>
    public bool Quoted { get; private init; }

    public byte[]? MetadataKey { get; private init; }

    /// <summary>The attribute of that name.</summary>
    public static FieldRule Attr(string name) => new() { Slot = AttributeTable.SlotOf(name) };

    /// <summary>The attribute of that name, written as JSON: <c>"\"gpt-4o\""</c>.</summary>
    public static FieldRule InQuotes(string name) => new() { Slot = AttributeTable.SlotOf(name), Quoted = true };

    /// <summary>A value inside the JSON object of the attribute.</summary>
    public static FieldRule Json(string name, params string[] path) =>
        new() { Slot = AttributeTable.SlotOf(name), Path = [.. path.Select(Encoding.UTF8.GetBytes)] };

    /// <summary>A key of any metadata source (section 4, "meta").</summary>
    public static FieldRule Meta(string key) => new() { MetadataKey = Encoding.UTF8.GetBytes(key) };
}

/// <summary>The places of one field, in the order in which they count: the first that gives something wins.</summary>
[CollectionBuilder(typeof(FieldRules), nameof(Of))]
internal sealed class FieldRules : IEnumerable<FieldRule>
{
    private readonly FieldRule[] rules;
    private readonly SlotSet slots;

    private FieldRules(FieldRule[] rules)
    {
        this.rules = rules;
        foreach (var rule in rules)
        {
            if (rule.Slot >= 0) slots.Add(rule.Slot);
            else UsesMetadata = true;
        }
    }

    public static FieldRules Of(ReadOnlySpan<FieldRule> rules) => new(rules.ToArray());

    public int Count => rules.Length;

    public FieldRule this[int index] => rules[index];

    /// <summary>Every attribute named.</summary>
    public ref readonly SlotSet Slots => ref slots;

    public bool UsesMetadata { get; }

    public IEnumerator<FieldRule> GetEnumerator() => ((IEnumerable<FieldRule>)rules).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => rules.GetEnumerator();
}
