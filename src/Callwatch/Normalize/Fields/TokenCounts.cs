using Callwatch.Spans;

namespace Callwatch.Normalize.Fields;

/// <summary>Token counts while they are being made consistent.</summary>
internal struct TokenCounts
{
    public const string Contradict = "tokens_contradict";

    public long? Input;
    public long? Output;
    public long? Total;
    public long? CacheRead;
    public long? CacheWrite;
    public long? CacheWrite5m;
    public long? CacheWrite1h;
    public long? Reasoning;
    public long? AudioInput;
    public long? AudioOutput;
    public long? ImageInput;
    public long? VideoInput;
    public Dictionary<string, decimal>? Others;

    /// <summary>Keeps the totals and drops the parts that do not fit, with a note (section 5.1, end).</summary>
    public TokenUsage ToUsage(List<string> notes, bool inputOnly)
    {
        var left = Input;
        var fits = Take(ref left, ref CacheRead) & Take(ref left, ref CacheWrite);
        fits &= Within(CacheWrite, ref CacheWrite1h) & Within(Input, ref AudioInput) & Within(Input, ref ImageInput) & Within(Input, ref VideoInput);
        fits &= Within(Output, ref Reasoning) & Within(Output, ref AudioOutput);
        if (!fits) notes.Add(Contradict);
        return new TokenUsage
        {
            Input = Input,
            Output = Output,
            Total = Input + Output ?? (inputOnly ? Input : null) ?? Total,
            CacheRead = CacheRead,
            CacheWrite = CacheWrite,
            CacheWrite1h = CacheWrite1h,
            Reasoning = Reasoning,
            AudioInput = AudioInput,
            AudioOutput = AudioOutput,
            ImageInput = ImageInput,
            VideoInput = VideoInput,
            Others = Others ?? TokenUsage.Unknown.Others,
        };
    }

    // Cache reads and writes share the input between them.
    private static bool Take(ref long? left, ref long? part)
    {
        if (!Within(left, ref part)) return false;
        left -= part ?? 0;
        return true;
    }

    private static bool Within(long? whole, ref long? part)
    {
        if (part is null || whole is null || part <= whole) return true;
        part = null;
        return false;
    }
}
