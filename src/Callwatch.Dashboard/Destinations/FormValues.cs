using System.Globalization;
using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Desk;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Destinations;

/// <summary>What stands in the fields of the form: what is kept, or what somebody has typed. Never a secret.</summary>
public sealed class FormValues
{
    /// <summary>Stands for the value of a stored secret in a list of pairs.</summary>
    public const string Kept = "***";

    private readonly Dictionary<string, string[]> values = new(StringComparer.Ordinal);

    public string Text(string name) => values.GetValueOrDefault(name) is [var first, ..] ? first : "";

    public bool Has(string name, string value) => values.GetValueOrDefault(name)?.Contains(value, StringComparer.Ordinal) == true;

    public bool IsOn(string name) => Has(name, "on");

    public IReadOnlyList<string> All(string name) => values.GetValueOrDefault(name) ?? [];

    /// <summary>Of a destination that is to be made.</summary>
    public static FormValues New(IDestinationKind kind)
    {
        var values = new FormValues();
        foreach (var field in kind.Fields.Where(field => !field.Secret)) values.Put(field, field.Default);
        values.values["name"] = [kind.Title];
        values.values["serves"] = ["all"];
        values.values["sample"] = ["100"];
        values.values["keep_errors"] = ["on"];
        values.values["signal"] = ["traces"];
        values.values["start"] = ["now"];
        return values;
    }

    /// <summary>Of one that there is.</summary>
    public static FormValues Of(DestinationView destination, IDestinationKind? kind)
    {
        var values = new FormValues();
        foreach (var field in kind?.Fields ?? []) values.Put(field, destination.Config[field.Name]);
        values.values["name"] = [destination.Name];
        values.values["serves"] = [destination.Apps is not ["*"] ? "only" : destination.ExceptApps.Count > 0 ? "except" : "all"];
        values.values["app"] = destination.Apps is ["*"] ? [.. destination.ExceptApps] : [.. destination.Apps];
        values.values["filter"] = [destination.Filter ?? ""];
        values.values["sample"] = [(destination.SampleRate * 100).ToString("0.######", CultureInfo.InvariantCulture)];
        if (destination.KeepErrors) values.values["keep_errors"] = ["on"];
        if (destination.Enabled) values.values["enabled"] = ["on"];
        values.values["mask"] = [.. destination.Mask.Where(IsBuiltIn)];
        values.values["patterns"] = [string.Join('\n', destination.Mask.Where(pattern => !IsBuiltIn(pattern)))];
        values.values["signal"] = [.. destination.Signals];
        return values;
    }

    /// <summary>As it was typed, without what is secret: that has to be typed again.</summary>
    public static FormValues Of(IFormCollection form, IDestinationKind? kind)
    {
        var secret = kind?.Fields.Where(field => field.Secret).Select(field => "config." + field.Name).ToHashSet(StringComparer.Ordinal) ?? [];
        var values = new FormValues();
        foreach (var (name, typed) in form)
            if (!secret.Contains(name)) values.values[name] = [.. typed.OfType<string>()];
        return values;
    }

    private void Put(DestinationField field, JsonNode? value)
    {
        var text = value switch
        {
            JsonObject pairs => string.Join('\n', pairs.Select(pair => $"{pair.Key}: {(pair.Value is null ? Kept : Written(pair.Value))}")),
            null => "",
            _ when field.Type == "switch" => Written(value) == "true" ? "on" : "",
            _ => Written(value),
        };

        // A secret that is one text never comes this way: the desk does not give it.
        if (!field.Secret || value is JsonObject) values["config." + field.Name] = [text];
    }

    private static string Written(JsonNode value) => value is JsonValue text && text.TryGetValue<string>(out var written) ? written : value.ToJsonString();

    private static bool IsBuiltIn(string pattern) => Mask.Names.Contains(pattern, StringComparer.Ordinal);
}
