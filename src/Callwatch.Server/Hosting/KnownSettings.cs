using System.Reflection;
using Callwatch.Backup;
using Callwatch.Control;
using Callwatch.Control.Secrets;
using Callwatch.Forward;
using Callwatch.Journal;
using Callwatch.Media;
using Callwatch.Normalize.Pricing;
using Callwatch.Query;
using Callwatch.Query.Filters;
using Callwatch.Receive;
using Callwatch.Server.Access;
using Callwatch.Settle;
using Callwatch.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Callwatch.Server.Hosting;

/// <summary>Every setting there is, so that a mistyped one is not taken for set.</summary>
public static class KnownSettings
{
    /// <summary>Each has its section in the constant <c>Section</c>.</summary>
    public static IReadOnlyList<Type> OptionsTypes { get; } =
    [
        typeof(CallwatchOptions), typeof(HttpOptions), typeof(AccessOptions), typeof(ReceiveOptions), typeof(JournalOptions), typeof(MediaOptions), typeof(PriceOptions), typeof(StoreOptions),
        typeof(SettleOptions), typeof(ForwardOptions), typeof(QueryOptions), typeof(ControlOptions), typeof(SecretsOptions), typeof(BackupOptions),
        typeof(ErrorReportOptions),
    ];

    public static string SectionOf(Type options) => (string)options.GetField(nameof(HttpOptions.Section), BindingFlags.Public | BindingFlags.Static)!.GetRawConstantValue()!;

    public static IEnumerable<PropertyInfo> SettingsOf(Type options) => options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod is not null);

    /// <summary>Sections that this version does not know, for a warning: a newer or older one may.</summary>
    /// <exception cref="StartRefusedException">A section that is known holds a name that is not.</exception>
    public static IReadOnlyList<string> Check(IConfiguration settings)
    {
        var known = OptionsTypes.ToDictionary(SectionOf, options => SettingsOf(options).Select(property => property.Name).ToList(), StringComparer.OrdinalIgnoreCase);
        var foreign = new List<string>();
        foreach (var child in settings.GetSection(CallwatchOptions.Section).GetChildren())
        {
            if (known[CallwatchOptions.Section].Contains(child.Key, StringComparer.OrdinalIgnoreCase)) continue;
            if (!known.TryGetValue(child.Path, out var names)) foreign.Add(child.Path);
            else if (child.GetChildren().FirstOrDefault(setting => !names.Contains(setting.Key, StringComparer.OrdinalIgnoreCase)) is { } wrong) throw Unknown(wrong, names);
        }

        return foreign;
    }

    private static StartRefusedException Unknown(IConfigurationSection wrong, List<string> names)
    {
        var meant = NearestWord.Of(wrong.Key, names.Select(name => name.ToLowerInvariant()));
        var cure = names.Find(name => name.Equals(meant, StringComparison.OrdinalIgnoreCase)) is { } name ? $"Is {name} meant?" : $"There are {string.Join(", ", names)}.";
        return new StartRefusedException(new StartRefusal.BadSetting(wrong.Path, "is no setting", cure));
    }
}

/// <summary>Sections of the settings that this version does not know.</summary>
public sealed record ForeignSettings(IReadOnlyList<string> Sections);

internal static class KnownSettingsSetup
{
    public static void CheckSettings(this WebApplicationBuilder builder) =>
        builder.Services.AddSingleton(new ForeignSettings(KnownSettings.Check(builder.Configuration)));
}
