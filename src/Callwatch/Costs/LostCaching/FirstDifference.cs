using System.Text.Json.Nodes;
using Callwatch.Spans;

namespace Callwatch.Costs.LostCaching;

/// <summary>Finds where a prompt ceases to begin as the one before it. Pure.</summary>
internal static class FirstDifference
{
    private const int WordsBefore = 32;
    private const int WordsAfter = 64;

    public static CacheBreak Between(SpanContent before, SpanContent after, TimeSpan gap)
    {
        if (!CanBeRead(before) || !CanBeRead(after)) return new CacheBreak.Unknown(before.State, after.State);
        var found = OfTools(before.Tools, after.Tools) ?? OfMessages(before, after);
        if (found is not null) return found;
        // What was hidden may be what differs.
        if (before.State == ContentState.Masked || after.State == ContentState.Masked) return new CacheBreak.Unknown(before.State, after.State);
        return new CacheBreak.NothingChanged(gap > TurnPairs.UsuallyKept);
    }

    private static bool CanBeRead(SpanContent content) =>
        content.State is ContentState.Present or ContentState.Masked && (content.InputMessages.Count > 0 || content.Input is not null);

    private static CacheBreak.Tools? OfTools(IReadOnlyList<JsonNode> before, IReadOnlyList<JsonNode> after)
    {
        for (var i = 0; i < Math.Max(before.Count, after.Count); i++)
        {
            var (one, other) = (i < before.Count ? before[i] : null, i < after.Count ? after[i] : null);
            if (one?.ToJsonString() != other?.ToJsonString()) return new CacheBreak.Tools(NameOf(other) ?? NameOf(one));
        }

        return null;
    }

    private static string? NameOf(JsonNode? tool) =>
        tool is JsonObject named && (named["name"] ?? (named["function"] as JsonObject)?["name"]) is JsonValue name && name.TryGetValue<string>(out var text) ? text : null;

    private static CacheBreak? OfMessages(SpanContent before, SpanContent after)
    {
        if (before.InputMessages.Count == 0 || after.InputMessages.Count == 0)
            return Difference(before.Input?.ToJsonString() ?? "", after.Input?.ToJsonString() ?? "") is (var at, var was, var now) ? new CacheBreak.Message(1, "", "text", at, was, now) : null;
        var said = after.InputMessages.Select(Written).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < before.InputMessages.Count; i++)
        {
            var was = before.InputMessages[i];
            if (i < after.InputMessages.Count && Written(was) == Written(after.InputMessages[i])) continue;
            if (i == 0 && was.Role is not ("system" or "developer") && !before.InputMessages.Any(message => said.Contains(Written(message)))) return new CacheBreak.NotResent();
            if (i == before.InputMessages.Count - 1 && i > 0 && after.InputMessages.Count == before.InputMessages.Count) return new CacheBreak.NotContinued();
            var next = i + 1 < before.InputMessages.Count ? before.InputMessages[i + 1] : null;
            // Its follower stands in its place: a history cut at its beginning.
            if (i >= after.InputMessages.Count || (next is not null && Written(next) == Written(after.InputMessages[i]))) return new CacheBreak.Dropped(i + 1, was.Role);
            return OfMessage(i + 1, was, after.InputMessages[i]);
        }

        return null;
    }

    private static CacheBreak.Message OfMessage(int place, ChatMessage was, ChatMessage now)
    {
        for (var i = 0; i < Math.Max(was.Parts.Count, now.Parts.Count); i++)
        {
            var (one, other) = (i < was.Parts.Count ? was.Parts[i] : null, i < now.Parts.Count ? now.Parts[i] : null);
            if (one is not null && other is not null && Written(one) == Written(other)) continue;
            var (text, later) = (one is null ? "" : Shown(one), other is null ? "" : Shown(other));
            var (at, before, after) = Difference(text, later) ?? (1, text, later);
            return new CacheBreak.Message(place, now.Role, (other ?? one)!.Type, at, Cut(before), Cut(after));
        }

        return new CacheBreak.Message(place, now.Role, "role", 1, was.Role, now.Role);
    }

    private static string Written(ChatMessage message) => message.Role + "\u0001" + string.Join('\u0001', message.Parts.Select(Written));

    private static string Written(MessagePart part) => string.Join(
        '\u0002', part.Type, part.Text, part.Id, part.Name, part.Arguments?.ToJsonString(), part.Result?.ToJsonString(), part.Uri, part.Media?.Hash.ToString(), part.Raw?.ToJsonString());

    private static string Shown(MessagePart part) =>
        part.Text ?? (part.Name is null ? "" : part.Name + " ") + (part.Arguments?.ToJsonString() ?? part.Result?.ToJsonString() ?? part.Uri ?? part.Media?.Hash.ToString() ?? part.Raw?.ToJsonString());

    /// <summary>The first character that differs, from 1, and what stands around it; null when the texts are the same.</summary>
    private static (int At, string Was, string Now)? Difference(string was, string now)
    {
        if (was == now) return null;
        var at = was.AsSpan().CommonPrefixLength(now);
        // Never within a pair of surrogates.
        if (at > 0 && char.IsHighSurrogate(was[at - 1])) at--;
        var from = Math.Max(0, at - WordsBefore);
        if (from > 0 && char.IsLowSurrogate(was[from])) from++;
        return (at + 1, Cut((from > 0 ? "…" : "") + was[from..]), Cut((from > 0 ? "…" : "") + now[from..]));
    }

    private static string Cut(string text)
    {
        const int Most = WordsBefore + WordsAfter;
        if (text.Length <= Most) return text;
        var end = char.IsHighSurrogate(text[Most - 1]) ? Most - 1 : Most;
        return text[..end] + "…";
    }
}
