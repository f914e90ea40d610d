using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Callwatch.Forward.Destinations.LangSmith;

/// <summary>
/// The body of <c>POST /runs/multipart</c>: for each run a part <c>post.ID</c> (or <c>patch.ID</c>) with its small fields and one for each large one.
/// Parts carry their exact length. The boundary cannot stand in a part: JSON escapes line ends.
/// </summary>
internal static class MultipartRuns
{
    public const string ContentType = "multipart/form-data; boundary=" + Boundary;

    private const string Boundary = "callwatch-5d1f0c9e7a3b4826";

    // What stands beside them must be known before they are read, so the small part goes first.
    private static readonly string[] Large = ["inputs", "outputs", "error", "events", "extra"];

    public static byte[] Body(IReadOnlyList<OutboundItem> runs)
    {
        using var body = new MemoryStream();
        using var small = new MemoryStream();
        foreach (var run in runs) Write(body, small, run);
        body.Write(Encoding.ASCII.GetBytes($"--{Boundary}--\r\n"));
        return body.ToArray();
    }

    private static void Write(MemoryStream body, MemoryStream small, OutboundItem run)
    {
        var name = (run.Head.IsEmpty ? "post." : "patch.") + run.Id;
        var text = run.Payload.Span;
        List<(string Name, Range Value)> large = [];
        small.SetLength(0);
        small.WriteByte((byte)'{');
        var json = new Utf8JsonReader(text, Shared.PlainJson.Reader);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var property = (int)json.TokenStartIndex;
            var field = LargeField(ref json);
            json.Read();
            var value = (int)json.TokenStartIndex;
            json.Skip();
            if (field is not null)
            {
                large.Add((field, value..(int)json.BytesConsumed));
                continue;
            }

            if (small.Length > 1) small.WriteByte((byte)',');
            small.Write(text[property..(int)json.BytesConsumed]);
        }

        small.WriteByte((byte)'}');
        Part(body, name, small.GetBuffer().AsSpan(0, (int)small.Length));
        foreach (var (field, value) in large) Part(body, name + "." + field, text[value]);
    }

    private static string? LargeField(ref Utf8JsonReader json)
    {
        foreach (var name in Large)
            if (json.ValueTextEquals(name)) return name;
        return null;
    }

    private static void Part(MemoryStream body, string name, ReadOnlySpan<byte> json)
    {
        body.Write(Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"--{Boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\nContent-Type: application/json; length={json.Length}\r\n\r\n")));
        body.Write(json);
        body.Write("\r\n"u8);
    }
}
