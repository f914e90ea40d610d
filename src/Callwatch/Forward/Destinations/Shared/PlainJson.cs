using System.Text.Encodings.Web;
using System.Text.Json;

namespace Callwatch.Forward.Destinations.Shared;

/// <summary>JSON as platforms show it to people: text in its own script rather than in escapes. It never stands within HTML.</summary>
internal static class PlainJson
{
    public static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static readonly JsonWriterOptions Writer = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
