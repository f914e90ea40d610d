using Callwatch.Dashboard.Show;
using Callwatch.Dashboard.SpanView;
using Callwatch.Query;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Compare;

/// <summary>What went into a call and what came out, as lines that can be compared.</summary>
internal static class CallText
{
    private const int MostLines = 4_000, MostOfLine = 2_000, MostCharacters = 300_000;

    public static (IReadOnlyList<string> Lines, bool Cut) Input(SpanDetails details) =>
        Lines(details.Content.InputMessages.Count > 0 ? details.Content.InputMessages.SelectMany(Message) : Plain(SpanTexts.Of(details.Content.Input)));

    public static (IReadOnlyList<string> Lines, bool Cut) Tools(SpanDetails details) => Lines(details.Content.Tools.SelectMany(tool => Plain(SpanTexts.Of(tool))));

    public static (IReadOnlyList<string> Lines, bool Cut) Output(SpanDetails details) =>
        Lines(details.Content.OutputMessages.Count > 0 ? details.Content.OutputMessages.SelectMany(Message)
            : Plain(SpanTexts.Of(details.Content.Output) ?? details.Span.Error?.Message));

    private static IEnumerable<string> Message(ChatMessage message)
    {
        yield return "[" + message.Role + "]";
        foreach (var part in message.Parts)
        {
            if (part.Type is "tool_call" or "tool_result") yield return $"{part.Type.Replace('_', ' ')} {part.Name ?? part.Id}";
            foreach (var line in Plain(SpanTexts.Of(part) ?? part.Uri ?? part.Type)) yield return line;
        }
    }

    private static string[] Plain(string? text) => text is null ? [] : text.ReplaceLineEndings("\n").Split('\n');

    private static (IReadOnlyList<string> Lines, bool Cut) Lines(IEnumerable<string> all)
    {
        var (lines, characters) = (new List<string>(), 0);
        foreach (var line in all)
        {
            if (lines.Count >= MostLines || characters > MostCharacters) return (lines, true);
            lines.Add(line.Length <= MostOfLine ? line : Visible.Cut(line, MostOfLine) + "…");
            characters += Math.Min(line.Length, MostOfLine);
        }

        return (lines, false);
    }
}
