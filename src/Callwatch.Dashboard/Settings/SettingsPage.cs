using Callwatch.Control;
using Callwatch.Dashboard.Destinations;
using Callwatch.Dashboard.Frame;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Settings;

/// <summary>What the page of settings shows.</summary>
/// <param name="Tab">Which part.</param>
public sealed record SettingsModel(string Tab)
{
    /// <summary>What is wrong with what was sent; null when nothing is.</summary>
    public FormProblem? Problem { get; init; }

    /// <summary>What was typed, where it was refused.</summary>
    public FormValues Typed { get; init; } = new();

    /// <summary>A key that has just been made: the only time that its secret is shown.</summary>
    public NewKey? Made { get; init; }

    public string? Wrong(string field) => Problem?.Field == field ? Problem.Message : null;
}

/// <summary>Apps, keys and all else that belongs to a tenant, and to operators the tenants themselves.</summary>
internal static class SettingsPage
{
    public static readonly string[] Tabs = ["apps", "keys", "views", "prices", "retention", "secrets", "sign-ins", "audit", "tenants"];

    public static IResult Get(Visit visit, IViewer viewer, NewKeys made)
    {
        var tab = visit.Place.Find("tab");
        return Show(visit, new SettingsModel(Tabs.Contains(tab, StringComparer.Ordinal) ? tab! : Tabs[0])
        {
            Made = made.Take(visit.Scope.TenantId, viewer.Who, visit.Place.Find("made")),
        });
    }

    public static IResult Show(Visit visit, SettingsModel model, int status = StatusCodes.Status200OK) => visit.Render<SettingsScreen>(status, (nameof(SettingsScreen.Model), model));

    /// <summary>The part again with what was typed, and what is wrong with it.</summary>
    public static IResult Refused(Visit visit, string tab, FormProblem problem, FormValues typed) =>
        Show(visit with { Place = At(visit, tab, null) }, new SettingsModel(tab) { Problem = problem, Typed = typed }, StatusCodes.Status422UnprocessableEntity);

    public static Place At(Visit visit, string tab, string? done) => visit.Place.On(Place.Settings).With("tab", tab).With("done", done);
}
