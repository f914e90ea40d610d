using Callwatch.Dashboard.Frame;
using Callwatch.Query;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Lookup;

/// <summary>What an id turned out to be, and what became of it.</summary>
/// <param name="Id">As it was asked for; null before anybody has asked.</param>
public sealed record FindModel(string? Id, IReadOnlyList<LookupMatch> Matches)
{
    /// <summary>Something is still on its way, so that looking again is worth it.</summary>
    public bool IsUnderWay => Matches.Any(match => match.Steps.Any(step => step.State == "waiting"));
}

/// <summary>Find my trace: any id, each step of its way, and what to do where it stands still.</summary>
internal static class FindPage
{
    private const int MostCharacters = 1_000;

    public static async Task<IResult> GetAsync(Visit visit, LookupQueries lookup, CancellationToken cancel)
    {
        var id = visit.Place.Find("id")?.Trim();
        var model = new FindModel(id, id is null or { Length: > MostCharacters } ? [] : await lookup.FindAsync(visit.Scope, id, cancel));
        return visit.Part == "found" ? visit.Render<FoundTraces>((nameof(FoundTraces.Model), model)) : visit.Render<FindScreen>((nameof(FindScreen.Model), model));
    }
}
