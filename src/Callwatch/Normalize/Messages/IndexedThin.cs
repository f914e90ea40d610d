using Callwatch.Normalize.Reading;

namespace Callwatch.Normalize.Messages;

/// <summary>The newest user message of a list written as one attribute per leaf, found without putting the list together.</summary>
internal static class IndexedThin
{
    public static WireValue NewestUserText(SpanFacts facts, Family family)
    {
        var newest = -1;
        foreach (var item in facts.Items)
        {
            if (item.Family != family || !IndexedMessages.TryIndex(facts.KeyOf(item), out var index, out var rest) || index <= newest) continue;
            var isUser = (rest.SequenceEqual("message.role"u8) || rest.SequenceEqual("role"u8)) && facts.ValueOf(item).Is("user"u8);
            if (isUser || rest.SequenceEqual("prompt.text"u8)) newest = index;
        }

        if (newest < 0) return default;
        WireValue best = default;
        var bestPart = int.MaxValue;
        foreach (var item in facts.Items)
        {
            if (item.Family != family || !IndexedMessages.TryIndex(facts.KeyOf(item), out var index, out var rest) || index != newest) continue;
            var part = PartOf(rest);
            if (part >= bestPart || facts.ValueOf(item) is not { Form: ValueForm.Text } text || text.Is("__REDACTED__"u8) || text.Raw[0] == '[') continue;
            best = text;
            bestPart = part;
        }

        return best;
    }

    // The number of the part whose text the key names; a plain content comes first.
    private static int PartOf(ReadOnlySpan<byte> key)
    {
        if (key.SequenceEqual("message.content"u8) || key.SequenceEqual("content"u8) || key.SequenceEqual("prompt.text"u8)) return -1;
        var contents = "message.contents."u8;
        return key.StartsWith(contents) && IndexedMessages.TryIndex(key[contents.Length..], out var part, out var rest) && rest.SequenceEqual("message_content.text"u8)
            ? part
            : int.MaxValue;
    }
}
