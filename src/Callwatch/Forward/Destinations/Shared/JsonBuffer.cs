using System.Buffers;
using System.Text.Json;

namespace Callwatch.Forward.Destinations.Shared;

/// <summary>Writes JSON objects one after the other, in memory that grows once. For one thread.</summary>
internal sealed class JsonBuffer : IDisposable
{
    private readonly ArrayBufferWriter<byte> bytes = new(4_096);
    private readonly Utf8JsonWriter json;

    public JsonBuffer() => json = new Utf8JsonWriter(bytes, PlainJson.Writer);

    /// <summary>An object with what is written between its braces.</summary>
    public byte[] Written(Action<Utf8JsonWriter> members)
    {
        bytes.ResetWrittenCount();
        json.Reset();
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    public void Dispose() => json.Dispose();
}
