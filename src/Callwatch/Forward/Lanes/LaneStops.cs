namespace Callwatch.Forward.Lanes;

/// <summary>Why a lane does not go on by itself.</summary>
internal static class LaneStops
{
    public const string BeyondHead = "Its place lies beyond the last trace that has settled here: the data folder was restored, or a part of it was lost.";

    public static LaneError ErrorOf(LaneRow row, string why) =>
        new(row.StoppedAt ?? row.Created, null, why, "Resume goes on with what settles from now on; a replay sends again what the journal still holds.");
}
