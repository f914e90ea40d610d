using Callwatch.Media;
using Callwatch.Normalize.Reading;
using Callwatch.Spans;

namespace Callwatch.Normalize.Messages;

/// <summary>Images, sound and files in messages: where they are or how big, never the bytes.</summary>
internal static class Media
{
    private static ReadOnlySpan<byte> Scheme => "callwatch-media:"u8;

    public static MessagePart Read(JsonView part, string type, int longestUri)
    {
        var source = Source(part);
        var uri = UriOf(part, source);
        var data = source.First("data"u8, "content"u8, "bytes"u8);
        if (data.IsAbsent) data = source.First("b64_json"u8, "file_data"u8, "result"u8);
        if (data.IsAbsent && part["content"u8].Form == JsonForm.Text) data = part["content"u8];
        var mime = source.First("mime_type"u8, "media_type"u8, "mimeType"u8);
        if (mime.IsAbsent) mime = part.First("mime_type"u8, "mediaType"u8, "mimeType"u8);
        if (mime.IsAbsent) mime = source.First("format"u8, "filename"u8);
        if (Kept(type, uri) is { } kept) return kept;
        if (data.Form == JsonForm.Text && data.Raw.StartsWith(Scheme) && Kept(type, data.ToText()) is { } keptData) return keptData;
        if (uri is not null && uri.StartsWith("data:", StringComparison.Ordinal))
        {
            var comma = uri.IndexOf(',', StringComparison.Ordinal);
            var semicolon = uri.IndexOf(';', StringComparison.Ordinal);
            return new MessagePart(type)
            {
                MimeType = semicolon > 5 ? uri[5..semicolon] : mime.ToText(),
                SizeBytes = comma < 0 ? null : Size(uri.Length - comma - 1),
            };
        }

        return new MessagePart(type)
        {
            Uri = uri is null ? null : Texts.Cut(uri, longestUri),
            MimeType = mime.ToText(),
            SizeBytes = data.Form == JsonForm.Text ? Size(data.Raw.Length) : null,
        };
    }

    /// <summary>The part for media that intake has taken out; null for any other text.</summary>
    private static MessagePart? Kept(string type, string? text)
    {
        if (!MediaReference.TryParse(text, out var reference)) return null;
        return new MessagePart(type == "file" ? KindOf(reference.Type) : type)
        {
            MimeType = reference.Type,
            SizeBytes = reference.Bytes,
            // Whether they are still there only their folder knows.
            Media = new MessageMedia(reference.Hash, reference.Type, reference.Bytes, reference.IsKept ? MediaState.Present : MediaState.NotKept),
        };
    }

    private static string KindOf(string mimeType) =>
        mimeType.StartsWith("image/", StringComparison.Ordinal) ? "image" : mimeType.StartsWith("audio/", StringComparison.Ordinal) ? "audio" : "file";

    // The object that holds address or bytes; the part itself where it does.
    private static JsonView Source(JsonView part)
    {
        var source = part.First("image_url"u8, "image"u8, "source"u8);
        if (source.Form != JsonForm.Object) source = part.First("input_audio"u8, "audio"u8, "file"u8);
        if (source.Form != JsonForm.Object) source = part.First("inlineData"u8, "fileData"u8, "document"u8);
        if (source.Form != JsonForm.Object) source = part.First("inline_data"u8, "file_data"u8, "video"u8);
        if (source.Form != JsonForm.Object) return part;
        return source.First("image"u8, "source"u8, "audio"u8) is { Form: JsonForm.Object } inner ? inner : source;
    }

    private static string? UriOf(JsonView part, JsonView source)
    {
        var uri = source.First("url"u8, "uri"u8, "fileUri"u8);
        if (uri.IsAbsent) uri = source.First("file_id"u8, "file_uri"u8);
        if (uri.IsAbsent) uri = part.First("image_url"u8, "image"u8, "file_url"u8);
        return uri.Form == JsonForm.Text ? uri.ToText() : null;
    }

    private static long Size(int base64Length) => base64Length / 4L * 3;
}
