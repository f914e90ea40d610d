using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Callwatch.Server.Tests.Contract;

/// <summary>The description at <c>/openapi/v1.json</c>, read by hand as a program of somebody else would.</summary>
internal sealed class Described(JsonNode document)
{
    private static readonly string[] Methods = ["get", "post", "put", "delete"];

    /// <summary>Each operation with a path that leads to it.</summary>
    /// <param name="values">By the name of a path's parameter; <c>1</c> for the others.</param>
    public IEnumerable<Operation> Operations(IReadOnlyDictionary<string, string> values) =>
        from path in document["paths"]!.AsObject()
        from method in Methods
        where path.Value![method] is not null
        select new Operation(method.ToUpperInvariant(), path.Key, Fill(path.Key, values), path.Value![method]!.AsObject());

    /// <summary>What is not as the schema says, at most a few.</summary>
    public IReadOnlyList<string> Objections(JsonNode? answer, JsonNode schema)
    {
        var found = new List<string>();
        Check(answer, schema, "$", found, 0);
        return found;
    }

    /// <summary>A body in which every field has a value of its type.</summary>
    public JsonNode? Example(JsonNode? schema, int depth = 0)
    {
        if (schema is null || depth > 6) return null;
        if (Reference(schema) is { } referred) return Example(referred, depth + 1);
        if (schema["oneOf"] is JsonArray choices) return Example(choices.FirstOrDefault(one => (string?)one!["type"] != "null"), depth + 1);
        if (schema["enum"] is JsonArray words) return words[0]!.DeepClone();
        var types = Types(schema);
        if (schema["properties"] is JsonObject properties) return new JsonObject(properties.Select(property => KeyValuePair.Create(property.Key, Example(property.Value, depth + 1))));
        if (types.Contains("object")) return new JsonObject();
        if (types.Contains("array")) return new JsonArray(Example(schema["items"], depth + 1));
        if (types.Contains("integer") || types.Contains("number")) return 1;
        return types.Contains("boolean") ? true : "x";
    }

    private JsonNode? Reference(JsonNode schema) => (string?)schema["$ref"] is { } path ? document["components"]!["schemas"]![path[(path.LastIndexOf('/') + 1)..]]! : null;

    private static List<string> Types(JsonNode schema) => schema["type"] switch
    {
        JsonArray several => [.. several.Select(type => (string)type!)],
        { } one => [(string)one!],
        _ => [],
    };

    private void Check(JsonNode? value, JsonNode schema, string at, List<string> found, int depth)
    {
        if (depth > 40 || found.Count > 5) return;
        if (Reference(schema) is { } referred)
        {
            Check(value, referred, at, found, depth + 1);
            return;
        }

        if (schema["oneOf"] is JsonArray choices)
        {
            if (!choices.Any(choice => Fits(value, choice!, at, depth))) found.Add($"{at}: none of the schemas");
            return;
        }

        if (Types(schema) is { Count: > 0 } types && !types.Contains(TypeOf(value)) && !(TypeOf(value) == "integer" && types.Contains("number")))
        {
            found.Add($"{at}: {value?.ToJsonString() ?? "null"} is no {string.Join(" or ", types)}");
            return;
        }

        if (value is JsonObject fields) CheckFields(fields, schema, at, found, depth);
        if (value is JsonArray items && schema["items"] is { } item)
            for (var i = 0; i < items.Count && i < 5; i++) Check(items[i], item, $"{at}[{i}]", found, depth + 1);
    }

    private bool Fits(JsonNode? value, JsonNode schema, string at, int depth)
    {
        var objections = new List<string>();
        Check(value, schema, at, objections, depth + 1);
        return objections.Count == 0;
    }

    private void CheckFields(JsonObject fields, JsonNode schema, string at, List<string> found, int depth)
    {
        foreach (var required in schema["required"]?.AsArray() ?? [])
            if (!fields.ContainsKey((string)required!)) found.Add($"{at}.{required} is missing");
        if (schema["properties"] is not JsonObject properties) return;
        foreach (var (name, field) in fields)
        {
            if (properties[name] is { } described) Check(field, described, $"{at}.{name}", found, depth + 1);
            else if (schema["additionalProperties"] is null) found.Add($"{at}.{name} is not described");
        }
    }

    private static string TypeOf(JsonNode? value) => value?.GetValueKind() switch
    {
        null or JsonValueKind.Null => "null",
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        _ => value!.ToJsonString().AsSpan().ContainsAny('.', 'e', 'E') ? "number" : "integer",
    };

    private static string Fill(string path, IReadOnlyDictionary<string, string> values) =>
        Regex.Replace(path, @"\{(?<name>\w+)\}", match => Uri.EscapeDataString(values.GetValueOrDefault(match.Groups["name"].Value, "1")), RegexOptions.None, TimeSpan.FromMinutes(5));
}

/// <summary>One method of one path.</summary>
internal sealed record Operation(string Method, string Template, string Path, JsonObject Description)
{
    public IReadOnlyList<string> QueryParameters =>
        [.. (Description["parameters"]?.AsArray() ?? []).Where(parameter => (string?)parameter!["in"] == "query").Select(parameter => (string)parameter!["name"]!)];

    /// <summary>The schema of the JSON body it takes; null when it takes none.</summary>
    public JsonNode? BodySchema => Description["requestBody"]?["content"]?["application/json"]?["schema"];

    public override string ToString() => Method + " " + Template;
}
