using System.Text.Json;
using System.Text.Json.Nodes;

namespace Callwatch.Testing.StandIns;

/// <summary>Parts of an envelope: header line, then for each item a header line and as many bytes as it says.</summary>
internal static class SentryEnvelopeReader
{
    public sealed record Item(string Kind, byte[] Payload);

    public sealed record Envelope(JsonObject Header, List<Item> Items);

    public static (Envelope? Envelope, string Wrong) Read(byte[] body)
    {
        var at = 0;
        if (Line(body, ref at) is not { } header) return (null, "header is no JSON object on one line");
        var envelope = new Envelope(header, []);
        while (at < body.Length)
        {
            if (body[at] == (byte)'\n')
            {
                at++;
                continue;
            }

            if (Line(body, ref at) is not { } item) return (null, "item header is no JSON object on one line");
            if (item["type"]?.GetValueKind() != JsonValueKind.String) return (null, "item header without type");
            // Without a length the payload is one line, as Sentry's own clients write it.
            if (item["length"] is { } given && (given.GetValueKind() != JsonValueKind.Number || (long)given < 0)) return (null, "length: expected a number of bytes");
            var length = item["length"] is { } bytes ? (long)bytes : (Array.IndexOf(body, (byte)'\n', at) is >= 0 and var next ? next : body.Length) - at;
            if (at + length > body.Length) return (null, "unexpected end of file");
            var end = at + (int)length;
            if (end < body.Length && body[end] != (byte)'\n') return (null, "missing newline after item");
            envelope.Items.Add(new Item((string)item["type"]!, body[at..end]));
            at = end + 1;
        }

        return (envelope, "");
    }

    private static JsonObject? Line(byte[] body, ref int at)
    {
        var end = Array.IndexOf(body, (byte)'\n', at);
        if (end < 0) end = body.Length;
        var line = body[at..end];
        at = Math.Min(end + 1, body.Length);
        try
        {
            return JsonNode.Parse(line) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
