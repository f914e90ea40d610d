using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Callwatch.Forward;
using Xunit;

namespace Callwatch.Tests.Forward;

/// <summary>Every text of a span, the ones of later versions too: whatever is added and not masked is found here.</summary>
public sealed class MaskTests
{
    private const string Secret = "anna@example.com";

    // Ours, or ids by which parts find each other: nothing a person would write.
    private static readonly string[] Apart =
    [
        "Span.Call.Cost.PriceBook", "Span.Call.Cost.PriceId", "Span.Call.Cost.PricedModel", "Span.Call.Cost.Reason", "Span.Call.Cost.Source", "Span.Call.FinishReasons", "Span.Call.ResponseId", "Span.Call.ToolCalls.Id", "Span.Error.Group",
        "Span.Notes", "Span.RecordKeys", "Span.Scores.Source", "App",
        .. ((string[])["Content.InputMessages.Parts", "Content.OutputMessages.Parts"]).SelectMany(part => (string[])[part + ".Id", part + ".Media.MimeType", part + ".MimeType", part + ".Type"]),
    ];

    [Fact]
    public void Whatever_a_sender_can_write_is_masked_wherever_it_stands()
    {
        var span = (SpanToSend)Filled(typeof(SpanToSend))!;
        var all = Texts(span, "").Where(text => text.Value.Contains(Secret, StringComparison.Ordinal)).Select(text => text.Path).Distinct().ToList();
        Assert.True(all.Count > 50, string.Join(' ', all));
        var masked = Mask.Of(["email"]).Mask!.Of(span);
        Assert.Equal(Apart.Order(StringComparer.Ordinal), Texts(masked, "").Where(text => text.Value.Contains(Secret, StringComparison.Ordinal)).Select(text => text.Path).Distinct().Order(StringComparer.Ordinal));
        Assert.True(masked.Resource.IsEmpty && masked.Scope.IsEmpty && masked.Body.IsEmpty);
        Assert.Same(span, Mask.None.Of(span));
    }

    /// <summary>With the secret in every text.</summary>
    private static object? Filled(Type type)
    {
        if (type == typeof(string)) return "to " + Secret;
        if (type == typeof(JsonNode) || type == typeof(JsonObject)) return new JsonObject { ["deep"] = new JsonArray(Secret, new JsonObject { ["deeper"] = "to " + Secret }), ["number"] = 7 };
        if (type == typeof(ReadOnlyMemory<byte>)) return new ReadOnlyMemory<byte>([1]);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)) return ListOf(type.GetGenericArguments()[0]);
        if (type == typeof(IReadOnlyDictionary<string, string>)) return new Dictionary<string, string> { ["key"] = "to " + Secret };
        if (type == typeof(IReadOnlyDictionary<string, decimal>)) return new Dictionary<string, decimal>();
        if (type.IsValueType) return Activator.CreateInstance(type);
        var made = RuntimeHelpers.GetUninitializedObject(type);
        foreach (var property in type.GetProperties().Where(property => property.CanWrite)) property.SetValue(made, Filled(property.PropertyType));
        return made;
    }

    private static Array ListOf(Type item)
    {
        var list = Array.CreateInstance(item, 1);
        list.SetValue(Filled(item), 0);
        return list;
    }

    private static IEnumerable<(string Path, string Value)> Texts(object? value, string path)
    {
        if (value is null or ValueType) return [];
        if (value is string text) return [(path, text)];
        if (value is JsonNode json) return [(path, json.ToJsonString())];
        if (value is IReadOnlyDictionary<string, string> map) return map.Select(pair => (path, pair.Value));
        if (value is IEnumerable list) return list.Cast<object?>().SelectMany(item => Texts(item, path));
        return value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.GetIndexParameters().Length == 0)
            .SelectMany(property => Texts(property.GetValue(value), path.Length == 0 ? property.Name : path + "." + property.Name));
    }
}
