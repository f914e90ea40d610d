namespace Callwatch.Forward.Lanes;

/// <summary>Why something is to be sent again.</summary>
internal sealed record Trouble(PlatformWords Words, TimeSpan? After, bool IsBlocked)
{
    /// <summary>Of the whole request; null when the platform has dealt with any of it.</summary>
    public static Trouble? Of(Delivery delivery, int items) => delivery switch
    {
        Delivery.TryAgain again => new Trouble(again.Words, again.After, false),
        Delivery.Blocked blocked => new Trouble(blocked.Words, blocked.After, true),
        Delivery.Partly partly when partly.Others.Count >= items && partly.Others.Values.All(other => other is Delivery.TryAgain or Delivery.Blocked) => OfSome(partly),
        _ => null,
    };

    /// <summary>Of some items of it.</summary>
    public static Trouble? OfSome(Delivery delivery)
    {
        if (delivery is not Delivery.Partly partly) return null;
        var all = partly.Others.Values.Select(other => Of(other, 1)).OfType<Trouble>().ToList();
        return all.Count == 0 ? null : new Trouble(all[0].Words, all.Max(trouble => trouble.After), all.Exists(trouble => trouble.IsBlocked));
    }
}
