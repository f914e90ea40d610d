using System.Globalization;
using System.Text.Json.Nodes;
using Callwatch.Dashboard.Frame;
using Callwatch.Forward;
using Callwatch.Forward.Desk;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Destinations;

/// <summary>What is wrong with a form: the field by the desk's name (<c>config.host</c>; null for the form as a whole), and what would be right.</summary>
public sealed record FormProblem(string? Field, string Message);

/// <summary>Reads the form of a destination as a wish. What is legal the desk decides; only what cannot be said in a wish is refused here.</summary>
internal static class DestinationInput
{
    private static readonly char[] Separators = [',', '\n', ';'];

    /// <param name="zone">What a time without a zone is meant in; null for UTC.</param>
    public static (DestinationWish? Wish, FormProblem? Problem) Read(IFormCollection form, IDestinationKind kind, bool isNew, TimeZoneInfo? zone = null)
    {
        var (config, wrong) = Config(form, kind);
        if (wrong is not null) return (null, wrong);
        if (!TryNumber(form["sample"], out var percent)) return (null, new FormProblem("sample_rate", "The sample is a number from 0 to 100."));
        var (start, startWrong) = isNew ? Start(form, zone) : (null, null);
        if (startWrong is not null) return (null, startWrong);
        var apps = Apps(form);
        return (new DestinationWish
        {
            Name = form["name"].ToString().Trim(),
            Kind = isNew ? kind.Name : null,
            Config = config,
            Apps = form["serves"] == "only" ? apps : ["*"],
            ExceptApps = form["serves"] == "except" ? apps : [],
            Filter = form["filter"].ToString().Trim(),
            SampleRate = percent / 100,
            KeepErrors = form["keep_errors"] == "on",
            Mask = [.. form["mask"].OfType<string>(), .. Lines(form["patterns"])],
            Signals = kind.Signals.Count > 1 ? [.. form["signal"].OfType<string>()] : null,
            Enabled = isNew ? null : form["enabled"] == "on",
            Start = start,
            Revision = long.TryParse(form["revision"], NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : null,
        }, null);
    }

    private static (JsonObject Config, FormProblem? Problem) Config(IFormCollection form, IDestinationKind kind)
    {
        var config = new JsonObject();
        foreach (var field in kind.Fields)
        {
            var name = "config." + field.Name;
            var typed = form[name].ToString();
            switch (field.Type)
            {
                case "switch":
                    config[field.Name] = form[name].Contains("on");
                    break;
                case "number":
                    // What is no number goes on as it is: the kind says what would be one.
                    config[field.Name] = typed.Trim().Length == 0 ? null : TryNumber(typed, out var number) ? number : typed;
                    break;
                case "pairs":
                    var (pairs, line) = Pairs(typed);
                    if (line > 0) return (config, new FormProblem(name, $"Line {line.ToString(CultureInfo.InvariantCulture)} is not of the form name: value."));
                    config[field.Name] = pairs;
                    break;
                case var _ when !field.Secret:
                    config[field.Name] = typed.Trim();
                    break;
                case var _ when typed.Trim().Length > 0:
                    config[field.Name] = typed.Trim();
                    break;
                case var _ when form["remove"].Contains(field.Name):
                    config[field.Name] = "";
                    break;
                default:
                    // Left empty: what is kept stays.
                    break;
            }
        }

        return (config, null);
    }

    private static (JsonObject Pairs, int WrongLine) Pairs(string typed)
    {
        var pairs = new JsonObject();
        var lines = typed.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0) continue;
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0) return (pairs, i + 1);
            var value = line[(colon + 1)..].Trim();
            pairs[line[..colon].Trim()] = value == FormValues.Kept ? null : value;
        }

        return (pairs, 0);
    }

    private static (StartAt? Start, FormProblem? Problem) Start(IFormCollection form, TimeZoneInfo? zone) => form["start"].ToString() switch
    {
        "beginning" => (new StartAt.Beginning(), null),
        "time" => Zones.TryParse(form["since"].ToString().Trim(), zone, out var since) ? (new StartAt.Time(since), null)
            : (null, new FormProblem("start", "The time is written as 2026-09-17T10:00:00Z.")),
        _ => (new StartAt.Now(), null),
    };

    private static List<string> Apps(IFormCollection form) =>
        [.. form["app"].OfType<string>().Concat(form["others"].ToString().Split(Separators, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Distinct(StringComparer.Ordinal)];

    private static string[] Lines(string? text) => (text ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static bool TryNumber(string? text, out double number) => double.TryParse(text?.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);
}
