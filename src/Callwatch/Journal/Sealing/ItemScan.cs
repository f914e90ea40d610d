using Callwatch.Receive.Otlp;

namespace Callwatch.Journal.Sealing;

/// <summary>One span or log record in a payload, with what says beside which others it should lie.</summary>
/// <param name="At">Where its message begins; tag and length lie before it.</param>
/// <param name="Owner">Hash of its session, else of its user; 0 when it names neither.</param>
/// <param name="Trace">Hash of its trace; 0 without.</param>
internal readonly record struct ScannedItem(int At, int Length, ulong Owner, bool OwnerIsSession, ulong Trace, long Time);

/// <summary>
/// Finds the items of an OTLP trace or log request: both are (1) resources of (2) scopes of (2) items. What it reads decides only what lies next to
/// what in a sealed file: a name missing here, or bytes it does not understand, cost room and nothing else.
/// </summary>
internal static class ItemScan
{
    // Where senders put them (Normalize/Fields/OwnerFields has the whole rules); any of a list will do.
    private static readonly byte[][] SessionNames =
    [
        .. new[]
        {
            "session.id", "gen_ai.conversation.id", "langfuse.session.id", "ai.telemetry.metadata.sessionId", "langsmith.trace.session_id", "langsmith.metadata.session_id",
            "langsmith.metadata.thread_id", "langsmith.metadata.conversation_id", "traceloop.association.properties.session_id", "gen_ai.agent.session_id", "mlflow.trace.session", "callwatch.conversation_id",
        }.Select(System.Text.Encoding.UTF8.GetBytes),
    ];

    private static readonly byte[][] UserNames =
    [
        .. new[] { "user.id", "enduser.id", "langfuse.user.id", "ai.telemetry.metadata.userId", "langsmith.metadata.user_id", "traceloop.association.properties.user_id" }.Select(System.Text.Encoding.UTF8.GetBytes),
    ];

    /// <summary>Items of at least so many bytes; smaller ones stay where they are.</summary>
    public static void Items(ReadOnlySpan<byte> payload, Signal signal, int leastBytes, List<ScannedItem> items)
    {
        items.Clear();
        if (signal is not (Signal.Traces or Signal.Logs)) return;
        var outer = new ProtobufReader(payload);
        while (outer.Read())
        {
            if (outer is not { Field: 1, Type: WireType.Bytes }) continue;
            var middle = new ProtobufReader(outer.Bytes);
            while (middle.Read())
            {
                if (middle is not { Field: 2, Type: WireType.Bytes }) continue;
                var inner = new ProtobufReader(middle.Bytes);
                while (inner.Read())
                {
                    if (inner is { Field: 2, Type: WireType.Bytes } && inner.Bytes.Length >= leastBytes)
                        items.Add(Item(inner.Bytes, signal, outer.BytesStart + middle.BytesStart + inner.BytesStart));
                }
            }
        }
    }

    private static ScannedItem Item(ReadOnlySpan<byte> item, Signal signal, int at)
    {
        var (traceField, timeField, attributeField) = signal == Signal.Traces ? (1, 7, 9) : (9, 1, 6);
        ulong session = 0, user = 0, trace = 0;
        long time = 0;
        var fields = new ProtobufReader(item);
        while (fields.Read())
        {
            if (fields.Field == traceField && fields.Type == WireType.Bytes) trace = HashOf(fields.Bytes);
            else if (fields.Field == timeField && fields.Type == WireType.Fixed64) time = (long)fields.Number;
            else if (fields.Field == attributeField && fields.Type == WireType.Bytes) Attribute(fields.Bytes, ref session, ref user);
        }

        return new ScannedItem(at, item.Length, session != 0 ? session : user, session != 0, trace, time);
    }

    private static void Attribute(ReadOnlySpan<byte> attribute, ref ulong session, ref ulong user)
    {
        ReadOnlySpan<byte> key = default, value = default;
        var fields = new ProtobufReader(attribute);
        while (fields.Read())
        {
            if (fields is { Field: 1, Type: WireType.Bytes }) key = fields.Bytes;
            else if (fields is { Field: 2, Type: WireType.Bytes }) value = fields.Bytes;
        }

        // An id is short; what is not is something else by that name.
        if (value.Length is 0 or > 1024) return;
        if (session == 0 && IsOneOf(key, SessionNames)) session = HashOf(value);
        else if (user == 0 && IsOneOf(key, UserNames)) user = HashOf(value) ^ 1;
    }

    private static bool IsOneOf(ReadOnlySpan<byte> key, byte[][] names)
    {
        foreach (var name in names)
            if (key.SequenceEqual(name)) return true;
        return false;
    }

    // FNV-1a of 64 bits. Two sessions of one hash only lie together.
    private static ulong HashOf(ReadOnlySpan<byte> bytes)
    {
        var hash = 14695981039346656037;
        foreach (var single in bytes) hash = (hash ^ single) * 1099511628211;
        return hash | 2;
    }
}
