using System.Text.Json;
using System.Text.Json.Serialization;

namespace Callwatch.Client.Records;

/// <summary>How records are written: snake_case, without what is null.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TraceRecord))]
[JsonSerializable(typeof(FeedbackRecord))]
internal sealed partial class RecordJson : JsonSerializerContext
{
    /// <summary>The bytes of a record; null when something in it cannot be written (a tree with a ring, a number that is none).</summary>
    public static byte[]? TryWrite(object item)
    {
        try
        {
            return item is TraceRecord record
                ? JsonSerializer.SerializeToUtf8Bytes(record, Default.TraceRecord)
                : JsonSerializer.SerializeToUtf8Bytes((FeedbackRecord)item, Default.FeedbackRecord);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or NotSupportedException or InvalidOperationException)
        {
            return null;
        }
    }
}
