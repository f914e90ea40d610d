using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Callwatch.Forward.Destinations.LangSmith;

/// <summary>
/// The body of <c>POST /runs/multipart</c>: for each run a part <c>post.ID</c> with its small fields and one for each large one. Parts carry their
/// exact length. The boundary cannot stand in a part: JSON escapes line ends.
/// </summary>
internal static class MultipartRuns
{
    public const string Boundary = "callwatch-5d1f0c9e7a3b4826";

    private static readonly string[] Large = ["inputs", "outputs", "events", "extra", "error"];

    public static byte[] Body(IReadOnlyList<OutboundItem> runs)
    {
        using var body = new MemoryStream();
        foreach (var run in runs) Write(body, run);
        body.Write(Encoding.ASCII.GetBytes($"--{Boundary}--\r\n"));
        return body.ToArray();
    }

    private static void Write(MemoryStream body, OutboundItem run)
    {
        using var document = JsonDocument.Parse(run.Payload);
        using var small = new MemoryStream();
        using (var json = new Utf8JsonWriter(small, Shared.PlainJson.Writer))
        {
            json.WriteStartObject();
            foreach (var property in document.RootElement.EnumerateObject())
                if (!Large.Contains(property.Name, StringComparer.Ordinal)) property.WriteTo(json);
            json.WriteEndObject();
        }

        Part(body, "post." + run.Id, small.ToArray());
        foreach (var property in document.RootElement.EnumerateObject())
            if (Large.Contains(property.Name, StringComparer.Ordinal)) Part(body, $"post.{run.Id}.{property.Name}", Encoding.UTF8.GetBytes(property.Value.GetRawText()));
    }

    private static void Part(MemoryStream body, string name, byte[] json)
    {
        body.Write(Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"--{Boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\nContent-Type: application/json; length={json.Length}\r\n\r\n")));
        body.Write(json);
        body.Write("\r\n"u8);
    }
}
