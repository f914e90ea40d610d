using Callwatch.Client.Spooling;

namespace Callwatch.Client.Sentry.Envelopes;

/// <summary>Envelopes as they wait in a folder, without the time of sending: <c>.error.envelope</c>, by the category they are limited by.</summary>
internal sealed class EnvelopeFormat(Discards discards) : ISpoolFormat<Envelope>
{
    private const string Ending = "envelope";

    public string EndingOf(Envelope item) => item.Category + "." + Ending;

    public bool Knows(string ending) => ending == Ending || ending.EndsWith("." + Ending, StringComparison.Ordinal);

    public byte[] Write(Envelope item) => item.ToKeep();

    public Envelope? Read(byte[] kept, string ending) => Envelope.FromKept(kept, CategoryOf(ending));

    public int CountOf(Envelope item) => 1;

    public void Lost(SpoolLoss why, string ending, int count) => discards.Dropped(why == SpoolLoss.Full ? Discard.CacheOverflow : Discard.InternalSdkError, CategoryOf(ending), count);

    public void Unusable(Exception why) => SentryEvents.Log.SpoolUnusable(why.GetType().Name);

    private static string CategoryOf(string ending) => ending == Ending ? Category.Error : ending[..^(Ending.Length + 1)];
}
