using Callwatch.Receive.Otlp;

namespace Callwatch.Forward.Destinations.Shared;

/// <summary>Makes an item whose payload is JSON small: its longest strings are cut to one common length. A second time nothing comes of it.</summary>
internal static class JsonShrink
{
    private const int Target = 256 * 1024;

    public static OutboundItem? Of(OutboundItem item)
    {
        if (item.Payload.Length <= Target) return null;
        var text = item.Payload.ToArray();
        var length = JsonCut.Cut(text, Target);
        return length < item.Payload.Length ? item with { Payload = text.AsMemory(0, length) } : null;
    }
}
