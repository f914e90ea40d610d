using System.Text;
using Callwatch.Telemetry;

namespace Callwatch.Receive.Otlp;

/// <summary>What was changed of a request, counted by reason; and, for the message being written, the words of its <c>callwatch.changed</c>.</summary>
internal sealed class Changes
{
    private const int MostMarks = 32;
    private const int LongestPlace = 128;

    private readonly Dictionary<Reason, long> counts = [];
    private readonly List<string> marks = [];

    public IReadOnlyDictionary<Reason, long> Counts => counts;

    /// <summary><c>text_cut:gen_ai.input.messages</c>: the reason and the attribute (or part) it applies to.</summary>
    public IReadOnlyList<string> Marks => marks;

    public void Note(Reason reason, ReadOnlySpan<byte> place)
    {
        counts[reason] = counts.GetValueOrDefault(reason) + 1;
        if (marks.Count == MostMarks) return;
        var mark = reason.Word() + ":" + Encoding.UTF8.GetString(place[..Math.Min(place.Length, LongestPlace)]);
        if (!marks.Contains(mark, StringComparer.Ordinal)) marks.Add(mark);
    }

    public void NextMessage() => marks.Clear();
}
