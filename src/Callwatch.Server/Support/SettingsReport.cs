using System.Globalization;
using System.Text.Json.Nodes;
using Callwatch.Server.Access;
using Callwatch.Server.Hosting;
using Microsoft.Extensions.Configuration;

namespace Callwatch.Server.Support;

/// <summary>
/// The settings that were given, for somebody else's eyes: numbers, lengths of time and switches as they are; of texts only those that
/// cannot hold a secret. Of all else it is said that it is set.
/// </summary>
internal sealed class SettingsReport(IConfiguration settings)
{
    private const string Hidden = "(set)";

    /// <summary>Texts of few forms, none of which is secret.</summary>
    private static readonly string[] Plain = ["Callwatch:Http:GrpcPort", "Callwatch:Http:PathBase", "Callwatch:Search:Text", "Callwatch:Storage"];

    public JsonObject Read()
    {
        var report = new JsonObject();
        foreach (var type in KnownSettings.OptionsTypes)
        {
            var section = KnownSettings.SectionOf(type);
            foreach (var property in KnownSettings.SettingsOf(type))
            {
                var key = section + ":" + property.Name;
                var given = settings.GetSection(key);
                if (given.Value is null && !given.GetChildren().Any()) continue;
                report[key] = Shown(key, property.PropertyType, given);
            }
        }

        report[AdminKeySetting.Variable] = Environment.GetEnvironmentVariable(AdminKeySetting.Variable) is { Length: > 0 } ? Hidden : null;
        return report;
    }

    private static JsonNode Shown(string key, Type type, IConfigurationSection given)
    {
        var value = given.Value;
        if (value is null || key.StartsWith("Callwatch:Secrets:", StringComparison.Ordinal)) return Hidden;
        var kind = Nullable.GetUnderlyingType(type) ?? type;
        if (kind == typeof(bool) && bool.TryParse(value, out var on)) return on;
        if (kind == typeof(TimeSpan) && TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out var span)) return span.ToString("c", CultureInfo.InvariantCulture);
        if (kind.IsEnum && Enum.TryParse(kind, value, ignoreCase: true, out var word)) return word!.ToString()!;
        if ((kind == typeof(int) || kind == typeof(long) || kind == typeof(double)) && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) return number;
        return Plain.Contains(key, StringComparer.Ordinal) && value.Length <= 40 ? value : Hidden;
    }
}
