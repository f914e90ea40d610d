using Callwatch.Dashboard.Frame;
using Callwatch.Forward;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Destinations;

/// <summary>What the form of a destination shows.</summary>
/// <param name="Lane">Null for one that is to be made.</param>
/// <param name="Apps">Apps to choose from, by name.</param>
/// <param name="Hidden">Fields that go along unseen.</param>
public sealed record FormModel(IDestinationKind Kind, LaneModel? Lane, FormValues Values, IReadOnlyList<string> Apps, IReadOnlyList<(string Name, string Value)> Hidden)
{
    public FormProblem? Problem { get; init; }

    /// <summary>How a test ended, when one was made.</summary>
    public CheckResult? Check { get; init; }

    /// <summary>True when <see cref="Problem"/> is that of a test.</summary>
    public bool WasTest { get; init; }

    /// <summary>True when the values were typed and came back without the secrets: those have to be typed again.</summary>
    public bool WasTyped { get; init; }

    /// <summary>When the oldest record came that the journal still holds.</summary>
    public Timestamp? Oldest { get; init; }

    public string Action => Lane is null ? Place.Destinations : Place.Destination(Lane.Id);

    public string TestAction => Action + "/check";
}
