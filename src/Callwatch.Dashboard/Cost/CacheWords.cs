using Callwatch.Costs.LostCaching;
using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Show;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Cost;

/// <summary>Why a prompt was not read from the cache, in words.</summary>
public static class CacheWords
{
    public static string Of(CacheBreak cause, Words words) => cause switch
    {
        CacheBreak.Tools { Name: { } name } => words.Say("The definition of the tool {0} changed; tools stand before all messages.", Visible.Line(name, 60)),
        CacheBreak.Tools => words["The tools changed; they stand before all messages."],
        CacheBreak.Message { Role.Length: 0 } text => words.Say("The prompt differs from character {0} on.", Figure.Count(text.Character)),
        CacheBreak.Message message => words.Say("Message {0} ({1}) differs from character {2} on.", message.Place, Visible.Line(message.Role, 24), Figure.Count(message.Character)),
        CacheBreak.Dropped dropped => words.Say("Message {0} ({1}) was no longer sent.", dropped.Place, Visible.Line(dropped.Role, 24)),
        CacheBreak.NothingChanged { Late: true } => words["Nothing changed; more than five minutes had passed, and the provider had let go of it."],
        CacheBreak.NothingChanged => words["Nothing changed in what was sent: the provider did not use its cache."],
        CacheBreak.NotResent => words["The earlier messages were not captured again: what was sent cannot be compared."],
        CacheBreak.NotContinued => words["The later prompt is another question, not the next turn of the conversation."],
        CacheBreak.Unknown unknown => Unknown(unknown, words),
        _ => "",
    };

    private static string Unknown(CacheBreak.Unknown unknown, Words words) => (unknown.Before, unknown.After) switch
    {
        (ContentState.NotCaptured, _) or (_, ContentState.NotCaptured) => words["Not known: the sender kept the prompts to itself."],
        (ContentState.Expired, _) or (_, ContentState.Expired) => words["Not known: the prompts are past their retention."],
        (ContentState.Masked, _) or (_, ContentState.Masked) => words["Not known: a part of the prompts is masked, and what can be seen is the same."],
        _ => words["Not known: the prompts could not be read in time."],
    };
}
