using System.Text.Json;
using Callwatch.Media;
using Callwatch.Receive.Otlp;

namespace Callwatch.Receive.MediaParts;

/// <summary>
/// What the fields beside a string of base64 say it is. The parts of all dialects are told by a media type (<c>mime_type</c>,
/// <c>media_type</c>, <c>mimeType</c>, <c>mediaType</c>), a <c>format</c>, their own type, or the name of the field they stand in.
/// </summary>
internal static class MediaBeside
{
    private const int MaxDepth = 512;

    /// <summary>Strings of at least so many bytes whose object says that they are media: where each begins within the text, and its type.</summary>
    public static IReadOnlyDictionary<int, string> In(ReadOnlySpan<byte> json, int fewestBytes)
    {
        var found = new Dictionary<int, string>();
        if (json.TrimStart(" \t\r\n"u8) is not [(byte)'{' or (byte)'[', ..]) return found;
        var open = new Stack<Level>();
        string? property = null;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        open.Push(new Level(property));
                        property = null;
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        open.Pop().Settle(found);
                        property = null;
                        break;
                    case JsonTokenType.PropertyName:
                        property = reader.ValueSpan.Length <= 32 ? reader.GetString() : "";
                        break;
                    case JsonTokenType.String when open.TryPeek(out var level) && property is not null:
                        if (reader.ValueSpan.Length < fewestBytes) level.Note(property, reader.ValueSpan.Length <= 100 ? reader.GetString()! : "");
                        else if (property != "text") level.Long.Add((int)reader.TokenStartIndex + 1);
                        break;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Looks like JSON and is none, or holds half a surrogate pair: what has been found up to here holds.
        }

        return found;
    }

    /// <summary>What the pairs of an OTLP list say of the value among them; null when nothing.</summary>
    public static string? Among(ReadOnlySpan<byte> pairs)
    {
        var level = new Level(null);
        foreach (var pair in new OtlpAttributes(pairs, field: 1))
        {
            if (pair.Value.Type == OtlpValueType.String && pair.Value.Raw.Length <= 100 && pair.Key.Length <= 32)
                level.Note(System.Text.Encoding.UTF8.GetString(pair.Key), System.Text.Encoding.UTF8.GetString(pair.Value.Raw));
        }

        return level.Type;
    }

    private sealed class Level(string? name)
    {
        private string? mime;
        private string? format;
        private bool isMedia = name is "audio" or "image" or "video" or "input_audio" or "image_url" or "inlineData" or "inline_data" or "blob" or "file" or "source";

        public List<int> Long { get; } = [];

        public string? Type => mime ?? format ?? (isMedia ? MediaTypes.Unknown : null);

        public void Note(string property, string value)
        {
            switch (property)
            {
                case "mime_type" or "media_type" or "mimeType" or "mediaType":
                    mime = MediaTypes.Clean(value) ?? mime;
                    break;
                case "format":
                    format = OfFormat(value) ?? format;
                    break;
                case "type":
                    isMedia |= value is "blob" or "base64" or "image" or "audio" or "video" or "file" or "document" or "media" or "input_audio" or "input_image" or "input_file";
                    break;
            }
        }

        public void Settle(Dictionary<int, string> found)
        {
            if (Long.Count == 0 || Type is not { } type) return;
            foreach (var start in Long) found[start] = type;
        }

        private static string? OfFormat(string format) => format switch
        {
            "wav" or "flac" or "ogg" or "opus" or "aac" => "audio/" + format,
            "mp3" => "audio/mpeg",
            "pcm16" or "pcm" => "audio/l16",
            "png" or "jpeg" or "gif" or "webp" => "image/" + format,
            "jpg" => "image/jpeg",
            "pdf" => "application/pdf",
            "mp4" => "video/mp4",
            _ => null,
        };
    }
}
