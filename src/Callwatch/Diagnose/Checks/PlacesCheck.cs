using Callwatch.Journal;

namespace Callwatch.Diagnose.Checks;

/// <summary>Whether what reads the journal stands within it.</summary>
internal sealed class PlacesCheck : ICheck
{
    public string Name => "places";

    public IEnumerable<Finding> Run(Examined data, CancellationToken cancel)
    {
        if (data.Journal is not { } journal) yield break;
        foreach (var (reader, place) in data.Places)
        {
            var cure = $"With the server running, choose where it goes on: callwatch readers continue {reader} --at head|first|NUMBER.";
            switch (journal.StandingOf(place))
            {
                case PlaceStanding.OtherEpoch:
                    yield return new Finding(Name, FindingLevel.Problem, $"{reader} stands at record {place.Number} of another journal ({place.Epoch}); this one is {journal.Epoch}.", cure);
                    break;
                case PlaceStanding.BeyondHead:
                    yield return new Finding(Name, FindingLevel.Problem, $"{reader} stands at record {place.Number}, and the journal ends at {journal.Head.Number}.", cure);
                    break;
                case PlaceStanding.Expired:
                    yield return new Finding(Name, FindingLevel.Warning, $"{reader} stands at record {place.Number}; retention has taken everything before {journal.FirstNumber}, which it had not read.", "Keep the journal longer (Callwatch:Journal:MaxAge, MaxBytes), or find out why the reader is behind.");
                    break;
            }
        }
    }
}
