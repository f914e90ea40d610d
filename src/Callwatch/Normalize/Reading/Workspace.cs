namespace Callwatch.Normalize.Reading;

/// <summary>Where a value lies: in which bytes, and there from where to where.</summary>
internal struct SlotValue
{
    /// <summary>See <see cref="SpanFacts.Source"/>.</summary>
    public int Source;

    /// <summary>Of the AnyValue message.</summary>
    public int Start;
    public int Length;

    /// <summary>First token of the value read as JSON, plus one; -1 when it is none; 0 when nobody has asked.</summary>
    public int Json;

    /// <summary>The copy that was indexed, plus one; 0 when the value's own bytes were.</summary>
    public int JsonCopy;
}

/// <summary>An attribute of a <see cref="Family"/>.</summary>
internal struct FamilyItem
{
    public Family Family;

    /// <summary>The key after the family's prefix.</summary>
    public int KeyStart;
    public int KeyLength;
    public int ValueStart;
    public int ValueLength;
}

/// <summary>A span event or a joined log record.</summary>
internal struct EventPlace
{
    /// <summary>See <see cref="SpanFacts.Source"/>.</summary>
    public int Source;
    public int Start;
    public int Length;
    public bool IsLog;
}

/// <summary>The attributes that rules know, of one place.</summary>
internal sealed class KnownAttributes
{
    public SlotSet Present;
    public readonly SlotValue[] Values = new SlotValue[AttributeTable.MaxSlots];

    public void Set(int slot, int source, int start, int length)
    {
        Present.Add(slot);
        Values[slot] = new SlotValue { Source = source, Start = start, Length = length };
    }
}

/// <summary>
/// What reading one span needs room for, kept by each thread from span to span so that reading allocates nothing.
/// Between two spans nothing of it counts: the result depends on the span alone.
/// </summary>
internal sealed class Workspace
{
    [ThreadStatic]
    private static Workspace? own;

    /// <summary>Span attributes, attributes of GenAI events and logs, scope attributes: the order in which they count.</summary>
    public readonly KnownAttributes[] Places = [new(), new(), new()];

    public readonly List<FamilyItem> Items = [];
    public readonly List<EventPlace> Events = [];
    public readonly List<byte[]> Copies = [];
    public readonly List<string> Notes = [];
    public readonly List<Messages.MessagePlace> Messages = [];
    public readonly Utf8Words Words = new();
    public JsonToken[] Tokens = new JsonToken[1024];
    public int TokenCount;
    public bool HasMetadata;
    public ResourceFacts Resource = ResourceFacts.None;
    public ScopeFacts Scope = ScopeFacts.None;

    /// <summary>The calling thread's, made ready for the next span.</summary>
    public static Workspace Next()
    {
        var space = own ??= new Workspace();
        foreach (var place in space.Places) place.Present = default;
        space.Items.Clear();
        space.Events.Clear();
        space.Copies.Clear();
        space.Notes.Clear();
        space.HasMetadata = false;
        space.TokenCount = 0;

        // One huge body must not hold its memory for ever.
        if (space.Tokens.Length > 1 << 16) space.Tokens = new JsonToken[1024];
        return space;
    }
}
