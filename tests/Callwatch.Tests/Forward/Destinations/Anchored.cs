using Callwatch.Forward;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;

namespace Callwatch.Tests.Forward.Destinations;

/// <summary>What a lane would hand to a mapping.</summary>
internal static class Anchored
{
    /// <summary>The revisions of a scenario, each with the anchor that its trace's first one made.</summary>
    public static IReadOnlyList<(TraceToSend Trace, Anchor Anchor)> Of(string scenario) => Of(Scenarios.Get(scenario));

    public static IReadOnlyList<(TraceToSend Trace, Anchor Anchor)> Of(Scenario scenario)
    {
        using var folder = new TempFolder();
        using var db = new ForwardDb(folder.At("forward.db"));
        var anchors = new Anchors(db, new ManualTime());
        return [.. scenario.Revisions().Select(trace => (trace, anchors.Freeze(1, [trace])[trace.Revision.TraceId]))];
    }

    /// <summary>All that goes out for a scenario.</summary>
    public static IReadOnlyList<OutboundItem> Items(IDestination platform, string scenario) => [.. Of(scenario).SelectMany(pair => platform.Map(pair.Trace, pair.Anchor))];
}
