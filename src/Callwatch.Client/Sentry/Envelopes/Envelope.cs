using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Callwatch.Client.Sentry.Envelopes;

/// <summary>
/// What is sent in one request: a header line, then for each item a header line and as many bytes as it says (Sentry "envelopes", protocol version 7).
/// The time of sending goes into the header when it is sent, which may be days later.
/// </summary>
internal sealed class Envelope
{
    private readonly byte[] head;
    private readonly byte[] items;

    private Envelope(string category, IReadOnlyList<Discards.Item> contents, byte[] head, byte[] items) => (Category, Contents, this.head, this.items) = (category, contents, head, items);

    /// <summary>By which it is limited.</summary>
    public string Category { get; }

    /// <summary>What is lost with it.</summary>
    public IReadOnlyList<Discards.Item> Contents { get; }

    public int Length => head.Length + items.Length;

    /// <param name="trace">Writes the sampling context, where there is one.</param>
    public static Envelope Of(string category, string eventId, IReadOnlyList<(string Type, byte[] Payload)> payloads, IReadOnlyList<Discards.Item> contents, Action<Utf8JsonWriter>? trace = null)
    {
        using var all = new MemoryStream(payloads.Sum(item => item.Payload.Length) + 256);
        foreach (var (type, payload) in payloads) Write(all, type, payload);
        return new Envelope(category, contents, Head(eventId, trace), all.ToArray());
    }

    /// <summary>Nothing but a client report.</summary>
    public static byte[] OfReport(Discards.Report report, DateTimeOffset now) => new Envelope("internal", [], Head(null, null), []).ToSend(now, report);

    /// <summary>As it waits on disk: without the time of sending.</summary>
    public byte[] ToKeep() => [.. head, (byte)'}', (byte)'\n', .. items];

    /// <summary>Null for what is no envelope.</summary>
    public static Envelope? FromKept(ReadOnlySpan<byte> kept, string category)
    {
        var end = kept.IndexOf((byte)'\n');
        if (end < 3 || end > 16_384 || kept[0] != (byte)'{' || kept[end - 1] != (byte)'}' || end + 1 >= kept.Length) return null;
        try
        {
            var reader = new Utf8JsonReader(kept[..end]);
            if (!reader.Read() || !reader.TrySkip() || !ItemsAreWhole(kept[(end + 1)..])) return null;
        }
        catch (JsonException)
        {
            return null;
        }

        return new Envelope(category, [new Discards.Item(category)], kept[..(end - 1)].ToArray(), kept[(end + 1)..].ToArray());
    }

    public byte[] ToSend(DateTimeOffset now, Discards.Report? report)
    {
        using var all = new MemoryStream(Length + 256 + (report?.Payload.Length ?? 0));
        all.Write(head);
        all.Write(Encoding.ASCII.GetBytes((head.Length > 1 ? "," : "") + "\"sent_at\":\"" + now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) + "\"}\n"));
        all.Write(items);
        if (report is not null) Write(all, "client_report", report.Payload);
        return all.ToArray();
    }

    // Without the brace at the end, so that the time can be added.
    private static byte[] Head(string? eventId, Action<Utf8JsonWriter>? trace)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            if (eventId is not null) json.WriteString("event_id", eventId);
            EventJson.Sdk(json);
            if (trace is not null)
            {
                json.WriteStartObject("trace");
                trace(json);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return bytes.ToArray()[..^1];
    }

    private static void Write(MemoryStream all, string type, byte[] payload)
    {
        all.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"type\":\"{type}\",\"content_type\":\"application/json\",\"length\":{payload.Length}}}\n")));
        all.Write(payload);
        all.WriteByte((byte)'\n');
    }

    // A file that was cut must not be sent: its lengths would lie.
    private static bool ItemsAreWhole(ReadOnlySpan<byte> rest)
    {
        var count = 0;
        while (rest.Length > 0)
        {
            var end = rest.IndexOf((byte)'\n');
            if (end < 0) return false;
            var reader = new Utf8JsonReader(rest[..end]);
            var length = -1;
            while (reader.Read())
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals("length"u8) && (!reader.Read() || !reader.TryGetInt32(out length))) return false;
            if (length < 0 || rest.Length < end + 2 + (long)length || rest[end + 1 + length] != (byte)'\n') return false;
            rest = rest[(end + 2 + length)..];
            count++;
        }

        return count > 0;
    }
}
