namespace Callwatch.Forward.Destinations.LangSmith;

/// <summary>The body of <c>POST /runs/batch</c>: whole runs, those to create and those to update apart.</summary>
internal static class BatchRuns
{
    public static byte[] Body(IReadOnlyList<OutboundItem> runs)
    {
        using var body = new MemoryStream();
        body.Write("{\"post\":["u8);
        Write(body, runs.Where(run => run.Head.IsEmpty));
        body.Write("],\"patch\":["u8);
        Write(body, runs.Where(run => !run.Head.IsEmpty));
        body.Write("]}"u8);
        return body.ToArray();
    }

    private static void Write(MemoryStream body, IEnumerable<OutboundItem> runs)
    {
        var isFirst = true;
        foreach (var run in runs)
        {
            if (!isFirst) body.WriteByte((byte)',');
            body.Write(run.Payload.Span);
            isFirst = false;
        }
    }
}
