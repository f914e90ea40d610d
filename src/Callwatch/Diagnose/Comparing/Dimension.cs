using Callwatch.Query.Filters;

namespace Callwatch.Diagnose.Comparing;

/// <summary>One or two things that calls are told apart by, as the answer names them.</summary>
/// <param name="Fields">Their fields; the version of a prompt needs the prompt as well.</param>
internal sealed record Dimension(string Family, IReadOnlyList<string> Names, IReadOnlyList<FilterField> Fields)
{
    /// <summary>True of what happens around calls.</summary>
    public bool IsOfSteps { get; init; }

    /// <summary>
    /// Of calls. In the order in which one is preferred where two explain equally much because the same calls have both: what somebody changes before
    /// what calls happen to have in common.
    /// </summary>
    public static readonly IReadOnlyList<Dimension> OfCalls =
    [
        Of("prompt", "prompt_version", FilterFields.Prompt, FilterFields.PromptVersion),
        Of("release", "release", FilterFields.Release),
        Of("model", "operation", FilterFields.Operation),
        Of("model", "model", FilterFields.AskedModel),
        Of("prompt", "prompt", FilterFields.Prompt),
        Of("user", "user", FilterFields.User),
        Of("tag", "tag", FilterFields.Tag),
        Of("model", "provider", FilterFields.Provider),
        Of("model", "app", FilterFields.App),
        Of("environment", "environment", FilterFields.Environment),
        Of("environment", "kind", FilterFields.Kind),
    ];

    /// <summary>Where one does not suffice.</summary>
    public static readonly IReadOnlyList<Dimension> PairsOfCalls =
    [
        Both("app", "operation"), Both("app", "model"), Both("app", "provider"), Both("operation", "model"), Both("operation", "provider"), Both("app", "release"),
        Both("app", "prompt_version"), Both("app", "prompt"), Both("app", "user"), Both("app", "tag"), Both("app", "environment", "environment"), Both("environment", "model", "environment"),
    ];

    public string Name => string.Join(" × ", Names);

    /// <summary>What comes new here is most likely the change itself.</summary>
    public bool IsOfVersions => Names[^1] is "release" or "prompt_version";

    private static Dimension Of(string family, string name, params FilterField[] fields) => new(family, [name], fields);

    private static Dimension Both(string first, string second, string? family = null)
    {
        var (a, b) = (OfCalls.First(dimension => dimension.Names[0] == first), OfCalls.First(dimension => dimension.Names[0] == second));
        return new Dimension(family ?? b.Family, [first, second], [.. a.Fields, .. b.Fields]);
    }
}

/// <summary>What is compared, and by what it is told apart: model calls, or the tools, retrievals and nodes around them.</summary>
internal sealed class Subject
{
    public static readonly Subject Calls = new() { Singles = Dimension.OfCalls, Pairs = Dimension.PairsOfCalls };

    public required IReadOnlyList<Dimension> Singles { get; init; }

    public required IReadOnlyList<Dimension> Pairs { get; init; }

    /// <summary>Whether it was counted which are slower than most were.</summary>
    public bool KnowsSlow { get; init; } = true;

    public Dimension Single(string name) => Singles.First(dimension => dimension.Names[0] == name);

    /// <param name="family">Of the table its figures stand in; the dimension is called the same: <c>tool</c>.</param>
    public static Subject OfSteps(Family family)
    {
        Dimension Of(params (string Name, FilterField Field)[] parts) => new(family.Name, [.. parts.Select(part => part.Name)], [.. parts.Select(part => part.Field)]) { IsOfSteps = true };
        var (name, app) = ((family.Name, FilterFields.DisplayName), ("app", FilterFields.App));
        return new Subject { Singles = [Of(name), Of(app)], Pairs = [Of(app, name)], KnowsSlow = false };
    }
}
