namespace Callwatch.Journal.Retention;

/// <summary>How long records are kept, as of now.</summary>
/// <param name="For">Of an app of a tenant.</param>
/// <param name="Shortest">What is younger belongs to everybody.</param>
internal sealed record KeepRules(Func<int, int, TimeSpan> For, Func<TimeSpan> Shortest)
{
    public static KeepRules Always(JournalOptions options) => new((_, _) => options.MaxAge, () => options.MaxAge);
}
