using System.Text.Json;
using System.Text.Json.Nodes;

namespace Callwatch.Forward.Desk;

/// <summary>Parts a config into what may be seen and what is sealed, and puts it together again. Pure.</summary>
internal static class ConfigParts
{
    /// <summary>What a wish makes of the config that was there (see <see cref="DestinationWish.Config"/>); null, with field and words, where it asks to keep what is not there.</summary>
    public static (JsonObject? Config, (string Field, string Message)? Wrong) Merge(IReadOnlyList<DestinationField> fields, JsonObject before, JsonObject wish)
    {
        var merged = (JsonObject)before.DeepClone();
        foreach (var (name, value) in wish)
        {
            var field = fields.FirstOrDefault(field => field.Name == name);
            if (value is null && field is { Secret: true }) continue;
            if (field is { Secret: true, Type: "pairs" } && value is JsonObject pairs)
            {
                var kept = before[name] as JsonObject ?? [];
                var together = new JsonObject();
                foreach (var (key, secret) in pairs)
                {
                    if (secret is null && kept[key] is null) return (null, (name, $"'{key}' has no value, and none is kept of it."));
                    together[key] = (secret ?? kept[key])!.DeepClone();
                }

                merged[name] = together.Count == 0 ? null : together;
            }
            else
            {
                merged[name] = IsEmpty(value) ? null : value!.DeepClone();
            }

            // To a kind, null and left out are the same.
            if (merged[name] is null) merged.Remove(name);
        }

        return (merged, null);
    }

    /// <summary>What is seen, and what is sealed.</summary>
    public static (JsonObject Clear, JsonObject Secrets) Split(IReadOnlyList<DestinationField> fields, JsonObject config)
    {
        var (clear, secrets) = (new JsonObject(), new JsonObject());
        foreach (var (name, value) in config)
        {
            if (fields.FirstOrDefault(field => field.Name == name) is not { Secret: true })
            {
                clear[name] = value?.DeepClone();
                continue;
            }

            if (value is null) continue;
            secrets[name] = value.DeepClone();
            if (value is JsonObject pairs) clear[name] = new JsonObject(pairs.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)null)));
        }

        return (clear, secrets);
    }

    /// <summary>The whole again.</summary>
    public static JsonObject Join(JsonObject clear, JsonObject secrets)
    {
        var config = (JsonObject)clear.DeepClone();
        foreach (var (name, value) in secrets) config[name] = value?.DeepClone();
        return config;
    }

    /// <summary>Every field of the kind; what has no value is null, secrets always are.</summary>
    public static JsonObject ToView(IReadOnlyList<DestinationField> fields, JsonObject clear)
    {
        // A kind that is not known any more is shown as it was stored, which is without secrets.
        if (fields.Count == 0) return (JsonObject)clear.DeepClone();
        return new JsonObject(fields.Select(field => KeyValuePair.Create(field.Name, clear[field.Name]?.DeepClone())));
    }

    /// <summary>Every text among the secrets, to be kept out of what people read.</summary>
    public static IEnumerable<string> TextsOf(IReadOnlyList<DestinationField> fields, JsonObject config) =>
        config.Where(pair => fields.Any(field => field.Secret && field.Name == pair.Key)).SelectMany(pair => TextsIn(pair.Value));

    private static IEnumerable<string> TextsIn(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(pair => TextsIn(pair.Value)),
        JsonArray list => list.SelectMany(TextsIn),
        JsonValue value when value.TryGetValue<string>(out var text) => [text],
        _ => [],
    };

    private static bool IsEmpty(JsonNode? value) => value switch
    {
        null => true,
        JsonObject { Count: 0 } => true,
        JsonValue text when text.GetValueKind() == JsonValueKind.String => string.IsNullOrWhiteSpace((string?)text),
        _ => false,
    };
}
