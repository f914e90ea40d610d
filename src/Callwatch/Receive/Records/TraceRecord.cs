using System.Text.Json;
using Callwatch.Spans;

namespace Callwatch.Receive.Records;

/// <summary>One record, or one node of a workflow, whose fields have the shapes they must have.</summary>
internal sealed class TraceRecord
{
    private readonly Dictionary<string, JsonElement> fields;

    private TraceRecord(RecordType type, Dictionary<string, JsonElement> fields, List<KeyValuePair<string, JsonElement>> others) =>
        (Type, this.fields, Others) = (type, fields, others);

    public RecordType Type { get; }

    public Timestamp Start { get; private set; }

    public Timestamp End { get; private set; }

    /// <summary>Of a workflow, in the order they were sent.</summary>
    public IReadOnlyList<TraceRecord> Nodes { get; private set; } = [];

    /// <summary>Fields the type does not have; they become metadata.</summary>
    public IReadOnlyList<KeyValuePair<string, JsonElement>> Others { get; }

    /// <summary>The known fields that are not null.</summary>
    public IEnumerable<KeyValuePair<string, JsonElement>> Fields => fields;

    /// <summary>Reads and checks a record of whatever type it says.</summary>
    public static (TraceRecord? Record, RecordFault? Fault) Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object) return (null, new RecordFault(RecordFaultCodes.WrongType, "", "A record must be an object."));
        if (!json.TryGetProperty("type", out var word) || word.ValueKind == JsonValueKind.Null) return (null, new RecordFault(RecordFaultCodes.Required, "type", $"type is required: {RecordTypes.Known}."));
        if (word.ValueKind != JsonValueKind.String) return (null, Wrong("type", FieldShape.Text));
        return RecordTypes.Parse(word.GetString()) is { } type
            ? Read(json, type, "")
            : (null, new RecordFault(RecordFaultCodes.UnknownType, "type", $"type must be one of: {RecordTypes.Known}."));
    }

    public bool Has(string name) => fields.ContainsKey(name);

    public JsonElement? Get(string name) => fields.TryGetValue(name, out var value) ? value : null;

    /// <summary>Null when it is absent or only blank.</summary>
    public string? Text(string name) => fields.TryGetValue(name, out var value) && value.GetString() is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;

    public long? Whole(string name) => fields.TryGetValue(name, out var value) ? (long)value.GetDecimal() : null;

    public double? Number(string name) => fields.TryGetValue(name, out var value) ? value.GetDouble() : null;

    public bool? Flag(string name) => fields.TryGetValue(name, out var value) ? value.GetBoolean() : null;

    /// <summary>The text of a key of <c>metadata</c>; null when it is no text, or blank.</summary>
    public string? Metadata(string key) =>
        fields.TryGetValue("metadata", out var map) && map.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { } text && !string.IsNullOrWhiteSpace(text)
            ? text : null;

    private static (TraceRecord? Record, RecordFault? Fault) Read(JsonElement json, RecordType type, string within)
    {
        var fields = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        var others = new List<KeyValuePair<string, JsonElement>>();
        foreach (var property in json.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Null) continue;
            if (RecordFields.Of(type, property.Name) is not { } shape)
            {
                others.Add(new(property.Name, property.Value));
                continue;
            }

            if (RecordShapes.Check(within + property.Name, property.Value, shape) is { } fault) return (null, fault);
            fields[property.Name] = property.Value;
        }

        var record = new TraceRecord(type, fields, others);
        return record.Complete(within) is { } missing ? (null, missing) : (record, null);
    }

    private RecordFault? Complete(string within)
    {
        if (RecordFields.RequiredOf(Type) is { } needed && Text(needed) is null) return Missing(within + needed);
        foreach (var name in (string[])["start_time", "end_time"])
            if (!Has(name)) return Missing(within + name);
        (Start, End) = (TimeOf("start_time"), TimeOf("end_time"));
        if (End < Start) return new RecordFault(RecordFaultCodes.OutOfRange, within + "end_time", "end_time lies before start_time.");
        if (RecordUsage.Check(this, within) is { } usage) return usage;
        return Type == RecordType.Workflow && fields.TryGetValue("nodes", out var nodes) ? ReadNodes(nodes) : null;
    }

    private RecordFault? ReadNodes(JsonElement list)
    {
        var nodes = new List<TraceRecord>(list.GetArrayLength());
        foreach (var json in list.EnumerateArray())
        {
            var within = $"nodes[{nodes.Count}].";
            if (json.ValueKind != JsonValueKind.Object) return new RecordFault(RecordFaultCodes.WrongType, within[..^1], "A node must be an object.");
            var (node, fault) = Read(json, RecordType.Node, within);
            if (node is null) return fault;
            nodes.Add(node);
        }

        Nodes = nodes;
        return null;
    }

    private Timestamp TimeOf(string name) => Timestamp.TryParse(fields[name].GetString(), out var time) ? time : default;

    private static RecordFault Missing(string field) => new(RecordFaultCodes.Required, field, $"{field} is required.");

    private static RecordFault Wrong(string field, FieldShape shape) => RecordShapes.Wrong(field, shape);
}
