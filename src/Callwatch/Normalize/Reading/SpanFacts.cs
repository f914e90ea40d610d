using Callwatch.Receive.Otlp;

namespace Callwatch.Normalize.Reading;

/// <summary>
/// One span laid open for the field rules: every attribute they know has been found in one pass, nothing has been copied.
/// Fields ask for their rules; rules look at the places in order: span attributes, GenAI events, joined logs, scope (section 2, rule 6).
/// </summary>
internal readonly ref struct SpanFacts
{
    public const int SpanPlace = 0;
    public const int EventPlaces = 1;
    public const int ScopePlace = 2;

    // Sources of bytes: the span, its scope, then the payloads of the joined logs.
    private const int SpanSource = 0;
    private const int ScopeSource = 1;
    private const int FirstLogSource = 2;

    // More messages than any conversation has; each is looked up in its payload.
    private const int MostLogs = 1_000;

    private static readonly AttributeTable.Lookup Known = Fields.FieldTable.Attributes;

    private readonly ReadOnlySpan<byte> body;
    private readonly ReadOnlySpan<byte> scope;
    private readonly IReadOnlyList<JoinedLog> logs;
    private readonly int places;

    private SpanFacts(in OtlpSpan span, IReadOnlyList<JoinedLog> logs, Workspace space)
    {
        body = span.Body;
        scope = span.Scope;
        this.logs = logs;
        Space = space;
        space.Resource = ResourceFacts.Of(span.Resource, space.Resource);
        space.Scope = ScopeFacts.Of(span.Scope, space.Scope);
        places = 1;
        ScanSpan();
        for (var i = 0; i < logs.Count && i < MostLogs; i++) AddLog(i);
        if (space.Events.Count > 0)
        {
            KnowEvents();
            if (!space.Places[EventPlaces].Present.IsEmpty) places = 2;
        }

        if (!space.Scope.HasAttributes) return;
        ScanAttributes(scope, field: 3, ScopeSource, ScopePlace, 0);
        places = 3;
    }

    public Workspace Space { get; }

    /// <summary>Reads a span. The facts hold until the same thread reads the next one.</summary>
    public static SpanFacts Of(in OtlpSpan span, IReadOnlyList<JoinedLog> logs) => new(span, logs, Workspace.Next());

    /// <summary>True when one of these attributes is there, empty or not.</summary>
    public bool Mentions(FieldRules rules)
    {
        for (var place = 0; place < places; place++)
            if (SlotSet.Meet(Space.Places[place].Present, rules.Slots)) return true;
        return false;
    }

    /// <summary>Every value the rules give, best first.</summary>
    public Hits All(FieldRules rules) => new(this, rules, places);

    /// <summary>Attributes of families, in the order of the wire.</summary>
    public ReadOnlySpan<FamilyItem> Items => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(Space.Items);

    public ReadOnlySpan<byte> KeyOf(FamilyItem item) => body.Slice(item.KeyStart, item.KeyLength);

    public WireValue ValueOf(FamilyItem item) => new(new OtlpValue(body.Slice(item.ValueStart, item.ValueLength)));

    /// <summary>Span events in their order, then joined logs in theirs.</summary>
    public int EventCount => Space.Events.Count;

    public Happening EventAt(int index)
    {
        var place = Space.Events[index];
        var message = Source(place.Source).Slice(place.Start, place.Length);
        return place.IsLog ? new Happening(OtlpLog.Of(default, default, message, place.Start)) : new Happening(message);
    }

    /// <summary>The value of a rule in a place; absent when there is none.</summary>
    internal WireValue Read(FieldRule rule, int place)
    {
        if (rule.Slot < 0) return place == SpanPlace && Space.HasMetadata ? Metadata.Find(this, rule.MetadataKey!) : default;
        var known = Space.Places[place];
        if (!known.Present.Has(rule.Slot)) return default;
        if (rule.Path.Length == 0 && !rule.Quoted) return new WireValue(AnyValue(known.Values[rule.Slot]));
        var json = JsonOf(rule, place);
        return rule.Quoted && json.Form == JsonForm.None ? new WireValue(AnyValue(known.Values[rule.Slot])) : new WireValue(json);
    }

    /// <summary>What a rule finds, read as JSON.</summary>
    internal JsonView JsonOf(FieldRule rule, int place)
    {
        if (rule.Slot < 0) return default;
        var json = Json(rule.Slot, place);
        foreach (var step in rule.Path)
        {
            if (!step.AsSpan().SequenceEqual("[0]"u8))
            {
                json = json[step];
                continue;
            }

            var items = json.Items;
            json = items.MoveNext() ? items.Current.Value : default;
        }

        return json;
    }

    /// <summary>
    /// The attribute read as JSON: a JSON string of a structure, or the structure itself. No value when it is neither.
    /// Text inside quotes inside text is taken out of both.
    /// </summary>
    public JsonView Json(int slot, int place = SpanPlace) =>
        Space.Places[place].Present.Has(slot) ? Json(ref Space.Places[place].Values[slot]) : default;

    public JsonView Json(WireValue value)
    {
        if (value.Form is ValueForm.Json) return value.Json;
        if (value.Form is ValueForm.List or ValueForm.Pairs) return default;
        return value.Form == ValueForm.Text && Index(value.Raw) is >= 0 and var root ? new JsonView(value.Raw, Space.Tokens, root) : default;
    }

    /// <summary>Bytes made for this span, read as JSON: what was put together from several attributes.</summary>
    public JsonView Made(byte[] json) => Index(json) is >= 0 and var root ? new JsonView(json, Space.Tokens, root) : default;

    private JsonView Json(ref SlotValue value)
    {
        if (value.Json == 0) Index(ref value);
        if (value.Json < 0) return default;
        var text = value.JsonCopy > 0 ? Space.Copies[value.JsonCopy - 1] : AnyValue(value).Raw;
        return new JsonView(text, Space.Tokens, value.Json - 1);
    }

    private void Index(ref SlotValue value)
    {
        var any = AnyValue(value);
        value.Json = -1;
        if (any.Type is OtlpValueType.Array or OtlpValueType.KeyValueList)
        {
            IndexCopy(ref value, AnyValueJson.ToUtf8(any));
            return;
        }

        if (any.Type != OtlpValueType.String || Index(any.Raw) is not (>= 0 and var root)) return;
        ref readonly var token = ref Space.Tokens[root];
        if (token.Form is not JsonForm.Text) value.Json = root + 1;
        else if (!token.Escaped) value.Json = root + 1;
        else
        {
            var inner = System.Text.Encoding.UTF8.GetBytes(JsonText.Read(any.Raw.Slice(token.Start, token.Length), escaped: true));
            value.Json = root + 1;
            if (MayBeStructure(inner)) IndexCopy(ref value, inner);
        }
    }

    private void IndexCopy(ref SlotValue value, byte[] copy)
    {
        if (Index(copy) is not (>= 0 and var root)) return;
        Space.Copies.Add(copy);
        (value.Json, value.JsonCopy) = (root + 1, Space.Copies.Count);
    }

    private int Index(ReadOnlySpan<byte> text) =>
        MayBeStructure(text) || text is [(byte)'"', ..] ? JsonIndex.Add(text, ref Space.Tokens, ref Space.TokenCount) : -1;

    private static bool MayBeStructure(ReadOnlySpan<byte> text)
    {
        var start = text.IndexOfAnyExcept(" \n\r\t"u8);
        return start >= 0 && text[start] is (byte)'{' or (byte)'[';
    }

    private OtlpValue AnyValue(in SlotValue value) => new(Source(value.Source).Slice(value.Start, value.Length));

    private ReadOnlySpan<byte> Source(int source) => source switch
    {
        SpanSource => body,
        ScopeSource => scope,
        _ => logs[source - FirstLogSource].Payload.Span,
    };

    private void ScanSpan()
    {
        var fields = new ProtobufReader(body);
        while (fields.Read())
        {
            if (fields.Type != WireType.Bytes) continue;
            if (fields.Field == 9) Attribute(fields.Bytes, fields.BytesStart, SpanSource, SpanPlace);
            else if (fields.Field == 11) Space.Events.Add(new EventPlace { Source = SpanSource, Start = fields.BytesStart, Length = fields.Bytes.Length });
        }
    }

    private void AddLog(int index)
    {
        var source = index + FirstLogSource;
        if (OtlpLog.TryAt(logs[index].Payload.Span, logs[index].Offset, out var log))
            Space.Events.Add(new EventPlace { Source = source, Start = log.Offset, Length = log.Record.Length, IsLog = true });
    }

    // GenAI events repeat what the span may lack; of several the first counts. Judgements and exceptions speak of other things by the same names.
    private void KnowEvents()
    {
        for (var i = 0; i < Space.Events.Count; i++)
        {
            if (!Happening.DescribesCall(EventAt(i).Name)) continue;
            var place = Space.Events[i];
            ScanAttributes(Source(place.Source).Slice(place.Start, place.Length), place.IsLog ? 6 : 3, place.Source, EventPlaces, place.Start);
        }
    }

    private void ScanAttributes(ReadOnlySpan<byte> message, int field, int source, int place, int offset)
    {
        var fields = new ProtobufReader(message);
        while (fields.Read())
            if (fields.Field == field && fields.Type == WireType.Bytes) Attribute(fields.Bytes, offset + fields.BytesStart, source, place);
    }

    private void Attribute(ReadOnlySpan<byte> keyValue, int start, int source, int place)
    {
        var fields = new ProtobufReader(keyValue);
        ReadOnlySpan<byte> key = default;
        int keyStart = 0, valueStart = 0, valueLength = 0;
        while (fields.Read())
        {
            if (fields.Type != WireType.Bytes) continue;
            if (fields.Field == 1)
            {
                key = fields.Bytes;
                keyStart = fields.BytesStart;
            }
            else if (fields.Field == 2)
            {
                valueStart = fields.BytesStart;
                valueLength = fields.Bytes.Length;
            }
        }

        var slot = Known.Find(key);
        if (slot >= 0)
        {
            if (place == SpanPlace || !Space.Places[place].Present.Has(slot)) Space.Places[place].Set(slot, source, start + valueStart, valueLength);
            if (place == SpanPlace && Metadata.IsSource(slot)) Space.HasMetadata = true;
            return;
        }

        if (place != SpanPlace || AttributeTable.FamilyOf(key, out var prefix) is not (not Family.None and var family)) return;
        if (family <= Family.TraceloopProperties) Space.HasMetadata = true;
        Space.Items.Add(new FamilyItem
        {
            Family = family,
            KeyStart = start + keyStart + prefix,
            KeyLength = key.Length - prefix,
            ValueStart = start + valueStart,
            ValueLength = valueLength,
        });
    }
}
