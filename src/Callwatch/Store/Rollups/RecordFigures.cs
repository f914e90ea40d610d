using Callwatch.Spans;

namespace Callwatch.Store.Rollups;

/// <summary>
/// What a business record comes to: a message, or a run of a workflow that is no part of another record. Its time is its own, tokens, cost and
/// speed are those of the calls beneath it. Stored as zigzag varints: format 1, then the sums in the order of <see cref="CallFigures"/>.
/// </summary>
internal static class RecordFigures
{
    private const byte Format = 1;

    // What a console does while somebody tries an app out is no use of it.
    private static readonly string[] TriedOutKeys = ["invoke_from", "triggered_from", "from_source"];
    private static readonly string[] TriedOutWords = ["debugger", "debugging"];

    public static bool IsRecord(SpanKind kind) => kind is SpanKind.Message or SpanKind.Workflow;

    /// <summary>Whether the record says that it came of somebody trying the app out.</summary>
    public static bool IsTriedOut(Span record) =>
        record.Metadata.Count > 0 && TriedOutKeys.Any(key => record.Metadata.TryGetValue(key, out var from) && TriedOutWords.Contains(from, StringComparer.OrdinalIgnoreCase));

    /// <summary>Begins the sums of a record with what is its own.</summary>
    public static long[] Begin(Span record, Liking liking)
    {
        var sums = new long[CallFigures.Count];
        var latency = CallFigures.Latency(record);
        sums[CallFigures.Calls] = 1;
        sums[CallFigures.LatencyCount] = latency is null ? 0 : 1;
        sums[CallFigures.LatencySum] = (latency ?? 0) / 1_000;
        sums[CallFigures.Positive] = liking == Liking.Positive ? 1 : 0;
        sums[CallFigures.Negative] = liking == Liking.Negative ? 1 : 0;
        return sums;
    }

    /// <summary>A call beneath it.</summary>
    public static void Add(Span call, Span<long> sums)
    {
        Span<long> own = stackalloc long[CallFigures.Count];
        CallFigures.Write(call, own);
        for (var i = CallFigures.FirstOfUse; i < CallFigures.Positive; i++) sums[i] += own[i];
    }

    public static byte[] ToBlob(ReadOnlySpan<long> sums)
    {
        Span<byte> room = stackalloc byte[(CallFigures.Count + 1) * Varints.Longest];
        var length = Varints.Write(room, Format);
        foreach (var sum in sums) length += Varints.Write(room[length..], sum);
        return room[..length].ToArray();
    }

    public static void Read(ReadOnlySpan<byte> blob, Span<long> sums)
    {
        var read = new Varints(blob);
        _ = read.Next();
        for (var i = 0; i < CallFigures.Count; i++) sums[i] = read.Next();
    }
}
