using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Callwatch.Testing.StandIns;

/// <summary>A run as a request brings it: to create (<c>post</c>) or to update (<c>patch</c>).</summary>
internal sealed record LangSmithOperation(string Operation, string Id, JsonObject Run);

/// <summary>
/// Reads the body of <c>POST /runs/multipart</c> to the letter ("Ingest Runs (Multipart)"; JavaScript client 0.12): the main part of a run first, then its large fields,
/// each of them JSON with its exact length.
/// </summary>
internal static partial class LangSmithMultipart
{
    private static readonly string[] Fields = ["inputs", "outputs", "events", "extra", "error", "serialized"];

    /// <exception cref="WireRefusal">The first thing that is wrong.</exception>
    public static IReadOnlyList<LangSmithOperation> Read(string? contentType, byte[] body)
    {
        var runs = new Dictionary<string, LangSmithOperation>(StringComparer.Ordinal);
        foreach (var (name, json) in Parts(contentType, body))
        {
            if (PartName().Match(name) is not { Success: true } match) throw Bad($"unknown part name '{name}'");
            var key = match.Groups["op"].Value + "." + match.Groups["id"].Value;
            if (match.Groups["field"] is { Success: true, Value: var field })
            {
                if (!Fields.Contains(field, StringComparer.Ordinal)) throw Bad($"unknown field '{field}' in part '{name}'");
                if (!runs.TryGetValue(key, out var known)) throw Bad($"part '{name}' comes before the run it belongs to");
                if (known.Run.ContainsKey(field)) throw Bad($"field '{field}' of run {known.Id} comes twice");
                known.Run[field] = json;
                continue;
            }

            if (json is not JsonObject run) throw Bad($"part '{name}' is no object");
            if (!runs.TryAdd(key, new LangSmithOperation(match.Groups["op"].Value, match.Groups["id"].Value, run))) throw Bad($"part '{name}' comes twice");
        }

        return [.. runs.Values];
    }

    private static IEnumerable<(string Name, JsonNode? Json)> Parts(string? contentType, byte[] body)
    {
        if (contentType is null || Boundary().Match(contentType) is not { Success: true } match) throw new WireRefusal(415, "Content-Type must be multipart/form-data with a boundary");
        var delimiter = Encoding.ASCII.GetBytes("--" + match.Groups[1].Value.Trim('"'));
        var at = 0;
        while (true)
        {
            Expect(body, ref at, delimiter, "boundary");
            if (body.AsSpan(at).StartsWith("--"u8)) yield break;
            Expect(body, ref at, "\r\n"u8, "line end after a boundary");
            var (name, length) = Head(body, ref at);
            if (at + length > body.Length) throw Bad($"part '{name}' is shorter than it says");
            var json = Json(name, body.AsSpan(at, length));
            at += length;

            // Whatever the part says of its length is believed, so the next boundary must stand right there.
            Expect(body, ref at, "\r\n"u8, $"end of part '{name}' at its length");
            yield return (name, json);
        }
    }

    private static (string Name, int Length) Head(byte[] body, ref int at)
    {
        var end = body.AsSpan(at).IndexOf("\r\n\r\n"u8);
        if (end < 0) throw Bad("a part without an end of its head");
        var lines = Encoding.UTF8.GetString(body, at, end).Split("\r\n");
        at += end + 4;
        var head = lines.Select(line => line.Split(':', 2)).ToDictionary(pair => pair[0].Trim(), pair => pair.Length > 1 ? pair[1].Trim() : "", StringComparer.OrdinalIgnoreCase);
        if (!head.TryGetValue("Content-Disposition", out var disposition) || Disposition().Match(disposition) is not { Success: true } name) throw Bad("a part without a name, or with a file name");
        if (head.ContainsKey("Content-Encoding")) throw Bad($"part '{name.Groups[1].Value}' has a Content-Encoding");
        var type = head.GetValueOrDefault("Content-Type") ?? "";
        if (!type.StartsWith("application/json", StringComparison.Ordinal)) throw Bad($"part '{name.Groups[1].Value}' is not application/json");
        var length = Length().Match(type) is { Success: true } inType ? inType.Groups[1].Value : head.GetValueOrDefault("Content-Length");
        return int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? (name.Groups[1].Value, bytes) : throw Bad($"part '{name.Groups[1].Value}' does not say its length");
    }

    private static JsonNode? Json(string name, ReadOnlySpan<byte> text)
    {
        try
        {
            return JsonNode.Parse(text, null, new JsonDocumentOptions { MaxDepth = 256 });
        }
        catch (JsonException)
        {
            throw Bad($"part '{name}' is no JSON");
        }
    }

    private static void Expect(byte[] body, ref int at, ReadOnlySpan<byte> what, string name)
    {
        if (!body.AsSpan(at).StartsWith(what)) throw Bad("there is no " + name);
        at += what.Length;
    }

    private static WireRefusal Bad(string why) => new(422, "Bad request: " + why);

    [GeneratedRegex("^multipart/form-data; *boundary=(.+)$", RegexOptions.NonBacktracking)]
    private static partial Regex Boundary();

    [GeneratedRegex("^form-data; *name=\"([^\"]+)\"$", RegexOptions.NonBacktracking)]
    private static partial Regex Disposition();

    [GeneratedRegex("; *length=([0-9]+)$", RegexOptions.NonBacktracking)]
    private static partial Regex Length();

    [GeneratedRegex(@"^(?<op>post|patch)\.(?<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(\.(?<field>.+))?$", RegexOptions.NonBacktracking)]
    private static partial Regex PartName();
}
