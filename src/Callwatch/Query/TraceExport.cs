using System.Runtime.CompilerServices;
using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Query.Lists;
using Callwatch.Query.Running;
using Callwatch.Receive;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;

namespace Callwatch.Query;

/// <summary>The spans of traces as they were received, read back from the journal. Spans whose record is gone are left out.</summary>
public sealed class TraceExport(QueryGate gate, IJournal journal, Apps apps)
{
    private readonly record struct Place(long Number, int Offset);

    /// <summary>
    /// One trace as ExportTraceServiceRequests, one for each journal record that has some of it: a trace may be of any length. Such requests one after
    /// another are one request, as protobuf appends.
    /// </summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(ReadScope scope, TraceId trace, [EnumeratorCancellation] CancellationToken cancel)
    {
        var places = await gate.RunAsync(
            scope, run => VisibleTrace.Spans(run, scope, trace).Select(span => new Place(span.Version.Number, span.Version.Offset)).ToList(), cancel);
        if (places is null) throw new TimeoutException("The trace could not be read in time.");
        foreach (var record in places.GroupBy(place => place.Number).OrderBy(group => group.Key))
        {
            int[] offsets = [.. record.Select(place => place.Offset)];
            if (journal.FindItems(record.Key, offsets) is not { Signal: Signal.Traces } found) continue;
            var request = new MemoryStream();
            Write(request, found.Payload.Span, [.. offsets], apps.NameOf(found.AppId));
            yield return request.GetBuffer().AsMemory(0, (int)request.Length);
        }
    }

    // Spans of one resource and scope stay together, as far as they stood together.
    private static void Write(MemoryStream request, ReadOnlySpan<byte> payload, HashSet<int> offsets, string app)
    {
        var pending = new MemoryStream();
        ReadOnlySpan<byte> resource = default, scope = default;
        foreach (var span in OtlpSpan.In(payload))
        {
            if (!offsets.Contains(span.Offset)) continue;
            if (pending.Length > 0 && !(SameBytes(resource, span.Resource) && SameBytes(scope, span.Scope))) Flush(request, resource, scope, pending, app);
            resource = span.Resource;
            scope = span.Scope;
            WriteField(pending, 2, span.Body);
        }

        Flush(request, resource, scope, pending, app);
    }

    private static void Flush(MemoryStream request, ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scope, MemoryStream spans, string app)
    {
        if (spans.Length == 0) return;
        var scoped = new MemoryStream();
        if (!scope.IsEmpty) WriteField(scoped, 1, scope);
        scoped.Write(spans.GetBuffer().AsSpan(0, (int)spans.Length));
        var owned = Owned(resource, scoped);
        // Whose it is was the key's to say, and no key goes along: where the spans would name another app, theirs is written beside.
        if (Owners.NameOf(owned.GetBuffer().AsSpan(0, (int)owned.Length)) != app) owned = Owned([.. resource, .. NameOfApp(app)], scoped);
        WriteField(request, 1, owned.GetBuffer().AsSpan(0, (int)owned.Length));
        spans.SetLength(0);
    }

    private static MemoryStream Owned(ReadOnlySpan<byte> resource, MemoryStream scoped)
    {
        var owned = new MemoryStream();
        if (!resource.IsEmpty) WriteField(owned, 1, resource);
        WriteField(owned, 2, scoped.GetBuffer().AsSpan(0, (int)scoped.Length));
        return owned;
    }

    // An attribute of the resource, behind those it has: the last one holds.
    private static byte[] NameOfApp(string app)
    {
        var (value, pair, attribute) = (new MemoryStream(), new MemoryStream(), new MemoryStream());
        WriteField(value, 1, System.Text.Encoding.UTF8.GetBytes(app));
        WriteField(pair, 1, "callwatch.app"u8);
        WriteField(pair, 2, value.ToArray());
        WriteField(attribute, 1, pair.ToArray());
        return attribute.ToArray();
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
