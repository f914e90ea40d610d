using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Query;
using Callwatch.Spans;

namespace Callwatch.Server.Endpoints;

/// <summary>A span with its bodies, as the API's record.</summary>
internal static class SpanDetailRecords
{
    public static ApiSpanDetails ToApi(this SpanDetails details, Apps apps, string pathBase)
    {
        var content = details.Content;
        return new ApiSpanDetails((details.Span with { Content = content.State }).ToApi(apps))
        {
            Input = content.Input,
            Output = content.Output,
            Messages = new ApiMessages { Input = [.. content.InputMessages.Select(Message)], Output = [.. content.OutputMessages.Select(Message)] },
            Tools = content.Tools,
            Documents = content.Documents,
            Attributes = content.Attributes,
            Events = [.. content.Events.Select(item => new ApiEvent(item.Name, item.Time.ToString(), item.Attributes))],
            Links = [.. content.Links.Select(link => new ApiLink(link.TraceId.ToString(), link.SpanId.ToString(), link.Attributes))],
        };

        ApiMessage Message(ChatMessage message) => new(message.Role, [.. message.Parts.Select(part => part.ToApi(pathBase))], message.FinishReason);
    }

    private static ApiMessagePart ToApi(this MessagePart part, string pathBase) => new(part.Type)
    {
        Text = part.Text,
        Id = part.Id,
        Name = part.Name,
        Arguments = part.Arguments,
        Result = part.Result,
        Uri = part.Uri,
        MimeType = part.MimeType,
        SizeBytes = part.SizeBytes,
        Media = part.Media is not { } media ? null : new ApiMedia(
            media.Hash.ToString(), media.MimeType, media.SizeBytes, pathBase + MediaEndpoints.PathOf(media.Hash), media.State.Word()),
        Raw = part.Raw,
    };
}
