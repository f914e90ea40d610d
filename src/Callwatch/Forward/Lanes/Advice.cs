namespace Callwatch.Forward.Lanes;

/// <summary>What a person can do about a platform's answer.</summary>
internal static class Advice
{
    /// <summary>Of an item that fails alone, with nothing beside it that could tell whether it is to blame.</summary>
    public const string OneItem =
        "One item fails again and again by itself. If the platform is well otherwise, it cannot bear this one: it becomes a dead letter once other traces have passed it. Resume tries at once.";

    /// <summary>Of a warning that came with what was taken.</summary>
    public const string Warning = "Everything has arrived; see the platform's words.";

    public static string On(PlatformWords words, bool isBlocked) => words.Advice ?? words.Status switch
    {
        401 => "Check the key: the platform does not know it, or it belongs to another region or project.",
        402 => "The platform's plan is used up; raise it there, or wait for its next period.",
        403 => "Check that the key may write to this project or workspace.",
        404 or 405 => "Check the address and the project: the platform knows nothing there.",
        407 => "The proxy wants credentials.",
        408 or 504 => "The platform is slow; nothing is to be done here.",
        413 => "A single item is larger than the platform takes, even when cut.",
        429 => "The platform limits how much may be sent; the lane keeps to what it asks. A sample rate or a filter sends less.",
        >= 300 and < 400 => "The address redirects, which is not followed because a key would go along; enter the address it points to.",
        >= 500 => "The platform is in trouble; nothing is to be done here.",
        _ when isBlocked => "Check the settings of this destination.",
        null => "Check the address, name resolution, firewall and proxy between this machine and the platform.",
        _ => "See the platform's words; after mending the cause, retry the dead letters.",
    };
}
