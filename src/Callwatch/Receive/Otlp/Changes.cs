using System.Text;
using Callwatch.Telemetry;

namespace Callwatch.Receive.Otlp;

/// <summary>What was changed of a request, counted by reason; and, for the message being written, the words of its <c>callwatch.changed</c>.</summary>
internal sealed class Changes
{
    private const int MostMarks = 32;

    // What repeats itself thousands of times in one message is not looked at each time.
    private const int MostTries = 128;
    private const int LongestPlace = 128;

    private readonly long[] counts = new long[Enum.GetValues<Reason>().Length];
    private readonly List<string> marks = [];
    private int tries;

    public IReadOnlyDictionary<Reason, long> Counts =>
        Enum.GetValues<Reason>().Where(reason => counts[(int)reason] > 0).ToDictionary(reason => reason, reason => counts[(int)reason]);

    /// <summary><c>text_cut:gen_ai.input.messages</c>: the reason and the attribute (or part) it applies to.</summary>
    public IReadOnlyList<string> Marks => marks;

    public void Note(Reason reason, ReadOnlySpan<byte> place)
    {
        counts[(int)reason]++;
        if (marks.Count == MostMarks || ++tries > MostTries) return;
        var mark = reason.Word() + ":" + Encoding.UTF8.GetString(place[..Math.Min(place.Length, LongestPlace)]);
        if (!marks.Contains(mark, StringComparer.Ordinal)) marks.Add(mark);
    }

    public void NextMessage()
    {
        marks.Clear();
        tries = 0;
    }
}
