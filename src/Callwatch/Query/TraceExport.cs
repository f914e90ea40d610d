using Callwatch.Journal;
using Callwatch.Query.Lists;
using Callwatch.Query.Running;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;

namespace Callwatch.Query;

/// <summary>The spans of traces as they were received, read back from the journal. Spans whose record is gone are left out.</summary>
public sealed class TraceExport(QueryGate gate, IJournal journal)
{
    private readonly record struct Place(long Number, int Offset);

    /// <summary>One trace as the bytes of an ExportTraceServiceRequest; such requests one after another are one request, as protobuf appends.</summary>
    public async Task<byte[]> ReadAsync(ReadScope scope, TraceId trace, CancellationToken cancel)
    {
        var places = await gate.RunAsync(
            scope, run => VisibleTrace.Spans(run, scope, trace).Select(span => new Place(span.Version.Number, span.Version.Offset)).ToList(), cancel);
        if (places is null) throw new TimeoutException("The trace could not be read in time.");
        var request = new MemoryStream();
        foreach (var record in places.GroupBy(place => place.Number).OrderBy(group => group.Key))
        {
            int[] offsets = [.. record.Select(place => place.Offset)];
            if (journal.FindItems(record.Key, offsets) is { Signal: Signal.Traces } found) Write(request, found.Payload.Span, [.. offsets]);
        }

        return request.ToArray();
    }

    // Spans of one resource and scope stay together, as far as they stood together.
    private static void Write(MemoryStream request, ReadOnlySpan<byte> payload, HashSet<int> offsets)
    {
        var pending = new MemoryStream();
        ReadOnlySpan<byte> resource = default, scope = default;
        foreach (var span in OtlpSpan.In(payload))
        {
            if (!offsets.Contains(span.Offset)) continue;
            if (pending.Length > 0 && !(SameBytes(resource, span.Resource) && SameBytes(scope, span.Scope))) Flush(request, resource, scope, pending);
            resource = span.Resource;
            scope = span.Scope;
            WriteField(pending, 2, span.Body);
        }

        Flush(request, resource, scope, pending);
    }

    private static void Flush(MemoryStream request, ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scope, MemoryStream spans)
    {
        if (spans.Length == 0) return;
        var scoped = new MemoryStream();
        if (!scope.IsEmpty) WriteField(scoped, 1, scope);
        scoped.Write(spans.GetBuffer().AsSpan(0, (int)spans.Length));
        var owned = new MemoryStream();
        if (!resource.IsEmpty) WriteField(owned, 1, resource);
        WriteField(owned, 2, scoped.GetBuffer().AsSpan(0, (int)scoped.Length));
        WriteField(request, 1, owned.GetBuffer().AsSpan(0, (int)owned.Length));
        spans.SetLength(0);
    }

    private static bool SameBytes(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b) => a.Overlaps(b) || a.SequenceEqual(b);

    private static void WriteField(MemoryStream to, int field, ReadOnlySpan<byte> bytes)
    {
        to.WriteByte((byte)((field << 3) | 2));
        var length = (uint)bytes.Length;
        while (length >= 0x80)
        {
            to.WriteByte((byte)(length | 0x80));
            length >>= 7;
        }

        to.WriteByte((byte)length);
        to.Write(bytes);
    }
}
